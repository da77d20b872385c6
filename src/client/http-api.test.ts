import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../kube/status.ts'
import { createHttpApi, type HttpApi } from './http-api.ts'

const read = (name: string): string => readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8')
const cert = read('loopback.crt')

interface Seen {
  readonly method: string
  readonly url: string
  readonly type: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}
type Answer = (request: Seen, response: ServerResponse) => void

let server: Server
let answer: Answer
let seen: Seen[]
let api: HttpApi
let warnings: string[]

const send = (response: ServerResponse, code: number, body: unknown, headers = {}): void => {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}
const status = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  code,
  reason,
  message,
})

beforeEach(async () => {
  seen = []
  warnings = []
  answer = (_, response) => send(response, 200, {})
  server = createServer({ cert, key: read('loopback.key') }, async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { authorization, 'content-type': type } = request.headers
    const record = { method: request.method!, url: request.url!, type, authorization, body }
    seen.push(record)
    answer(record, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  api = createHttpApi(
    { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: cert, token: 'secret' },
    { onWarning: text => warnings.push(text) },
  )
})

afterEach(() => {
  vi.unstubAllEnvs()
  api.close()
  server.closeAllConnections()
  server.close()
})

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } }

test('verbs become methods, paths, queries and content types', async () => {
  await api.get({ ...pod, name: 'a', namespace: 'n' })
  await api.list({ apiVersion: 'batch/v1', kind: 'Job' }, { labelSelector: 'a=b', limit: 2 })
  await api.create(pod, { fieldManager: 'm', dryRun: true })
  await api.update(pod, { subresource: 'status' })
  await api.patch({ ...pod, name: 'a', namespace: 'n' }, 'strategic', { x: 1 })
  await api.apply(pod, { fieldManager: 'm', force: true })
  await api.delete({ ...pod, name: 'a', namespace: 'n' }, { gracePeriodSeconds: 0, dryRun: true })
  await api.create({ apiVersion: 'v1', kind: 'Binding', metadata: pod.metadata }, { subresource: 'binding' })
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
  expect(seen.map(({ method, url, type }) => `${method} ${url} ${type ?? ''}`.trim())).toEqual([
    'GET /api/v1/namespaces/n/pods/a',
    'GET /apis/batch/v1/jobs?labelSelector=a%3Db&limit=2',
    'POST /api/v1/namespaces/n/pods?fieldManager=m&dryRun=All application/json',
    'PUT /api/v1/namespaces/n/pods/a/status application/json',
    'PATCH /api/v1/namespaces/n/pods/a application/strategic-merge-patch+json',
    'PATCH /api/v1/namespaces/n/pods/a?fieldManager=m&force=true application/apply-patch+yaml',
    'DELETE /api/v1/namespaces/n/pods/a?dryRun=All application/json',
    'POST /api/v1/namespaces/n/pods/a/binding application/json',
    'POST /api/v1/namespaces application/json',
  ])
  expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']))
  expect(JSON.parse(seen[6]!.body)).toEqual({ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 })
})

test('a refusal arrives as ApiError with the Status of the server, and as one with its text where there is none', async () => {
  answer = (_, response) => send(response, 409, status(409, 'AlreadyExists', 'pods "a" already exists'))
  await expect(api.create(pod)).rejects.toMatchObject({ reason: 'AlreadyExists', message: 'pods "a" already exists' })
  answer = (_, response) => response.writeHead(502).end('<html>bad gateway')
  const error = await api.create(pod).catch(caught => caught)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({ code: 502, message: '<html>bad gateway' })
})

test('items of a list carry their kind, and characters cut by chunks stay whole', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `é-${i}-漢`)
  const body = Buffer.from(JSON.stringify({ kind: 'PodList', items: names.map(name => ({ metadata: { name } })) }))
  answer = (_, response) => {
    response.writeHead(200)
    for (let at = 0; at < body.length; at += 4097) response.write(body.subarray(at, at + 4097))
    response.end()
  }
  const { items } = await api.list({ apiVersion: 'v1', kind: 'Pod' })
  expect(items.map(item => item.metadata.name)).toEqual(names)
  expect(items[7]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' })
})

test('a watch gives events by line however the chunks fall, ends with the stream and throws its ERROR event', async () => {
  const events = ['ADDED', 'MODIFIED', 'BOOKMARK'].map(type =>
    JSON.stringify({ type, object: { metadata: { name: 'é' } } }),
  )
  answer = async (_, response) => {
    response.writeHead(200)
    for (const byte of Buffer.from(`${events.join('\n')}\n`)) {
      response.write(Buffer.from([byte]))
      if (byte === 0xc3) await new Promise(setImmediate)
    }
    response.end()
  }
  const got: unknown[] = []
  const collection = { apiVersion: 'v1', kind: 'Pod', namespace: 'n' }
  for await (const event of api.watch(collection, { sendInitialEvents: true })) got.push(event)
  expect(got.map(event => JSON.stringify(event))).toEqual(events)
  expect(seen[0]!.url).toBe(
    '/api/v1/namespaces/n/pods?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  )

  answer = (_, response) => {
    response.write(`${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old') })}\n`)
    response.end()
  }
  const next = api.watch(collection, { resourceVersion: '1' })[Symbol.asyncIterator]().next()
  await expect(next).rejects.toMatchObject({ reason: 'Expired' })
})

test('an aborted watch ends without error, and one that is left closes its connection', async () => {
  answer = (_, response) => response.write(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`)
  const stop = new AbortController()
  let count = 0
  for await (const _ of api.watch(pod, { signal: stop.signal })) {
    count++
    stop.abort()
  }
  expect(count).toBe(1)

  const closed = new Promise<void>(resolve => {
    answer = (_, response) => {
      response.on('close', resolve)
      response.write(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`)
    }
  })
  for await (const _ of api.watch(pod)) break
  await closed
})

