/** Answers: JSON, packed when it is large, always with a `Status` for what went wrong and never with a stack. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { constants, createGzip, gzip } from 'node:zlib'
import { ApiError, apiError, type Status } from '../../kube/status.ts'

const pack = promisify(gzip)

/** kube-apiserver's defaultGzipThresholdBytes and level. */
const GZIP_FROM_BYTES = 128 * 1024

export interface Answer {
  readonly code: number
  readonly body: unknown
  readonly contentType?: string
  readonly warnings?: readonly string[]
}

export async function sendJson(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  await sendText(request, response, { ...answer, body: JSON.stringify(answer.body) })
}

export async function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  { code, body, contentType = 'application/json', warnings = [] }: Answer & { readonly body: string },
): Promise<void> {
  const isPacked = body.length > GZIP_FROM_BYTES && takesGzip(request)
  const bytes = isPacked ? await pack(body, { level: constants.Z_BEST_SPEED }) : Buffer.from(body)
  if (response.destroyed) return
  if (isPacked) response.setHeader('content-encoding', 'gzip')
  if (warnings.length > 0) response.setHeader('warning', warnings.map(warningHeader))
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': bytes.length,
    'cache-control': 'no-cache, private',
  })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

const takesGzip = (request: IncomingMessage): boolean => /\bgzip\b/.test(`${request.headers['accept-encoding'] ?? ''}`)

/** A text that may be too long to be held whole: its pieces are made as fast as the client takes them. */
export async function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: Iterator<string>,
): Promise<void> {
  const first = pieces.next()
  const second = pieces.next()
  if (second.done) return sendText(request, response, { code: 200, body: first.value ?? '' })
  const isPacked = takesGzip(request)
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    ...(isPacked && { 'content-encoding': 'gzip' }),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const all = Readable.from(from([first.value, second.value], pieces))
  await (isPacked ? pipeline(all, createGzip({ level: constants.Z_BEST_SPEED }), response) : pipeline(all, response))
}

function* from(begun: readonly string[], rest: Iterator<string>): Generator<string> {
  yield* begun
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}

/** RFC 7234's warn-text: a quoted string; what no header may hold is left out. */
const warningHeader = (text: string): string => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`

/** A document that changes seldom: clients who have it are told so. */
export async function sendDocument(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  contentType = 'application/json',
): Promise<void> {
  const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`
  response.setHeader('etag', tag)
  response.setHeader('vary', 'Accept')
  if (request.headers['if-none-match'] !== tag) return sendText(request, response, { code: 200, body, contentType })
  response.writeHead(304).end()
}

export async function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
  const status = statusOf(error)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  if (status.code === 401) response.setHeader('www-authenticate', 'Bearer realm="kubernetes"')
  const seconds = status.details?.retryAfterSeconds
  if (seconds !== undefined) response.setHeader('retry-after', String(seconds))
  // What is left of a body that was not read would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  await sendJson(request, response, { code: status.code, body: status })
}

/** An error of ours says what went wrong, without where in our code. */
export function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status
  const what = error instanceof Error ? error.message : String(error)
  return apiError('InternalError', `Internal error occurred: ${what}`, {
    causes: [{ reason: 'InternalError', message: what }],
  }).status
}
