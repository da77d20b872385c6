/** HTTPS over the engine: who asks, what for, may they, and the answer. Whatever goes wrong becomes a `Status`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Authenticator } from '../auth/authenticate.ts'
import { authorize } from '../auth/authorize.ts'
import type { OpenIdDocument } from '../auth/openid.ts'
import type { User } from '../auth/user.ts'
import type { OpenApi } from '../openapi/documents.ts'
import type { Engine } from '../resource/engine.ts'
import { badRequest, methodNotAllowed, noSuchResource } from '../resource/refusals.ts'
import { type Upgrade, upgradeOf } from '../streams/upgrade.ts'
import { formOf } from './accept.ts'
import * as discovery from './discovery.ts'
import type { Exchange } from './exchange.ts'
import { healthText } from './health.ts'
import { keepLimits, LIMITS, type Limits, serverOptions } from './limits.ts'
import { Query } from './query.ts'
import { handleResource } from './resource-handler.ts'
import { sendDocument, sendError, sendJson, sendText } from './respond.ts'
import { handleReview, isReview } from './reviews.ts'
import { routeOf } from './route.ts'
import { VERSION } from './version.ts'

export interface RestOptions {
  readonly engine: Engine
  readonly authenticator: Authenticator
  /** By path: how others verify ServiceAccount tokens. */
  readonly openId: Readonly<Record<string, OpenIdDocument>>
  readonly openApi: OpenApi
  readonly key: string
  readonly certificate: string
  /** PEM of the authority whose client certificates are believed. */
  readonly clientCa?: string
  readonly limits?: Limits
  /** Told of a bug: an answer of 500 with the error behind it. */
  readonly warn: (message: string) => void
}

export interface RestServer {
  /** Listens on the same port of every address; 0 takes a free one. */
  listen(addresses: readonly string[], port: number): Promise<{ readonly port: number }>
  /** Requests under way (watches among them), and when the last one ended, by `performance.now()`. */
  readonly traffic: Traffic
  close(): Promise<void>
}

export interface Traffic {
  readonly open: number
  readonly lastMs: number
}

export function createRestServer(options: RestOptions): RestServer {
  const { limits = LIMITS } = options
  const servers: Server[] = []
  const endings: (() => void)[] = []
  const leaving = new Set<() => void>()
  const traffic = { open: 0, lastMs: performance.now() }
  const onRequest = (request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): void => {
    const gone = new AbortController()
    const leave = (): void => {
      gone.abort()
      upgrade?.socket.destroy()
    }
    leaving.add(leave)
    traffic.open++
    ;(upgrade?.socket ?? response).once('close', () => {
      traffic.open--
      traffic.lastMs = performance.now()
      leaving.delete(leave)
      leave()
    })
    // A connection that breaks while we answer is the client's business.
    response.on('error', leave)
    void answer(options, request, response, gone.signal, upgrade)
  }
  const open = async (address: string, port: number): Promise<number> => {
    const server = createServer(
      {
        key: options.key,
        cert: options.certificate,
        minVersion: 'TLSv1.2',
        ...(options.clientCa !== undefined && { ca: options.clientCa, requestCert: true, rejectUnauthorized: false }),
        ...serverOptions(limits),
      },
      (request, response) => onRequest(request, response),
    )
    server.on('upgrade', (request, socket, head) => {
      const { response, upgrade } = upgradeOf(request, socket, head)
      onRequest(request, response, upgrade)
    })
    servers.push(server)
    endings.push(keepLimits(server, limits))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: address, port, exclusive: true }, () => {
        server.removeListener('error', reject)
        // Too many open files, for one: the next connection may work again.
        server.on('error', error => options.warn(`connections: ${error.message}`))
        resolve()
      })
    })
    const bound = server.address()
    return typeof bound === 'object' && bound ? bound.port : port
  }
  return {
    traffic,
    listen: async (addresses, port) => {
      let bound = port
      for (const address of addresses) bound = await open(address, bound)
      return { port: bound }
    },
    close: async () => {
      for (const leave of leaving) leave()
      for (const end of endings) end()
      await Promise.all(
        servers.map(server => {
          const closed = new Promise<void>(resolve => server.close(() => resolve()))
          server.closeAllConnections()
          return closed
        }),
      )
    },
  }
}

