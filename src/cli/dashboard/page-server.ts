/** Serves the bundled pages of dist/web on loopback. Files are read once, so no path of a request ever reaches the disk. */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

export interface PageServer {
  readonly url: string
  close(): void
}

/** `port` 0: a free one. Rejects with the system's error when the port is taken. */
export async function servePages(folder: string, port: number): Promise<PageServer> {
  const files = new Map(
    readdirSync(folder)
      .filter(name => extname(name) in TYPES)
      .map(name => [`/${name}`, { type: TYPES[extname(name)]!, bytes: readFileSync(join(folder, name)) }]),
  )
  const server = createServer((request, response) => {
    // A page of another site that made its name point to 127.0.0.1 asks with its own name.
    const asked = (request.headers.host ?? '').replace(/:\d+$/, '')
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const file = files.get(pathname === '/' ? '/index.html' : pathname)
    const status = !['127.0.0.1', 'localhost'].includes(asked)
      ? 421
      : !['GET', 'HEAD'].includes(request.method ?? '')
        ? 405
        : file
          ? 200
          : 404
    if (status !== 200) return void response.writeHead(status, HEADERS).end()
    response.writeHead(200, { ...HEADERS, 'content-type': file!.type, 'content-length': file!.bytes.length })
    response.end(request.method === 'HEAD' ? undefined : file!.bytes)
  })
  await listening(server, port)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(port, '127.0.0.1', done)
  })
}
