/**
 * The load generator's client: HTTP/1.1 over TLS on kept connections, one request at a time on each. It parses no more than a client must
 * (status, where the body ends), so that on its one core it is never what is measured. The same for every server.
 */
import { connect, type TLSSocket } from 'node:tls'

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly token: string
}

export interface RawAnswer {
  readonly status: number
  readonly bytes: number
  /** The server will close the connection. */
  readonly closes: boolean
  /** Only where it was asked for. */
  readonly body: Buffer
}

export interface AnswerOptions {
  readonly keepBody?: boolean
  /** An answer to HEAD has a length and no body. */
  readonly isHead?: boolean
}

export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly contentType?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One cipher for all, so that no server has a cheaper one. */
const CIPHER = 'TLS_AES_128_GCM_SHA256'
const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)

const requestText = ({ host, port, token }: Endpoint, { method, path, contentType, body, headers }: RawRequest) => {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}:${port}`,
    `authorization: Bearer ${token}`,
    'user-agent: bench/1',
    'accept: application/json',
  ]
  for (const [name, value] of Object.entries(headers ?? {})) lines.push(`${name}: ${value}`)
  if (body !== undefined) {
    lines.push(`content-type: ${contentType ?? 'application/json'}`, `content-length: ${Buffer.byteLength(body)}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`
}

export class RawConnection {
  private readonly endpoint: Endpoint
  private readonly socket: TLSSocket
  private onChunk: (chunk: Buffer) => void = () => {}
  private fail: (error: Error) => void = () => {}

  private constructor(endpoint: Endpoint, socket: TLSSocket) {
    this.endpoint = endpoint
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => this.onChunk(chunk))
    socket.on('error', error => this.fail(error))
    socket.on('close', () => this.fail(new Error('the server closed the connection')))
  }

  static open(endpoint: Endpoint): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const { host, port, ca } = endpoint
      const socket = connect({ host, port, ca, servername: 'localhost', ciphers: CIPHER, minVersion: 'TLSv1.3' })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.removeListener('error', reject)
        resolve(new RawConnection(endpoint, socket))
      })
    })
  }

  send(request: RawRequest, keepBody = false): Promise<RawAnswer> {
    return this.sendBytes(requestText(this.endpoint, request), { keepBody })
  }

  /** A request as it goes over the wire. */
  sendBytes(bytes: string | Buffer, options: AnswerOptions = {}): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.fail = reject
      const answer = new AnswerReader(options)
      this.onChunk = chunk => {
        try {
          if (answer.take(chunk)) resolve(answer)
        } catch (error) {
          reject(error as Error)
        }
      }
      this.socket.write(bytes)
    })
  }

  /** A stream without end: every piece as it comes, head and chunk sizes included. Resolves with the first piece. */
  stream(request: RawRequest, onPiece: (piece: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fail = reject
      this.onChunk = piece => {
        resolve()
        onPiece(piece)
      }
      this.socket.write(requestText(this.endpoint, request))
    })
  }

  close(): void {
    this.fail = () => {}
    this.socket.destroy()
  }
}

/** Finds the end of an answer in the pieces that arrive. */
class AnswerReader implements RawAnswer {
  status = 0
  bytes = 0
  closes = false
  private readonly kept: Buffer[] = []
  private readonly options: AnswerOptions
  private head: Buffer = EMPTY
  /** Bytes of the body (or of the present chunk and its line end) that are still to come; below 0: a chunk's size line is. */
  private left = 0
  private isChunked = false
  private sizeLine = ''

  constructor(options: AnswerOptions) {
    this.options = options
  }

  get body(): Buffer {
    return Buffer.concat(this.kept)
  }

  /** Whether the answer is whole. */
  take(piece: Buffer): boolean {
    if (this.status !== 0) return this.takeBody(piece, 0)
    const head = this.head.length === 0 ? piece : Buffer.concat([this.head, piece])
    const end = head.indexOf(HEAD_END)
    if (end < 0) {
      this.head = head
      return false
    }
    const text = head.toString('latin1', 0, end).toLowerCase()
    this.status = Number(text.slice(9, 12))
    this.closes = text.includes('\r\nconnection: close')
    if (this.options.isHead || this.status === 204 || this.status === 304) return true
    this.isChunked = text.includes('\r\ntransfer-encoding: chunked')
    this.left = this.isChunked ? -1 : Number(/\r\ncontent-length: (\d+)/.exec(text)?.[1] ?? 0)
    return this.takeBody(head, end + HEAD_END.length)
  }

  private takeBody(piece: Buffer, start: number): boolean {
    if (!this.isChunked) {
      this.keep(piece.subarray(start))
      this.left -= piece.length - start
      return this.left <= 0
    }
    let at = start
    while (at < piece.length) {
      if (this.left > 0) {
        const taken = Math.min(this.left, piece.length - at)
        this.keep(piece.subarray(at, at + taken))
        this.left -= taken
        at += taken
        if (this.left === 0) this.left = -1
        continue
      }
      const lineEnd = piece.indexOf(10, at)
      this.sizeLine += piece.toString('latin1', at, lineEnd < 0 ? piece.length : lineEnd + 1)
      if (lineEnd < 0) return false
      at = lineEnd + 1
      const line = this.sizeLine.trim()
      this.sizeLine = ''
      // The empty line behind a chunk.
      if (line === '') {
        if (this.left === -2) return true
        continue
      }
      const size = Number.parseInt(line, 16)
      this.left = size === 0 ? -2 : size
    }
    return false
  }

  private keep(part: Buffer): void {
    this.bytes += part.length
    if (this.options.keepBody) this.kept.push(Buffer.from(part))
  }
}

export async function openMany(endpoint: Endpoint, count: number): Promise<readonly RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => RawConnection.open(endpoint)))
}

/** `total` requests over all connections, each connection taking the next when it is free. Returns requests per second. */
export async function rate(
  connections: readonly RawConnection[],
  total: number,
  requestOf: (index: number) => RawRequest,
  expected: number,
): Promise<number> {
  let next = 0
  const started = performance.now()
  await Promise.all(
    connections.map(async connection => {
      while (next < total) {
        const request = requestOf(next++)
        const answer = await connection.send(request)
        if (answer.status !== expected) throw new Error(`${request.method} ${request.path}: ${answer.status}`)
      }
    }),
  )
  return total / ((performance.now() - started) / 1000)
}
