/**
 * Kubernetes' channels over a WebSocket, either end: each message's first byte says which stream it belongs to. `v5.channel.k8s.io` adds
 * a message (255, channel) that half-closes one. Each channel is an ordinary Node stream; where one is not read, the socket is not read.
 */
import { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

export const V5 = 'v5.channel.k8s.io'
export const V4 = 'v4.channel.k8s.io'
/** From the best to the oldest. Before v4 the error channel holds text, from v4 a Status. */
export const CHANNEL_PROTOCOLS: readonly string[] = [V5, V4, 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']

/** SPDY/3.1 inside a WebSocket, for port-forward (KEP-4006). */
export const TUNNEL = 'SPDY/3.1+portforward.k8s.io'

export const SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: 16 * 1024 * 1024 } as const

export interface Channels {
  /** Ends with the socket, or where the peer half-closes it. */
  readable(channel: number): Readable
  writable(channel: number): Writable
  /** A client's: ending it half-closes the channel, where the protocol can say so. Servers may not. */
  closable(channel: number): Writable
  /** The socket is closed, by whom ever. */
  readonly closed: Promise<void>
  /** After all that was written. */
  close(): void
}

/** `protocol` is the one that both have agreed on. */
export function openChannels(socket: WebSocket, protocol: string): Channels {
  const incoming = new Map<number, Readable>()
  const waiting = new Set<number>()
  const hasCloseSignal = protocol === V5

  function resumed(channel: number): void {
    if (waiting.delete(channel) && waiting.size === 0) socket.resume()
  }

  function take(bytes: Buffer): void {
    const channel = bytes[0]
    if (channel === undefined) return
    if (channel === CHANNEL.close && hasCloseSignal) {
      const ended = bytes[1] ?? CHANNEL.close
      incoming.get(ended)?.push(null)
      // Whatever else comes for it has nowhere to go.
      incoming.delete(ended)
      return
    }
    const stream = incoming.get(channel)
    if (!stream || stream.destroyed || stream.readableEnded || bytes.length === 1) return
    if (stream.push(bytes.subarray(1))) return
    waiting.add(channel)
    socket.pause()
  }

  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => take(bytesOf(data)))
  socket.on('error', () => {})
  const closed = new Promise<void>(resolve =>
    socket.once('close', () => {
      for (const stream of incoming.values()) if (!stream.readableEnded) stream.push(null)
      resolve()
    }),
  )

  function send(bytes: Buffer, done: (error?: Error) => void): void {
    if (socket.readyState === socket.OPEN) socket.send(bytes, done)
    else done(new Error('the connection is closed'))
  }

  function writable(channel: number, final: (done: () => void) => void = done => done()): Writable {
    const head = Buffer.from([channel])
    // Done when it has left for the network: a slow reader holds up the writer.
    const write = (chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void =>
      send(Buffer.concat([head, chunk]), done)
    return new Writable({ write, final }).on('error', () => {})
  }

  return {
    readable(channel) {
      const stream = new Readable({ read: () => resumed(channel) })
      stream.once('close', () => resumed(channel))
      incoming.set(channel, stream)
      return stream
    },
    writable: channel => writable(channel),
    closable: channel =>
      writable(channel, done => (hasCloseSignal ? send(Buffer.from([CHANNEL.close, channel]), () => done()) : done())),
    closed,
    close: () => socket.close(1000),
  }
}

const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