test('logs stream bytes as they come', async () => {
  answer = (_, response) => {
    response.write('one\n')
    response.end('two')
  }
  let text = ''
  const options = { container: 'c', follow: true, tailLines: 5 }
  for await (const chunk of api.logs({ namespace: 'n', name: 'a' }, options)) text += Buffer.from(chunk).toString()
  expect(text).toBe('one\ntwo')
  expect(seen[0]!.url).toBe('/api/v1/namespaces/n/pods/a/log?container=c&follow=true&tailLines=5')
})

test('a server that asks to come back later is asked again', async () => {
  let turn = 0
  answer = (_, response) =>
    turn++ === 0
      ? send(response, 429, status(429, 'TooManyRequests', 'later'), { 'Retry-After': '0' })
      : send(response, 200, pod)
  expect(await api.get({ ...pod, name: 'a' })).toEqual(pod)
})

test('a server that is being restarted is waited for, as long as one has patience', async () => {
  const { port } = server.address() as AddressInfo
  api.close()
  await new Promise(resolve => server.close(resolve))
  const patient = createHttpApi({ server: `https://127.0.0.1:${port}`, ca: cert }, { patienceMs: 20_000 })
  const hasty = createHttpApi({ server: `https://127.0.0.1:${port}`, ca: cert })
  await expect(hasty.create(pod)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  const answered = patient.create(pod)
  answer = (_, response) => send(response, 201, pod)
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  expect(await answered).toEqual(pod)
  patient.close()
})

test('an unknown kind is discovered once; one that is not there is NotFound and asked again', async () => {
  const resources = [
    { name: 'batchjobs', singularName: 'batchjob', namespaced: true, kind: 'BatchJob', shortNames: ['bj'] },
    { name: 'batchjobs/status', singularName: '', namespaced: true, kind: 'BatchJob' },
  ]
  answer = ({ url }, response) =>
    url === '/apis/solvent.dev/v1alpha1' ? send(response, 200, { resources }) : send(response, 200, {})
  const job = { apiVersion: 'solvent.dev/v1alpha1', kind: 'BatchJob', namespace: 'n', name: 'w' }
  await api.get(job)
  await api.get(job)
  expect(seen.map(({ url }) => url)).toEqual([
    '/apis/solvent.dev/v1alpha1',
    '/apis/solvent.dev/v1alpha1/namespaces/n/batchjobs/w',
    '/apis/solvent.dev/v1alpha1/namespaces/n/batchjobs/w',
  ])
  await expect(api.get({ ...job, kind: 'Other' })).rejects.toMatchObject({
    reason: 'NotFound',
    message: 'the server has no kind "Other" in "solvent.dev/v1alpha1"',
  })
})

test('everything served is read from aggregated discovery, and from the old lists where there is none', async () => {
  const versions = [
    {
      version: 'v1',
      resources: [
        {
          resource: 'widgets',
          singularResource: 'widget',
          scope: 'Cluster',
          responseKind: { kind: 'Widget' },
          shortNames: ['wd'],
          subresources: [{ subresource: 'status' }],
        },
      ],
    },
  ]
  answer = (_, response) =>
    send(response, 200, { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'x.dev' }, versions }] })
  const widget = {
    group: 'x.dev',
    version: 'v1',
    kind: 'Widget',
    plural: 'widgets',
    shortNames: ['wd'],
    namespaced: false,
  }
  expect((await api.discovery.all()).find(info => info.kind === 'Widget')).toMatchObject(widget)

  const old = createHttpApi({ server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: cert })
  answer = ({ url }, response) =>
    url === '/apis'
      ? send(response, 200, { kind: 'APIGroupList', groups: [{ name: 'x.dev', versions: [{ version: 'v1' }] }] })
      : send(response, 200, {
          resources: [
            { name: 'widgets', singularName: 'widget', namespaced: false, kind: 'Widget', shortNames: ['wd'] },
            { name: 'widgets/status', singularName: '', namespaced: false, kind: 'Widget' },
          ],
        })
  const found = (await old.discovery.all()).find(info => info.kind === 'Widget')
  expect(found).toMatchObject({ ...widget, subresources: ['status'] })
  old.close()
})

test('warnings of the server are handed on', async () => {
  answer = (_, response) => send(response, 200, pod, { Warning: '299 - "unknown field \\"spec.x\\""' })
  await api.get({ ...pod, name: 'a' })
  expect(warnings).toEqual(['unknown field "spec.x"'])
})

test('a proxy in the environment never stands between us and the server', async () => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY']) {
    vi.stubEnv(name, 'http://127.0.0.1:1')
  }
  vi.stubEnv('NODE_USE_ENV_PROXY', '1')
  answer = (_, response) => send(response, 200, pod)
  expect(await api.get({ ...pod, name: 'a' })).toEqual(pod)
})

test('a server of another authority is refused', async () => {
  const stranger = createHttpApi({ server: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
  await expect(stranger.get({ ...pod, name: 'a' })).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  stranger.close()
})
