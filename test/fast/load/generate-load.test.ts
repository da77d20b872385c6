/** The load generator against servers that behave and servers that do not. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { generateLoad } from '../../../bench/load/generate-load.ts'
import { createResponseParser } from '../../../bench/load/response-parser.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
const http = (name: string): Server =>
  createHttpServer((_request, response) => response.setHeader('x-served-by', name).end('x'))
const raw = (onRequest: (socket: Socket) => void): Server =>
  createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => onRequest(socket))
  })

test('with keep-alive as many connections as asked for serve all requests', async () => {
  const urls = [await listen(http('a'))]
  const load = generateLoad({
    urls,
    mode: 'closed',
    keepAlive: true,
    connections: 3,
    requests: 50,
    shareBy: 'x-served-by',
  })
  const report = await load.finished
  expect(report).toMatchObject({ sent: 50, succeeded: 50, failed: 0, connectionsOpened: 3, shares: { a: 50 } })
  expect(report.latencyMs.count).toBe(50)
})

test('without, each request has a connection of its own, and servers take turns', async () => {
  const urls = [await listen(http('a')), await listen(http('b'))]
  const load = generateLoad({
    urls,
    mode: 'closed',
    keepAlive: false,
    connections: 3,
    requests: 20,
    shareBy: 'x-served-by',
  })
  expect(await load.finished).toMatchObject({ succeeded: 20, connectionsOpened: 20, shares: { a: 10, b: 10 } })
})

test('an open load goes on at its rate, whatever happens to its requests', async () => {
  const urls = [await listen(raw(socket => socket.resetAndDestroy()))]
  const load = generateLoad({ urls, mode: 'open', ratePerSecond: 2000, keepAlive: true, requests: 100 })
  const report = await load.finished
  expect(report).toMatchObject({ sent: 100, failed: 100, failuresByStage: { sent: 100 } })
  expect(report.failureList[0]).toMatchObject({ kind: 'reset', answeredBefore: 0 })
})

test('what fails is told apart', async () => {
  const closed = await listen(http('a'))
  servers.pop()?.close()
  const cases = {
    refused: closed,
    closed: await listen(raw(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))),
    timeout: await listen(raw(() => {})),
    status: await listen(raw(socket => socket.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'))),
    malformed: await listen(raw(socket => socket.end('SSH-2.0-OpenSSH\r\n\r\n'))),
  }
  for (const [kind, url] of Object.entries(cases)) {
    const load = generateLoad({ urls: [url], mode: 'closed', keepAlive: true, requests: 1, timeoutMs: 50 })
    expect((await load.finished).failures).toEqual({ [kind]: 1 })
  }
})

test('a mark tells what was in flight, and on which peer', async () => {
  const held: Socket[] = []
  let requests = 0
  let allSent = (): void => {}
  const waiting = new Promise<void>(resolve => {
    allSent = resolve
  })
  const server = raw(socket => {
    held.push(socket)
    if (++requests === 2) allSent()
  })
  const load = generateLoad({
    urls: [await listen(server)],
    mode: 'closed',
    keepAlive: true,
    connections: 2,
    requests: 2,
  })
  await waiting
  load.mark('kill')
  for (const socket of held) socket.resetAndDestroy()
  const { marks } = await load.finished
  expect(marks).toMatchObject([{ name: 'kill', inFlight: 2, inFlightByPeer: { '': 2 }, failures: 2 }])
})

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello', true],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n0\r\n\r\n', true],
  ['the last of a connection', 'HTTP/1.1 200 OK\r\nConnection: close\r\nX-A: b\r\nContent-Length: 0\r\n\r\n', false],
])('an answer with %s is whole at its last byte, however it is cut', (_name, text, mayGoOn) => {
  for (let cut = 0; cut < text.length; cut++) {
    const parser = createResponseParser('x-a')
    const first = cut > 0 ? parser.feed(Buffer.from(text.slice(0, cut))) : undefined
    expect(first).toBeUndefined()
    expect(parser.feed(Buffer.from(text.slice(cut)))).toEqual({ status: 200, share: 'b', mayGoOn })
  }
})