async function answer(
  options: RestOptions,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
  upgrade: Upgrade | undefined,
): Promise<void> {
  try {
    await dispatch(options, request, response, targetOf(request.url ?? '/'), gone, upgrade)
  } catch (error) {
    if (gone.aborted || request.errored) return
    if (!(error instanceof Error && error.name === 'ApiError')) {
      options.warn(
        `${request.method} ${request.url}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      )
    }
    await sendError(request, response, error).catch(() => response.destroy())
  }
}

async function dispatch(
  { engine, authenticator, openApi, openId }: RestOptions,
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly path: string; readonly query: Query },
  gone: AbortSignal,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const user = authenticator.authenticate(request)
  const route = routeOf(target.path)
  if (route.kind === 'path') {
    allowPath(engine, user, request.method ?? 'GET', route.path)
    return sendPath({ engine, openApi, openId, request, response, query: target.query }, route.path)
  }
  const exchange: Exchange = { engine, request, response, query: target.query, user, gone, upgrade }
  return isReview(route) ? handleReview({ ...exchange, authenticator }, route) : handleResource(exchange, route)
}

/** As it was sent: nothing is put in order before it is looked at, so that no `..` gets past an authorizer. */
function targetOf(text: string): { readonly path: string; readonly query: Query } {
  const [path = '', ...rest] = text.split('?')
  if (!path.startsWith('/')) throw badRequest(`the request's target is no path: ${JSON.stringify(text)}`)
  return { path, query: new Query(new URLSearchParams(rest.join('?'))) }
}

/** kube-apiserver's --authorization-always-allow-paths. */
const PUBLIC = new Set(['/healthz', '/livez', '/readyz'])

function allowPath(engine: Engine, user: User, method: string, path: string): void {
  if (PUBLIC.has(path)) return
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
  authorize(engine.store, user, { kind: 'path', verb, path })
}

interface PathExchange extends Pick<Exchange, 'engine' | 'request' | 'response' | 'query'> {
  readonly openApi: OpenApi
  readonly openId: RestOptions['openId']
}

async function sendPath(exchange: PathExchange, path: string): Promise<void> {
  const { engine, openApi, openId, request, response } = exchange
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
  const keys = openId[path]
  if (keys) return sendJson(request, response, { code: 200, ...keys })
  const { catalog } = engine
  const parts = path.split('/').filter(Boolean)
  const [root = '', first, second] = parts
  if ((root === 'api' && parts.length <= 2) || (root === 'apis' && parts.length <= 3))
    return sendDiscovery(exchange, root, first, second)
  if (root === 'openapi' && first === 'v3') {
    const text = parts.length === 2 ? openApi.index() : openApi.document(parts.slice(2).join('/'))
    if (text === undefined) throw noSuchResource()
    return sendDocument(request, response, text)
  }
  if (root === 'version') return sendJson(request, response, { code: 200, body: VERSION })
  const health = healthText(path, exchange.query.has('verbose'))
  if (health !== undefined) {
    return sendText(request, response, { code: 200, body: health, contentType: 'text/plain; charset=utf-8' })
  }
  if (root === '') {
    const groups = discovery.groupList(catalog).groups.map(({ name }) => `/apis/${name}`)
    return sendJson(request, response, {
      code: 200,
      body: {
        paths: ['/api', '/api/v1', '/apis', ...groups, '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'],
      },
    })
  }
  throw noSuchResource()
}

/** Only the two roots have an aggregated form. */
async function sendDiscovery(
  { engine: { catalog }, request, response }: PathExchange,
  root: 'api' | 'apis',
  first: string | undefined,
  second: string | undefined,
): Promise<void> {
  const form = formOf(request.headers.accept)
  if (first === undefined && form.kind === 'discovery') {
    const body = JSON.stringify(discovery.aggregated(catalog, form.version, root === 'api'))
    return sendDocument(request, response, body, discovery.discoveryContentType(form.version))
  }
  const body =
    root === 'api'
      ? first === undefined
        ? discovery.apiVersions()
        : discovery.resourceList(catalog, '', first)
      : first === undefined
        ? discovery.groupList(catalog)
        : second === undefined
          ? discovery.group(catalog, first)
          : discovery.resourceList(catalog, first, second)
  return sendDocument(request, response, JSON.stringify(body))
}
