/**
 * Port-forward in the dialects that clients speak: pairs of SPDY streams (kubectl, client-go; since 1.31 tunnelled in a WebSocket), and
 * pairs of channels of a WebSocket (client-node, Python). Either way a pair is a connection to a port of the pod and a place for what went
 * wrong with it.
 */
import { type Duplex, finished as onceOver, type Readable, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Channels } from '../../client/streams/channels.ts'
import { openSpdy, type SpdyStream } from '../../client/streams/spdy/connection.ts'
import { badRequest } from '../resource/refusals.ts'
import { PING_MS } from './upgrade.ts'

/** What is known of the pod whose ports are asked for. */
export interface Forwarding {
  readonly pod: string
  readonly uid: string
  connect(port: number): Promise<Duplex>
}

const problem = ({ pod, uid }: Forwarding, port: number, error: unknown): string =>
  `error forwarding port ${port} to pod ${pod}, uid ${uid}: ${(error as Error).message}`

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
}

/** The kubelet's patience with half a pair. */
const PAIR_WITHIN_MS = 30_000

export async function forwardOverSpdy(transport: Duplex, forwarding: Forwarding): Promise<void> {
  const pairs = new Map<string, Pair>()
  const connection = openSpdy(transport, {
    pingMs: PING_MS,
    onStream(stream) {
      const type = stream.headers.get('streamtype')
      if ((type !== 'data' && type !== 'error') || portOf(stream.headers.get('port')) === undefined) return false
      // Clients that number no requests open the error stream right before the data stream.
      const id = stream.headers.get('requestid') ?? String(type === 'data' ? stream.id - 2 : stream.id)
      const pair = pairs.get(id) ?? {}
      if (pair[type]) return false
      pair[type] = stream
      pairs.set(id, pair)
      if (pair.data && pair.error) {
        pairs.delete(id)
        void forwardPair(pair.data, pair.error, forwarding)
      } else {
        const late = setTimeout(() => {
          if (pairs.delete(id)) stream.reset()
        }, PAIR_WITHIN_MS)
        stream.once('close', () => {
          clearTimeout(late)
          if (pairs.get(id) === pair) pairs.delete(id)
        })
      }
      return true
    },
  })
  await connection.closed
}

async function forwardPair(data: SpdyStream, error: SpdyStream, forwarding: Forwarding): Promise<void> {
  const port = portOf(data.headers.get('port')) ?? 0
  error.resume()
  try {
    const target = await forwarding.connect(port)
    await join(data, data, target)
    error.end()
  } catch (failed) {
    error.end(problem(forwarding, port, failed))
    await finished(error, { readable: false }).catch(() => {})
    data.reset()
  }
}

/**
 * Both directions, each with its own end; an error of the connection is thrown, one of the client is its own business. Nothing is left open
 * afterwards.
 */
async function join(from: Readable, to: Writable, target: Duplex): Promise<void> {
  let failure: Error | undefined
  target.on('error', error => {
    failure = error
  })
  const left = (broken?: Error | null): void => {
    if (broken) target.destroy()
  }
  // The client may have left while the connection was being made, or leave after it has said all.
  onceOver(from, { writable: false }, left)
  onceOver(to, { readable: false }, left)
  from.pipe(target)
  target.pipe(to)
  await finished(target).catch(() => {})
  if (failure) throw failure
  if (!to.writableEnded) to.end()
}

/** `?ports=8080,9090&ports=80`; each port has two channels in the order in which they are asked for. */
export function portsOf(parameters: readonly string[]): readonly number[] {
  if (parameters.length === 0) throw badRequest('query parameter "port" is required')
  return parameters
    .flatMap(text => text.split(','))
    .map(text => {
      const port = portOf(text)
      if (port === undefined) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
      return port
    })
}

const MAX_PORTS = 64

export async function forwardOverChannels(
  channels: Channels,
  ports: readonly number[],
  forwarding: Forwarding,
): Promise<void> {
  const ends = ports.slice(0, MAX_PORTS).map(async (port, i) => {
    const from = channels.readable(i * 2)
    const to = channels.writable(i * 2)
    const errors = channels.writable(i * 2 + 1)
    const name = Buffer.alloc(2)
    name.writeUInt16LE(port)
    to.write(name)
    errors.write(name)
    try {
      const target = await forwarding.connect(port)
      void channels.closed.then(() => target.destroy())
      // Channels cannot be half-closed: when the pod has said all, the connection is over, or its client would wait for ever.
      target.once('end', () => target.destroy())
      await join(from, to, target)
    } catch (failed) {
      await new Promise(sent => errors.write(problem(forwarding, port, failed), sent))
    }
  })
  await Promise.race([Promise.all(ends), channels.closed])
  channels.close()
}

function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  return port > 0 && port < 65536 ? port : undefined
}
