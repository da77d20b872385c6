/** From an HTTP request to a connection that belongs to somebody else: WebSocket by the `ws` library, SPDY/3.1 by a line. */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { SOCKET_OPTIONS } from '../../client/streams/channels.ts'
import { apiError } from '../../kube/status.ts'
import { badRequest } from '../resource/refusals.ts'

/** The connection of a request that asks to change protocols. Whoever takes it sends the answer. */
export interface Upgrade {
  readonly socket: Duplex
  /** What came right behind the request. */
  readonly head: Buffer
  /** Once: from now on the HTTP server leaves it alone. */
  take(): void
}

/**
 * A request that asks for another protocol comes without a response; this one answers whoever is refused, and every other request (a watch
 * whose client would rather have a WebSocket) as if it had not asked. Its connection is closed afterwards.
 */
export function upgradeOf(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): { readonly response: ServerResponse; readonly upgrade: Upgrade } {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  let isTaken = false
  response.once('finish', () => {
    if (isTaken) return
    response.detachSocket(socket as Socket)
    socket.end()
  })
  const take = (): void => {
    isTaken = true
    response.detachSocket(socket as Socket)
  }
  // A body that nobody will read must not keep the connection from being closed.
  socket.on('error', () => socket.destroy())
  return { response, upgrade: { socket, head, take } }
}

const asksFor = (request: IncomingMessage, protocol: RegExp): boolean => protocol.test(request.headers.upgrade ?? '')

const WEB_SOCKET = /^websocket$/i
const SPDY = /^SPDY\/3\.1$/i

export const isWebSocket = (request: IncomingMessage): boolean => asksFor(request, WEB_SOCKET)
export const isSpdy = (request: IncomingMessage): boolean => asksFor(request, SPDY)

const listed = (header: string | readonly string[] | undefined): readonly string[] =>
  [header ?? []]
    .flat()
    .flatMap(text => text.split(','))
    .map(text => text.trim())
    .filter(Boolean)

export const offeredSubprotocols = (request: IncomingMessage): readonly string[] =>
  listed(request.headers['sec-websocket-protocol'])

/** As upstream. Who is gone is noticed by writing to them, even while nothing is read from them. */
export const PING_MS = 5_000

/** What `acceptWebSocket` will answer, by request. */
const answered = new WeakMap<IncomingMessage, string>()
let loaded: Promise<WebSocketServer> | undefined

/** The library is loaded when the first WebSocket comes: a server that starts has no use for it. */
function webSocketServer(): Promise<WebSocketServer> {
  loaded ??= import('ws').then(({ WebSocketServer }) => {
    const server = new WebSocketServer({ noServer: true, clientTracking: false, ...SOCKET_OPTIONS })
    server.on('headers', (headers, request) => {
      const protocol = answered.get(request)
      if (protocol) headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
    })
    return server
  })
  return loaded
}

/** With the first of `protocols` that the client offers; one that offers none gets none. */
export function chooseSubprotocol(request: IncomingMessage, protocols: readonly string[]): string {
  const offered = offeredSubprotocols(request)
  if (offered.length === 0) return ''
  const chosen = protocols.find(each => offered.includes(each))
  if (chosen !== undefined) return chosen
  throw badRequest(
    `unable to upgrade: client supports [${offered.join(' ')}], server supports [${protocols.join(' ')}]`,
  )
}

/**
 * Rejects where the handshake fails; the client has its answer then. The library refuses subprotocols with a slash in them, and `SPDY/3.1+…`
 * has one: so it does not get to see what is offered, and the answer is added to its own.
 */
export async function acceptWebSocket(
  request: IncomingMessage,
  upgrade: Upgrade,
  protocol: string,
): Promise<WebSocket> {
  upgrade.take()
  const server = await webSocketServer()
  if (upgrade.socket.destroyed) throw new Error('the connection is closed')
  return new Promise((resolve, reject) => {
    upgrade.socket.once('close', () => reject(new Error('the connection is closed')))
    delete request.headers['sec-websocket-protocol']
    answered.set(request, protocol)
    server.handleUpgrade(request, upgrade.socket, upgrade.head, socket => {
      const pinging = setInterval(() => socket.ping(), PING_MS).unref()
      socket.once('close', () => clearInterval(pinging))
      resolve(socket)
    })
  })
}

/** Kubernetes' own header, in which both sides say what the streams on the connection mean. */
const STREAM_PROTOCOL = 'x-stream-protocol-version'

export function chooseStreamProtocol(request: IncomingMessage, protocols: readonly string[]): string {
  const offered = listed(request.headers[STREAM_PROTOCOL])
  const chosen = offered.find(each => protocols.includes(each))
  if (chosen !== undefined) return chosen
  throw apiError(
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocols.join(' ')}]`,
  )
}

export function acceptSpdy({ socket, head, take }: Upgrade, protocol: string): Duplex {
  take()
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
  socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  return socket
}
