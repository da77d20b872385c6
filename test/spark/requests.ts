/** A door before the API server that writes down who asked for what and how it was answered, and changes nothing. */

import type { IncomingMessage } from 'node:http'
import { Agent, createServer, request as send } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Pki } from '../../src/apiserver/pki/pki.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly userAgent: string
  readonly contentType?: string
  readonly upgrade?: string
  readonly status: number
}

export interface Door {
  readonly url: string
  readonly port: number
  /** In the order of their answers. */
  readonly seen: readonly SeenRequest[]
  close(): void
}

type DoorPki = Pick<Pki, 'ca' | 'serverKey' | 'serverCertificate'>

export async function openDoor({ ca, serverKey, serverCertificate }: DoorPki, port: number): Promise<Door> {
  const seen: SeenRequest[] = []
  const agent = new Agent({ keepAlive: true, ca })
  const forward = ({ method, url, headers }: IncomingMessage) =>
    send({ host: '127.0.0.1', port, method, path: url, headers, agent })
  const note = (asked: IncomingMessage, { statusCode = 0 }: IncomingMessage): void => {
    const { pathname, searchParams } = new URL(asked.url ?? '/', 'https://door')
    seen.push({
      method: asked.method ?? '',
      path: pathname,
      query: searchParams,
      userAgent: asked.headers['user-agent'] ?? '',
      contentType: asked.headers['content-type'],
      upgrade: asked.headers.upgrade,
      status: statusCode,
    })
  }
  const server = createServer({ key: serverKey, cert: serverCertificate }, (asked, response) => {
    const inner = forward(asked)
    inner.on('response', answer => {
      note(asked, answer)
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      response.flushHeaders()
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    inner.on('error', () => response.destroy())
    response.on('close', () => inner.destroy())
    asked.pipe(inner)
  })
  server.on('upgrade', (asked: IncomingMessage, socket: Duplex) => {
    const inner = forward(asked)
    inner.on('response', answer => {
      note(asked, answer)
      socket.write(headOf(answer))
      answer.pipe(socket)
    })
    inner.on('upgrade', (answer: IncomingMessage, behind: Duplex, head: Buffer) => {
      note(asked, answer)
      socket.write(headOf(answer))
      behind.unshift(head)
      behind.pipe(socket).pipe(behind)
    })
    inner.on('error', () => socket.destroy())
    socket.on('error', () => inner.destroy())
    inner.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const opened = (server.address() as AddressInfo).port
  return {
    url: `https://127.0.0.1:${opened}`,
    port: opened,
    seen,
    close() {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
}

/** With a body as it comes off the wire, chunks undone: so the connection's end ends it. */
function headOf({ statusCode, statusMessage, headers }: IncomingMessage): string {
  const { 'transfer-encoding': _, ...kept } = headers
  const lines = Object.entries(kept).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`
}
