/** The two ways in which a client holds the streams of a command: channels of a WebSocket, streams of a SPDY connection. */
import { once } from 'node:events'
import type { Duplex, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { WebSocket } from 'ws'
import type { SessionOptions } from '../../client/node-api.ts'
import { CHANNEL, openChannels, V4, V5 } from '../../client/streams/channels.ts'
import { openSpdy, type SpdyStream } from '../../client/streams/spdy/connection.ts'
import { type ExitStatus, type Peer, statusBytes } from './peer.ts'
import { PING_MS } from './upgrade.ts'

export const SPDY_PROTOCOLS = [V4, 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']

/** Until client-go 1.34 a client reads before it has made its streams, and drops what comes then. A kubelet takes so long anyway. */
const SETTLED_MS = 20

export function webSocketPeer(socket: WebSocket, options: SessionOptions, protocol: string): Peer {
  const channels = openChannels(socket, protocol)
  const errors = channels.writable(CHANNEL.error)
  const stdout = options.stdout ? channels.writable(CHANNEL.stdout) : undefined
  const stderr = options.stderr ? channels.writable(CHANNEL.stderr) : undefined
  const speaksJson = protocol === V5 || protocol === V4
  const outputs = [errors, stdout, stderr].flatMap(output => output ?? [])
  for (const output of outputs) output.cork()
  const isSettled = new Promise<void>(resolve => setTimeout(resolve, SETTLED_MS)).then(() => {
    for (const output of outputs) output.uncork()
  })
  // Upstream's sign that the streams are there.
  ;(stdout ?? stderr ?? errors).write(Buffer.alloc(0))
  return {
    ...(options.stdin && { stdin: channels.readable(CHANNEL.stdin) }),
    ...(options.tty && { sizes: channels.readable(CHANNEL.resize) }),
    ...(stdout && { stdout }),
    ...(stderr && { stderr }),
    gone: channels.closed,
    async finish(status) {
      await isSettled
      await Promise.race([written(errors, statusBytes(status, speaksJson)), channels.closed])
      channels.close()
      // Whoever does not answer the close is cut off by the library after 30 s.
      socket.resume()
    },
  }
}

/** The kubelet's patience with clients that do not open all streams that they asked for. */
const STREAMS_WITHIN_MS = 30_000

/** Undefined where the client does not open what it announced. */
export async function spdyPeer(
  transport: Duplex,
  options: SessionOptions,
  protocol: string,
): Promise<Peer | undefined> {
  const wanted = new Set(['error'])
  if (options.stdin) wanted.add('stdin')
  if (options.stdout) wanted.add('stdout')
  if (options.stderr) wanted.add('stderr')
  if (options.tty && !['channel.k8s.io', 'v2.channel.k8s.io'].includes(protocol)) wanted.add('resize')
  const streams = new Map<string, SpdyStream>()
  let complete = (): void => {}
  const all = new Promise<void>(resolve => {
    complete = resolve
  })
  const connection = openSpdy(transport, {
    pingMs: PING_MS,
    onStream(stream) {
      const type = stream.headers.get('streamtype') ?? ''
      if (!wanted.has(type) || streams.has(type)) return false
      streams.set(type, stream)
      if (streams.size === wanted.size) complete()
      return true
    },
  })
  const late = setTimeout(() => connection.close(), STREAMS_WITHIN_MS)
  await Promise.race([all, connection.closed])
  clearTimeout(late)
  if (streams.size < wanted.size) return undefined

  const of = (type: string): SpdyStream | undefined => streams.get(type)
  return {
    stdin: of('stdin'),
    stdout: of('stdout'),
    stderr: of('stderr'),
    sizes: of('resize'),
    gone: connection.closed,
    async finish(status: ExitStatus) {
      const text = statusBytes(status, protocol === V4)
      const ends = [of('stdout'), of('stderr')].flatMap(stream => stream ?? [])
      const sent = Promise.all([written(of('error')!, text), ...ends.map(end => written(end, ''))])
      await Promise.race([sent, connection.closed])
      connection.close()
    },
  }
}

async function written(stream: Writable, text: string): Promise<void> {
  if (stream.destroyed) return
  if (text !== '') stream.write(text)
  stream.end()
  if (!stream.writableFinished) await Promise.race([once(stream, 'finish'), finished(stream)]).catch(() => {})
}
