/** An API server's connection, changed to SPDY/3.1; a refusal is the server's Status. */
import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ApiError } from '../../../kube/status.ts'
import type { Connection } from '../../connection.ts'
import { bearerOf, statusFrom } from '../../transport.ts'

/** `protocol` says what the streams on the connection mean. */
export function upgradeToSpdy(connection: Connection, path: string, protocol: string): Promise<Duplex> {
  const base = new URL(connection.server)
  const isSecure = base.protocol === 'https:'
  const bearer = bearerOf(connection)
  const options: RequestOptions & Record<string, unknown> = {
    method: 'POST',
    // A connection of its own, whatever proxies the environment names.
    agent: false,
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port || (isSecure ? 443 : 80),
    path: `${base.pathname.replace(/\/$/, '')}${path}`,
    ca: connection.ca,
    cert: connection.cert,
    key: connection.key,
    servername: connection.serverName,
    rejectUnauthorized: !connection.insecureSkipVerify,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      'X-Stream-Protocol-Version': protocol,
      'User-Agent': 'solvent',
      ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
    },
  }
  return new Promise((resolve, reject) => {
    const asked = (isSecure ? httpsRequest : httpRequest)(options)
    asked.once('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    asked.once('response', response => {
      text(response).then(body => reject(new ApiError(statusFrom(response.statusCode ?? 500, body))), reject)
    })
    asked.once('error', reject)
    asked.end()
  })
}
