/**
 * The gRPC health checking protocol (grpc.health.v1.Health/Check; the kubelet's pkg/probe/grpc), by hand over HTTP/2: one message with one
 * text, answered by one message with one number.
 */
import { connect, constants } from 'node:http2'
import { failure, type Outcome, SUCCESS, wordsFor } from './outcome.ts'

const STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1
const UNIMPLEMENTED = 12

interface Reply {
  readonly code: number
  readonly message: string
  readonly body: Buffer
}

export async function grpcHealth(host: string, port: number, service: string, timeoutMs: number): Promise<Outcome> {
  const address = `${host}:${port}`
  const seconds = `${timeoutMs / 1000}s`
  const reply = await check(address, service, timeoutMs)
  switch (reply.kind) {
    case 'unconnected':
      return failure(`error: failed to connect service at ${JSON.stringify(address)}: ${reply.words}`)
    case 'late':
      return failure(
        reply.isConnected
          ? `timeout: health rpc did not complete within ${seconds}`
          : `timeout: failed to connect service ${JSON.stringify(address)} within ${seconds}: context deadline exceeded`,
      )
    case 'answered':
      return judged(reply.reply)
  }
}

function judged({ code, message, body }: Reply): Outcome {
  if (code === UNIMPLEMENTED) {
    return failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`)
  }
  if (code !== 0) return failure(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`)
  const status = statusIn(body)
  return status === SERVING ? SUCCESS : failure(`service unhealthy (responded with "${STATUS[status] ?? status}")`)
}

type Checked =
  | { readonly kind: 'unconnected'; readonly words: string }
  | { readonly kind: 'late'; readonly isConnected: boolean }
  | { readonly kind: 'answered'; readonly reply: Reply }

function check(address: string, service: string, timeoutMs: number): Promise<Checked> {
  return new Promise(resolve => {
    const session = connect(`http://${address}`)
    let isConnected = false
    const end = (checked: Checked): void => {
      clearTimeout(timer)
      session.destroy()
      resolve(checked)
    }
    const timer = setTimeout(() => end({ kind: 'late', isConnected }), timeoutMs)
    const lose = (error: Error): void =>
      end(
        isConnected
          ? { kind: 'answered', reply: { code: 14, message: error.message, body: Buffer.alloc(0) } }
          : { kind: 'unconnected', words: `dial tcp ${address}: ${wordsFor(error)}` },
      )
    session.on('error', lose).on('connect', () => {
      isConnected = true
    })
    const { HTTP2_HEADER_PATH: PATH, HTTP2_HEADER_METHOD: METHOD } = constants
    const headers = { 'content-type': 'application/grpc', te: 'trailers', 'user-agent': 'kube-probe/1.37' }
    const stream = session.request({ [METHOD]: 'POST', [PATH]: '/grpc.health.v1.Health/Check', ...headers })
    const chunks: Buffer[] = []
    let code = 2
    let message = ''
    const note = (found: Readonly<Record<string, unknown>>): void => {
      if (found['grpc-status'] !== undefined) code = Number(found['grpc-status'])
      else if (found[':status'] !== undefined && found[':status'] !== 200) message = `HTTP status ${found[':status']}`
      if (found['grpc-message'] !== undefined) message = decodeURIComponent(String(found['grpc-message']))
    }
    stream.on('response', note).on('trailers', note).on('error', lose)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => end({ kind: 'answered', reply: { code, message, body: Buffer.concat(chunks) } }))
    stream.end(requestFor(service))
  })
}

/** Five bytes of frame, then HealthCheckRequest { string service = 1 }. */
function requestFor(service: string): Buffer {
  const text = Buffer.from(service)
  const message = text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a, ...varint(text.length)]), text])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

/** HealthCheckResponse { ServingStatus status = 1 }; a number of zero is not written. */
const statusIn = (body: Buffer): number => (body[5] === 0x08 ? (body[6] ?? 0) : 0)
