/** The ways to ask, against servers of this test; messages as upstream's pkg/probe has them. */
import { createServer as createHttp, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { Container, Handler } from '../../kube/core.ts'
import { type CommandEnd, runHandler } from './run-handler.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(server: {
  listen(port: number, host: string, then: () => void): unknown
  close(): unknown
  address(): unknown
}) {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const serving = (listener: RequestListener): Promise<number> => {
  const server: Server = createHttp(listener)
  closing.push(() => server.closeAllConnections())
  return listening(server)
}

async function freePort(): Promise<number> {
  const server = createTcp()
  const port = await listening(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

const container: Container = { name: 'main' }
const asked = (handler: Handler, timeoutMs = 1_000, of: Container = container, end?: CommandEnd) =>
  runHandler(
    handler,
    {
      container: of,
      address: '127.0.0.1',
      clock: systemClock,
      run: async () => end ?? { code: 0, output: '', isTimedOut: false },
    },
    { purpose: 'probe', timeoutMs },
  )

describe('httpGet', () => {
  test.each([
    { status: 200, kind: 'success' },
    { status: 204, kind: 'success' },
    { status: 400, kind: 'failure', message: 'HTTP probe failed with statuscode: 400' },
    { status: 500, kind: 'failure', message: 'HTTP probe failed with statuscode: 500' },
  ])('an answer with $status: $kind (TestHTTPProbeChecker)', async ({ status, ...outcome }) => {
    const port = await serving((_, response) => response.writeHead(status).end('body'))
    expect(await asked({ httpGet: { port, path: '/healthz' } })).toEqual(outcome)
  })

  test.each([
    { headers: [], agent: 'kube-probe/1.37', accept: '*/*', host: undefined },
    { headers: [{ name: 'user-agent', value: 'mine' }], agent: 'mine', accept: '*/*', host: undefined },
    {
      headers: [{ name: 'Accept', value: 'text/html' }],
      agent: 'kube-probe/1.37',
      accept: 'text/html',
      host: undefined,
    },
    { headers: [{ name: 'Accept', value: '' }], agent: 'kube-probe/1.37', accept: undefined, host: undefined },
    {
      headers: [{ name: 'Host', value: 'shop.example' }],
      agent: 'kube-probe/1.37',
      accept: '*/*',
      host: 'shop.example',
    },
  ])('headers $headers (TestHTTPProbeChecker)', async ({ headers, agent, accept, host }) => {
    let seen: IncomingHttpHeaders = {}
    const port = await serving((request, response) => {
      seen = request.headers
      response.end()
    })
    await asked({ httpGet: { port, httpHeaders: headers } })
    expect({ agent: seen['user-agent'], accept: seen.accept }).toEqual({ agent, accept })
    expect(seen.host).toBe(host ?? `127.0.0.1:${port}`)
  })

  test('the path may carry a question, and may lack its slash', async () => {
    const paths: (string | undefined)[] = []
    const port = await serving((request, response) => {
      paths.push(request.url)
      response.end()
    })
    await asked({ httpGet: { port, path: '/ok?deep=1' } })
    await asked({ httpGet: { port, path: 'ok' } })
    expect(paths).toEqual(['/ok?deep=1', '/ok'])
  })

  test('a redirect at the host is followed, one to another host is a warning (TestHTTPProbeChecker_NonLocalRedirects)', async () => {
    const port = await serving((request, response) => {
      if (request.url === '/local') response.writeHead(302, { location: '/new' }).end()
      else if (request.url === '/away') response.writeHead(302, { location: 'http://foo.example/' }).end()
      else response.writeHead(request.url === '/new' ? 200 : 500).end()
    })
    expect(await asked({ httpGet: { port, path: '/local' } })).toEqual({ kind: 'success' })
    expect((await asked({ httpGet: { port, path: '/away' } })).kind).toBe('warning')
  })

  test('ten redirects are enough', async () => {
    const port = await serving((_, response) => response.writeHead(302, { location: '/again' }).end())
    expect(await asked({ httpGet: { port } })).toMatchObject({
      message: expect.stringContaining('stopped after 10 redirects'),
    })
  })

  test('nobody listens', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/`
    expect(await asked({ httpGet: { port } })).toEqual({
      kind: 'failure',
      message: `Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    })
  })

  test('no answer in time (TestHTTPProbeChecker_Timeout)', async () => {
    const port = await serving(() => {})
    expect(await asked({ httpGet: { port } }, 50)).toEqual({
      kind: 'failure',
      message: `Get "http://127.0.0.1:${port}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    })
  })

  test('a connection that is cut', async () => {
    const port = await serving(request => request.socket.destroy())
    expect(await asked({ httpGet: { port } })).toMatchObject({ message: `Get "http://127.0.0.1:${port}/": EOF` })
  })

  test('an endless answer is not read to its end', async () => {
    const port = await serving((_, response) => {
      const more = (): void => void response.write(Buffer.alloc(4096), more)
      response.on('error', () => {})
      more()
    })
    expect(await asked({ httpGet: { port } })).toEqual({ kind: 'success' })
  })
})

describe('ports (TestResolveContainerPort)', () => {
  const named: Container = { name: 'main', ports: [{ name: 'web', containerPort: 0 }] }
  test('by name', async () => {
    const port = await serving((_, response) => response.end())
    const of = { ...named, ports: [{ name: 'web', containerPort: port }] }
    expect(await asked({ tcpSocket: { port: 'web' } }, 1_000, of)).toEqual({ kind: 'success' })
  })
  test('a name that is not there is an error, no failure', async () => {
    expect(await asked({ httpGet: { port: 'other' } }, 1_000, named)).toEqual({
      kind: 'unknown',
      message: 'port other not found',
    })
  })
})

test('tcpSocket: a port that nobody has', async () => {
  const port = await freePort()
  expect(await asked({ tcpSocket: { port } })).toEqual({
    kind: 'failure',
    message: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  })
})

describe('exec (TestExec)', () => {
  test.each([
    { end: { code: 0, output: 'OK', isTimedOut: false }, outcome: { kind: 'success' } },
    { end: { code: 3, output: 'Fail', isTimedOut: false }, outcome: { kind: 'failure', message: 'Fail' } },
    {
      end: { code: 124, output: '', isTimedOut: true },
      outcome: { kind: 'failure', message: 'command timed out: "check it" timed out after 1s' },
    },
  ])('$end', async ({ end, outcome }) => {
    expect(await asked({ exec: { command: ['check', 'it'] } }, 1_000, container, end)).toEqual(outcome)
  })
})

describe('grpc', () => {
  async function health(answer: (service: string, stream: ServerHttp2Stream) => void): Promise<number> {
    const server = createHttp2()
    server.on('stream', stream => {
      stream.on('error', () => {})
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => answer(Buffer.concat(chunks).subarray(7).toString(), stream))
    })
    return listening(server)
  }
  const reply = (stream: ServerHttp2Stream, status: number): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
  }

  test.each([
    { status: 1, outcome: { kind: 'success' } },
    { status: 2, outcome: { kind: 'failure', message: 'service unhealthy (responded with "NOT_SERVING")' } },
  ])('a server that answers $status (TestGrpcProber_Probe)', async ({ status, outcome }) => {
    const port = await health((_, stream) => reply(stream, status))
    expect(await asked({ grpc: { port } })).toEqual(outcome)
  })

  test('the service is asked for by its name', async () => {
    let asks = ''
    const port = await health((service, stream) => {
      asks = service
      reply(stream, 1)
    })
    await asked({ grpc: { port, service: 'readiness' } })
    expect(asks).toBe('readiness')
  })

  test('a server that does not know the protocol (TestGrpcProber_Probe)', async () => {
    const port = await health((_, stream) =>
      stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'unknown service' }, { endStream: true }),
    )
    expect(await asked({ grpc: { port } })).toEqual({
      kind: 'failure',
      message:
        'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service',
    })
  })

  test('a server that stays silent (TestGrpcProber_Probe)', async () => {
    const port = await health(() => {})
    expect(await asked({ grpc: { port } }, 100)).toEqual({
      kind: 'failure',
      message: 'timeout: health rpc did not complete within 0.1s',
    })
  })

  test('nobody listens', async () => {
    const port = await freePort()
    expect((await asked({ grpc: { port } })).kind).toBe('failure')
  })
})
