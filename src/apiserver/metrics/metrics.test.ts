/** metrics.k8s.io as clients see it: with a node that says what we make it say. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import type { NodeUsage } from '../../client/node-api.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-metrics-'))
let pki: Pki
let server: ApiServer
let port: number
/** Moves on by itself where somebody waits. */
let nowMs = Date.parse('2026-11-25T12:00:00Z')
const clock: Clock = {
  now: () => nowMs,
  monotonicMs: () => nowMs,
  after(delayMs, action) {
    setImmediate(() => {
      nowMs += delayMs
      action()
    })
    return () => {}
  },
}
let asked = 0
const START = nowMs - 100_000

/** Half a core of the node; a tenth of one and 20 MiB for the container. */
async function usage(): Promise<NodeUsage> {
  asked++
  const seconds = (nowMs - START) / 1000
  const container = { name: 'main', startedAt: START, cpuSeconds: seconds * 0.1, memoryBytes: 20 << 20 }
  return {
    at: nowMs,
    node: { startedAt: START, cpuSeconds: seconds * 0.5, memoryBytes: 1 << 30 },
    pods: ['p', 'gone'].map(name => ({ uid: name, namespace: 'default', name, containers: [container] })),
  }
}

beforeAll(async () => {
  pki = ensurePki(folder)
  const logs = async function* () {}
  const nodeApi = (name: string) => (name === 'silent' ? undefined : { logs, usage })
  server = createApiServer({ store: memoryStore(), pki, clock, nodeApi })
  port = (await server.listen(['127.0.0.1'], 0)).port
  const { api } = server
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
  for (const name of ['here', 'silent']) await api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
  const metadata = { name: 'p', namespace: 'default', labels: { app: 'web' } }
  const spec = { nodeName: 'here', containers: [{ name: 'main', image: 'x' }] }
  await api.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as never)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

function get(path: string, accept = 'application/json') {
  return new Promise<{ code?: number; body: Record<string, unknown> & { items?: unknown[] } }>((resolve, reject) => {
    const headers = { authorization: `Bearer ${pki.adminToken}`, accept }
    request({ port, path, headers, ca: pki.ca, servername: 'localhost' }, async response => {
      let text = ''
      for await (const piece of response) text += piece
      resolve({ code: response.statusCode, body: JSON.parse(text) })
    })
      .on('error', reject)
      .end()
  })
}

const POD = {
  metadata: {
    name: 'p',
    namespace: 'default',
    creationTimestamp: expect.any(String),
    labels: { app: 'web' },
  },
  timestamp: expect.stringMatching(/^2026-11-25T12:/),
  window: '0.5s',
  containers: [{ name: 'main', usage: { cpu: '100000000n', memory: '20480Ki' } }],
}

test('pods with what they use; one that the API does not know is left out', async () => {
  const { code, body } = await get('/apis/metrics.k8s.io/v1beta1/pods')
  expect(code).toBe(200)
  expect(body).toEqual({
    kind: 'PodMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { resourceVersion: '' },
    items: [POD],
  })
})

test('who asks again within a second gets the same look', async () => {
  const before = asked
  await get('/apis/metrics.k8s.io/v1beta1/pods')
  expect(asked).toBe(before)
  nowMs += 15_000
  const { body } = await get('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/p')
  expect(asked).toBe(before + 1)
  expect(body).toMatchObject({ kind: 'PodMetrics', window: '15s', containers: POD.containers })
})

test('by labels and by namespace, over HTTP and in process', async () => {
  const at = async (path: string) => (await get(`/apis/metrics.k8s.io/v1beta1/${path}`)).body.items?.length
  expect(await at('namespaces/default/pods?labelSelector=app%3Dweb')).toBe(1)
  expect(await at('namespaces/default/pods?labelSelector=app%3Dother')).toBe(0)
  expect(await at('namespaces/elsewhere/pods')).toBe(0)
  const collection = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', namespace: 'default' }
  const { items } = await server.api.list(collection, { labelSelector: 'app=web' })
  expect(items).toMatchObject([{ kind: 'PodMetrics', metadata: { name: 'p' } }])
})

test('nodes that answer', async () => {
  const { body } = await get('/apis/metrics.k8s.io/v1beta1/nodes')
  expect(body.items).toMatchObject([{ metadata: { name: 'here' }, usage: { cpu: '500000000n', memory: '1048576Ki' } }])
})

test('as a table', async () => {
  const { body } = await get('/apis/metrics.k8s.io/v1beta1/pods', 'application/json;as=Table;v=v1;g=meta.k8s.io')
  const { columnDefinitions, rows } = body as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] }
  expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'cpu', 'memory', 'Window'])
  expect(rows.map(({ cells }) => cells)).toEqual([['p', '100m', '20Mi', '15s']])
})

test('what nobody measures is not found, and nothing can be written', async () => {
  expect((await get('/apis/metrics.k8s.io/v1beta1/nodes/silent')).code).toBe(404)
  expect((await get('/apis/metrics.k8s.io/v1beta1/pods?watch=1')).code).toBe(405)
})

test('discovery and OpenAPI know the group', async () => {
  const { body } = await get('/apis/metrics.k8s.io/v1beta1')
  expect(body.resources).toMatchObject([
    { name: 'nodes', kind: 'NodeMetrics', namespaced: false, verbs: ['get', 'list'] },
    { name: 'pods', kind: 'PodMetrics', namespaced: true, verbs: ['get', 'list'] },
  ])
  expect((await get('/openapi/v3/apis/metrics.k8s.io/v1beta1')).code).toBe(200)
})
