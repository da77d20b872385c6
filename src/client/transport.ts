/**
 * HTTP/1.1 to one API server over node:https: keep-alive, TLS against the cluster's own authority, answers as JSON or as a stream of
 * bytes. Everything that is not a success becomes an `ApiError`; a server that cannot be reached stays the system's error (`code`).
 * The agent is our own, so neither HTTPS_PROXY nor NODE_USE_ENV_PROXY ever stands between us and a loopback address.
 */
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ApiError, type Status, type StatusReason } from '../kube/status.ts'
import type { Connection } from './connection.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root of the server: `/api/v1/pods`. */
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
  readonly signal?: AbortSignal
}

export interface Transport {
  /** The whole answer, parsed. */
  json<T>(request: ApiRequest): Promise<T>
  /** The answer's bytes as they come. Ends quietly when `signal` aborts. */
  bytes(request: ApiRequest): AsyncGenerator<Uint8Array, void, void>
  /** Ends idle connections; requests under way end with an error. */
  close(): void
}

export interface TransportOptions {
  /** Kubernetes' `Warning` headers, such as an unknown field. */
  readonly onWarning?: (text: string) => void
  /** How long to go on trying where nobody listens: a server that is being restarted comes back. Nothing was sent, so all may be tried. */
  readonly patienceMs?: number
  /** Called after each answer's head, for `-v`. */
  readonly onAnswer?: (line: string) => void
}

const TOKEN_LIFE_MS = 60_000
const LISTENS_AGAIN_MS = 50
/** A server that asks to come back later (429, 503 with Retry-After) is asked so often, as client-go does within its ten. */
const MAX_RETRIES = 5

export function createTransport(connection: Connection, options: TransportOptions = {}): Transport {
  const { patienceMs = 0 } = options
  const base = new URL(connection.server)
  const secure = base.protocol === 'https:'
  const prefix = base.pathname.replace(/\/$/, '')
  const agent = secure
    ? new HttpsAgent({
        keepAlive: true,
        ca: connection.ca,
        cert: connection.cert,
        key: connection.key,
        servername: connection.serverName,
        rejectUnauthorized: !connection.insecureSkipVerify,
      })
    : new HttpAgent({ keepAlive: true })
  const token = tokenSource(connection)

  function send(request: ApiRequest, giveUp = performance.now() + patienceMs): Promise<IncomingMessage> {
    const { method = 'GET', body, signal } = request
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const bearer = token()
    const settings: RequestOptions = {
      agent,
      method,
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port || (secure ? 443 : 80),
      path: `${prefix}${request.path}${queryString(request.query)}`,
      signal,
      headers: {
        Accept: request.accept ?? 'application/json',
        'User-Agent': 'solvent',
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
        ...(payload
          ? { 'Content-Type': request.contentType ?? 'application/json', 'Content-Length': payload.length }
          : {}),
      },
    }
    const started = performance.now()
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? httpsRequest : httpRequest)(settings, response => {
        const line = `${method} ${settings.path} ${response.statusCode}`
        options.onAnswer?.(`${line} in ${Math.round(performance.now() - started)} ms`)
        for (const text of warningsOf(response)) options.onWarning?.(text)
        resolve(response)
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed an idle connection just as we reused it: nothing of a read can have happened twice.
        const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && method === 'GET'
        const absent = error.code === 'ECONNREFUSED' && started < giveUp
        if (signal?.aborted || (!stale && !absent)) reject(error)
        else
          pause(absent ? LISTENS_AGAIN_MS : 0, signal)
            .then(() => send(request, giveUp))
            .then(resolve, reject)
      })
      outgoing.end(payload)
    })
  }

  async function sendPatiently(request: ApiRequest): Promise<IncomingMessage> {
    for (let attempt = 0; ; attempt++) {
      const response = await send(request)
      const code = response.statusCode ?? 0
      if (code >= 200 && code < 300) return response
      const waitSeconds = Number(response.headers['retry-after'])
      const text = await textOf(response)
      if ((code !== 429 && code !== 503) || !(waitSeconds >= 0) || attempt >= MAX_RETRIES) {
        throw new ApiError(statusFrom(code, text))
      }
      await pause(waitSeconds * 1000, request.signal)
    }
  }

  return {
    async json<T>(request: ApiRequest): Promise<T> {
      const text = await textOf(await sendPatiently(request))
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    async *bytes(request) {
      let response: IncomingMessage | undefined
      try {
        response = await sendPatiently(request)
        yield* response as AsyncIterable<Uint8Array>
      } catch (error) {
        if (!request.signal?.aborted) throw error
      } finally {
        response?.destroy()
      }
    },
    close: () => agent.destroy(),
  }
}

/** The token as it is now. */
export const bearerOf = (connection: Connection): string | undefined => tokenSource(connection)()

function tokenSource({ token, tokenFile }: Connection): () => string | undefined {
  if (tokenFile === undefined) return () => token
  let value = ''
  let readAt = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - readAt > TOKEN_LIFE_MS) {
      value = readFileSync(tokenFile, 'utf8').trim()
      readAt = performance.now()
    }
    return value
  }
}

function queryString(query: Query = {}): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '' && value !== false) given.set(name, String(value))
  }
  return given.size === 0 ? '' : `?${given}`
}

/** `299 - "unknown field \"spec.x\""` (RFC 7234), possibly several in one header. */
function warningsOf(response: IncomingMessage): string[] {
  const header = response.headers.warning
  if (!header) return []
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(match => match[1]!.replace(/\\(.)/g, '$1'))
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  // Joined before decoding: a character may lie across two chunks.
  return Buffer.concat(chunks).toString('utf8')
}

/** The server's own Status, or one made from an answer that has none (a proxy's error page, a plain 404). */
export function statusFrom(code: number, text: string): Status {
  try {
    const body = JSON.parse(text) as Status
    if (body.kind === 'Status') return body
  } catch {
    // Not JSON: told as text below.
  }
  const message = text.trim().slice(0, 500) || `the server answered ${code}`
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    message,
    ...(REASONS[code] ? { reason: REASONS[code] } : {}),
  }
}

const REASONS: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', giveUp, { once: true })
  })
}
