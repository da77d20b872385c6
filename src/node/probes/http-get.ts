/**
 * A GET that is answered with 200 to 399 (the kubelet's pkg/probe/http): a connection of its own, no certificate is checked, and a redirect
 * is followed as long as it stays at the host.
 */
import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import type { HttpGetAction } from '../../kube/core.ts'
import { failure, type Outcome, SUCCESS, wordsFor } from './outcome.ts'

export interface HttpGetOptions {
  /** `probe` or `lifecycle`: part of the user agent. */
  readonly purpose: string
  readonly timeoutMs: number
}

const VERSION = '1.37'
const MAX_BODY = 10 * 1024
const MAX_REDIRECTS = 10

export async function httpGet(
  { path = '/', scheme = 'HTTP', httpHeaders = [] }: HttpGetAction,
  host: string,
  port: number,
  { purpose, timeoutMs }: HttpGetOptions,
): Promise<Outcome> {
  const headers = headersOf(httpHeaders, purpose)
  const deadline = AbortSignal.timeout(timeoutMs)
  const authority = host.includes(':') ? `[${host}]` : host
  let url = `${scheme.toLowerCase()}://${authority}:${port}${path.startsWith('/') ? '' : '/'}${path}`
  for (let redirects = 0; ; redirects++) {
    const answer = await get(url, headers, deadline)
    if (typeof answer === 'string') return failure(`Get ${JSON.stringify(url)}: ${answer}`)
    const { status, location } = answer
    if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`)
    if (status < 300) return SUCCESS
    const next = location === undefined ? undefined : redirected(location, url)
    if (!next) return { kind: 'warning', message: 'Probe terminated redirects, Response body: ' }
    if (redirects === MAX_REDIRECTS) return failure(`Get ${JSON.stringify(next)}: stopped after 10 redirects`)
    url = next
  }
}

/** Undefined: to another host. */
function redirected(location: string, from: string): string | undefined {
  try {
    const to = new URL(location, from)
    return to.hostname === new URL(from).hostname ? to.href : undefined
  } catch {
    return undefined
  }
}

function headersOf(declared: HttpGetAction['httpHeaders'] = [], purpose: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'User-Agent': `kube-${purpose}/${VERSION}`, Accept: '*/*' }
  for (const { name, value } of declared) {
    const known = Object.keys(headers).find(each => each.toLowerCase() === name.toLowerCase())
    const isOurs = known === 'User-Agent' || known === 'Accept'
    if (known !== undefined && isOurs) delete headers[known]
    const before = isOurs || known === undefined ? undefined : headers[known]
    headers[known ?? name] = before === undefined ? value : [before, value].flat()
  }
  if (headers.Accept === '') delete headers.Accept
  return headers
}

interface Answer {
  readonly status: number
  readonly location: string | undefined
}

/** A sentence where there is no answer. */
function get(url: string, headers: Record<string, string | string[]>, signal: AbortSignal): Promise<Answer | string> {
  return new Promise(resolve => {
    const options = { headers, agent: false, signal } as const
    const take = (response: IncomingMessage): void => {
      const { statusCode: status = 0, headers: answered } = response
      const done = (): void => resolve({ status, location: answered.location })
      let length = 0
      response
        .on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > MAX_BODY) response.destroy()
        })
        .on('error', error => resolve(length > MAX_BODY ? { status, location: answered.location } : spoken(error, url)))
        .on('close', done)
    }
    try {
      const asked = url.startsWith('https:')
        ? requestTls(url, { ...options, rejectUnauthorized: false }, take)
        : request(url, options, take)
      asked.on('error', error => resolve(spoken(error, url))).end()
    } catch (error) {
      // A header or path that cannot be sent.
      resolve((error as Error).message)
    }
  })
}

function spoken(error: Error, url: string): string {
  const { code, name } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError') {
    return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  }
  if (code === 'ECONNRESET' && error.message === 'socket hang up') return 'EOF'
  const words = wordsFor(error)
  const { host } = new URL(url)
  return words.startsWith('connect:') ? `dial tcp ${host}: ${words}` : words
}
