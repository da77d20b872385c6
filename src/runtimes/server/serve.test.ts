import { Agent, get, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { handlerOf } from './handler.ts'
import { type Serving, serve } from './serve.ts'
import { readSettings } from './settings.ts'

let serving: Serving | undefined
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
afterEach(async () => {
  agent.destroy()
  await serving?.drain()
  serving = undefined
})

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

async function start(exported: unknown) {
  const [port, metricsPort] = [await freePort(), await freePort()]
  serving = await serve(handlerOf(exported), { port, metricsPort, host: '127.0.0.1' })
  return { port, metricsPort }
}

function ask(port: number, options: object = {}, body?: string) {
  return new Promise<{ response: IncomingMessage; text: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, agent, ...options }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', part => {
        text += part
      })
      response.on('end', () => resolve({ response, text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

test.each([
  [
    '(request) => Response',
    async (r: Request) => new Response(`${r.method} ${new URL(r.url).pathname} ${await r.text()}`),
  ],
  [
    '{ fetch }',
    {
      prefix: 'POST',
      async fetch(this: { prefix: string }, r: Request) {
        return new Response(`${this.prefix} ${new URL(r.url).pathname} ${await r.text()}`)
      },
    },
  ],
  [
    '(request, response)',
    (r: IncomingMessage, answer: { end(text: string): void }) => {
      let body = ''
      r.on('data', part => {
        body += part
      })
      r.on('end', () => answer.end(`${r.method} ${r.url} ${body}`))
    },
  ],
])('a module may answer as %s', async (_, exported) => {
  const { port } = await start(exported)
  expect((await ask(port, { method: 'POST', path: '/a' }, 'body')).text).toBe('POST /a body')
})

test('status, headers and several cookies reach the client', async () => {
  const { port } = await start(() => {
    const headers = new Headers({ location: '/b' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response(null, { status: 302, headers })
  })
  const { response } = await ask(port)
  expect(response.statusCode).toBe(302)
  expect(response.headers).toMatchObject({ location: '/b', 'set-cookie': ['a=1', 'b=2'] })
})

test('a handler that throws costs its own request only', async () => {
  let calls = 0
  const { port } = await start(() => {
    if (calls++ === 0) throw new Error('thrown on purpose by a test')
    return new Response('fine')
  })
  expect((await ask(port)).response.statusCode).toBe(500)
  expect((await ask(port)).text).toBe('fine')
})

test('an export that answers nothing is said', () => {
  expect(() => handlerOf(undefined)).toThrow(/default export of the module must be/)
})

test('asked to end, it answers on open connections and closes each with its answer', async () => {
  const { port } = await start(() => new Response('hello'))
  expect((await ask(port)).response.headers.connection).toBe('keep-alive')
  let isDone = false
  const drained = serving!.drain().then(() => {
    isDone = true
  })
  const { response, text } = await ask(port)
  expect(text).toBe('hello')
  expect(response.headers.connection).toBe('close')
  await drained
  expect(isDone).toBe(true)
  serving = undefined
  await expect(ask(port)).rejects.toThrow(/ECONNREFUSED/)
})

test('requests are counted, for Prometheus, on a port of their own', async () => {
  const { port, metricsPort } = await start(() => new Response('x'))
  await ask(port)
  await ask(port, { path: '/metrics' })
  const text = await new Promise<string>(resolve => {
    get({ host: '127.0.0.1', port: metricsPort, agent: false }, response => {
      let all = ''
      response.on('data', part => {
        all += part
      })
      response.on('end', () => resolve(all))
    })
  })
  expect(text).toContain('# TYPE http_requests_total counter\nhttp_requests_total 2\n')
})

test('where pods share a network, it listens on its own address', () => {
  expect(readSettings({ POD_IP: '127.3.0.9', PORT: '80', SOLVENT_ROOT: '/r' })).toMatchObject({
    host: '127.3.0.9',
    port: 80,
  })
  expect(readSettings({ POD_IP: '10.0.0.9' })).toMatchObject({ host: undefined, port: 8080, metricsPort: 9464 })
})
