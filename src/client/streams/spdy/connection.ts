/**
 * One SPDY/3.1 connection as Kubernetes speaks it (moby/spdystream's dialect: no flow control by windows), either end of it, over any
 * duplex of bytes: the socket of an upgraded request, or a WebSocket that it is tunnelled through. A stream that nobody reads holds up the
 * whole connection, as it does upstream; that bounds what is kept in memory.
 */
import { Duplex } from 'node:stream'
import { controlFrame, dataFrame, FLAG_FIN, type Frame, FrameReader, RESET, TYPE, words } from './frames.ts'
import { HeaderReader, type Headers, HeaderWriter } from './header-blocks.ts'

/** A stream's readable side ends when the peer has half-closed it; ending its writable side half-closes ours. */
export interface SpdyStream extends Duplex {
  readonly id: number
  readonly headers: Headers
  /** RST_STREAM: both directions, at once. */
  reset(): void
}

export interface SpdyConnection {
  /** A client's, with odd numbers. Resolves when its SYN_STREAM is on the way. */
  open(headers: Headers): Promise<SpdyStream>
  readonly closed: Promise<void>
  /** GOAWAY, and the end. */
  close(): void
}

export interface SpdyOptions {
  /** The peer opened a stream: accepted unless this returns false. */
  readonly onStream?: (stream: SpdyStream) => boolean
  /** A server's: who is gone is noticed by writing to them, even while nothing is read from them. */
  readonly pingMs?: number
}

/** Streams at once on one connection: kubectl uses five, a port-forward two a connection. */
const MAX_STREAMS = 1000
const CHUNK_BYTES = 32 * 1024
const PING = controlFrame(TYPE.ping, words(2))

type Send = (frame: Buffer, done: (error?: Error | null) => void) => void

class Stream extends Duplex implements SpdyStream {
  readonly id: number
  readonly headers: Headers
  readonly #send: Send
  /** The peer's end has come; what it sent before may still have to be read. */
  hasAll = false
  /** Goes on with the connection, which waits until this stream is read. */
  wanted: () => void = () => {}

  constructor(id: number, headers: Headers, send: Send) {
    super({ allowHalfOpen: true, emitClose: true })
    this.id = id
    this.headers = headers
    this.#send = send
    this.on('error', () => {})
  }

  override _read(): void {
    this.wanted()
    this.wanted = () => {}
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (let at = CHUNK_BYTES; at < chunk.length; at += CHUNK_BYTES) {
      this.#send(dataFrame(this.id, chunk.subarray(at - CHUNK_BYTES, at)), () => {})
    }
    const rest = Math.floor(Math.max(0, chunk.length - 1) / CHUNK_BYTES) * CHUNK_BYTES
    this.#send(dataFrame(this.id, chunk.subarray(rest)), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    // A connection that is gone has ended it too.
    this.#send(dataFrame(this.id, Buffer.alloc(0), true), () => done())
  }

  reset(): void {
    if (this.destroyed) return
    this.#send(controlFrame(TYPE.reset, words(this.id, RESET.cancel)), () => {})
    this.destroy()
  }
}

export function openSpdy(transport: Duplex, { onStream = () => false, pingMs }: SpdyOptions = {}): SpdyConnection {
  const streams = new Map<number, Stream>()
  const frames = new FrameReader()
  const reader = new HeaderReader()
  const writer = new HeaderWriter()
  let nextId = 1
  let settle = (): void => {}
  const closed = new Promise<void>(resolve => {
    settle = resolve
  })

  const send = (frame: Buffer, done: (error?: Error | null) => void = () => {}): void => {
    if (transport.destroyed || transport.writableEnded) done(new Error('the connection is closed'))
    else transport.write(frame, done)
  }

  function begin(id: number, headers: Headers): Stream {
    const stream = new Stream(id, headers, send)
    streams.set(id, stream)
    stream.once('close', () => {
      streams.delete(id)
      stream.wanted()
    })
    return stream
  }

  async function onSyn(flags: number, body: Buffer): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff
    const headers = await reader.read(body.subarray(10))
    if (streams.has(id)) return send(controlFrame(TYPE.reset, words(id, RESET.protocolError)))
    if (streams.size >= MAX_STREAMS) return send(controlFrame(TYPE.reset, words(id, RESET.refused)))
    const stream = begin(id, headers)
    // First: Go's clients drop what comes on a stream before its reply.
    send(controlFrame(TYPE.synReply, Buffer.concat([words(id), await writer.write(new Map())])))
    if (!onStream(stream)) {
      streams.delete(id)
      return send(controlFrame(TYPE.reset, words(id, RESET.refused)))
    }
    if (flags & FLAG_FIN) endOf(stream)
  }

  /** Waits where the stream's reader is slow. */
  async function onData(id: number, bytes: Buffer, fin: boolean): Promise<void> {
    const stream = streams.get(id)
    if (!stream || stream.hasAll || stream.destroyed) return
    if (bytes.length > 0 && !stream.push(bytes)) {
      await new Promise<void>(resume => {
        stream.wanted = resume
      })
    }
    if (fin) endOf(stream)
  }

  async function onControl(type: number, flags: number, body: Buffer): Promise<void> {
    switch (type) {
      case TYPE.synStream:
        return onSyn(flags, body)
      case TYPE.synReply:
      case TYPE.headers:
        // Nothing in them for us, but the zlib stream goes through them.
        await reader.read(body.subarray(4))
        if (flags & FLAG_FIN) await onData(body.readUInt32BE(0), Buffer.alloc(0), true)
        return
      case TYPE.reset:
        streams.get(body.readUInt32BE(0))?.destroy()
        return
      case TYPE.ping:
        // A client's own have odd numbers, a server's even ones; an answer is not answered.
        if (body.readUInt32BE(0) % 2 === (pingMs === undefined ? 0 : 1)) send(controlFrame(TYPE.ping, body))
        return
      case TYPE.goAway:
        transport.end()
    }
  }

  const take = (frame: Frame): Promise<void> =>
    frame.kind === 'data'
      ? onData(frame.stream, frame.bytes, frame.fin)
      : onControl(frame.type, frame.flags, frame.body)

  function endOf(stream: Stream): void {
    if (stream.hasAll || stream.destroyed) return
    stream.hasAll = true
    stream.push(null)
  }

  function leaveAll(): void {
    for (const stream of streams.values()) {
      if (stream.hasAll) stream.end()
      else stream.destroy()
    }
  }

  async function serve(): Promise<void> {
    try {
      const chunks = transport.iterator({ destroyOnReturn: false })
      for await (const chunk of chunks) for (const frame of frames.read(chunk as Buffer)) await take(frame)
      // What is still on its way out goes first.
      transport.end(() => transport.destroy())
    } catch {
      // Broken off, or no SPDY: either way it is over.
      transport.destroy()
    }
    leaveAll()
    reader.close()
    writer.close()
    settle()
  }

  const pinging = pingMs === undefined ? undefined : setInterval(() => send(PING), pingMs).unref()
  transport.on('error', () => {})
  // A stream that waits for its reader would not notice that the connection is gone.
  transport.once('close', () => {
    clearInterval(pinging)
    leaveAll()
  })
  void serve()

  return {
    async open(headers) {
      const id = nextId
      nextId += 2
      const stream = begin(id, headers)
      const block = await writer.write(headers)
      send(controlFrame(TYPE.synStream, Buffer.concat([words(id, 0), Buffer.from([0, 0]), block])))
      return stream
    },
    closed,
    close() {
      send(controlFrame(TYPE.goAway, words(0, 0)))
      transport.end()
      transport.resume()
    },
  }
}
