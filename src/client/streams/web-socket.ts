/** A WebSocket to an API server with what a connection says of trust and identity; a refusal is the server's Status, as for any request. */
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { ApiError } from '../../kube/status.ts'
import type { Connection } from '../connection.ts'
import { bearerOf, statusFrom } from '../transport.ts'
import { SOCKET_OPTIONS } from './channels.ts'

export interface SocketRequest {
  readonly path: string
  readonly query: URLSearchParams
  /** Of which the server takes one. */
  readonly protocols: readonly string[]
}

export function openWebSocket(connection: Connection, request: SocketRequest): Promise<WebSocket> {
  const base = connection.server.replace(/^http/, 'ws').replace(/\/$/, '')
  const bearer = bearerOf(connection)
  const socket = new WebSocket(`${base}${request.path}?${request.query}`, [...request.protocols], {
    ...SOCKET_OPTIONS,
    ca: connection.ca,
    cert: connection.cert,
    key: connection.key,
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    rejectUnauthorized: !connection.insecureSkipVerify,
    headers: { 'User-Agent': 'solvent', ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      // Nothing may arrive before somebody listens: that is in the same turn as our caller goes on.
      socket.pause()
      resolve(socket)
    })
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('close', () => {
        socket.terminate()
        reject(new ApiError(statusFrom(response.statusCode ?? 500, text)))
      })
    })
  })
}
