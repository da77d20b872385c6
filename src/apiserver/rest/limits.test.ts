/** Clients that are slow or mean harm: each loses its connection, and whoever asks meanwhile is answered. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpsRequest, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { readBody } from './body.ts'
import { keepLimits, LIMITS, type Limits, serverOptions } from './limits.ts'

/** Handshakes are no test's matter: a hundred at once take their time on a busy machine. */
const SHORT: Limits = { ...LIMITS, headMs: 100, requestMs: 200, stallMs: 80, idleMs: 50 }

let folder: string
let pki: Pki
let server: Server
let end: () => void
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-limits-'))
  pki = ensurePki(folder)
  server = createServer({ key: pki.serverKey, cert: pki.serverCertificate, ...serverOptions(SHORT) })
  server.on('request', (request, response) => {
    if (request.url === '/endless') {
      const more = (): void => {
        while (response.write(Buffer.alloc(64 * 1024)));
      }
      response.on('drain', more)
      more()
      return
    }
    void readBody(request).then(
      body => response.end(`${body.length}`),
      () => response.destroy(),
    )
  })
  end = keepLimits(server, SHORT)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  end()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

async function open(): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: pki.ca, servername: 'localhost' })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** All that the server says until it closes the connection. */
async function untilClosed(socket: TLSSocket): Promise<string> {
  let said = ''
  socket.on('data', piece => {
    said += piece
  })
  // Not `once`: a connection that is reset has an error before it is closed.
  await new Promise(resolve => socket.on('close', resolve))
  return said
}

const ask = (): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest({ host: '127.0.0.1', port, ca: pki.ca, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject)
    request.end()
  })

test('a head that never ends is given up', async () => {
  const socket = await open()
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nx-slow: ')
  const drip = setInterval(() => socket.write('x'), 10)
  expect(await untilClosed(socket)).toContain('408 Request Timeout')
  clearInterval(drip)
})

test('a body that never ends is given up', async () => {
  const socket = await open()
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n')
  const drip = setInterval(() => socket.write('x'), 10)
  await untilClosed(socket)
  clearInterval(drip)
})

test('a connection on which nothing is asked is closed', async () => {
  expect(await untilClosed(await open())).toMatch(/^$|408/)
})

test('a head that is too large is refused', async () => {
  const socket = await open()
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(SHORT.headBytes)}\r\n\r\n`)
  // A client that is still sending may lose the answer, as TCP has it.
  expect(await untilClosed(socket)).toMatch(/^$|^HTTP\/1.1 431/)
})

test('an answer that nobody takes is given up', async () => {
  const socket = await open()
  socket.pause()
  const dropped = new Promise(resolve => server.once('secureConnection', each => each.once('close', resolve)))
  const reader = await open()
  reader.pause()
  reader.write('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
  await dropped
  socket.destroy()
  reader.destroy()
})

test('many connections that say nothing, or not enough, do not keep others from being answered', async () => {
  const silent = await Promise.all(Array.from({ length: 100 }, () => open()))
  for (const socket of silent) socket.write('GET / HT')
  expect(await ask()).toBe(200)
  for (const socket of silent) socket.destroy()
})

test('no more connections than allowed: those between requests make room', async () => {
  server.maxConnections = 3
  const kept = await Promise.all([open(), open(), open()])
  for (const socket of kept) socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await Promise.all(kept.map(socket => once(socket, 'data')))
  // Who finds no room is turned away, and soon finds some.
  let status: number | undefined
  while (status !== 200) status = await ask().catch(() => undefined)
  server.maxConnections = LIMITS.connections
  for (const socket of kept) socket.destroy()
})
