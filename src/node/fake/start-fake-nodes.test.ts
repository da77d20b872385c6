import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ensurePki } from '../../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../../apiserver/server.ts'
import { memoryStore } from '../../apiserver/store/open-store.ts'
import type { Node, Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { type FakeNodes, startFakeNodes } from './start-fake-nodes.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-fake-'))
const pki = ensurePki(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let server: ApiServer
let nodes: FakeNodes
beforeEach(async () => {
  server = createApiServer({ store: memoryStore(), pki })
  for (const name of ['default', 'kube-node-lease']) {
    await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await server.api.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
})
afterEach(async () => {
  await nodes.stop()
  await server.close()
})

async function seen<T extends KubeObject>(kind: string, name: string, apiVersion: string, is: (object: T) => boolean) {
  const options = { fieldSelector: `metadata.name=${name}`, signal: AbortSignal.timeout(10_000) }
  for await (const { object } of server.api.watch<T>({ apiVersion, kind }, { ...options, sendInitialEvents: true })) {
    if (is(object)) return object
  }
  throw new Error(`${kind} ${name} never came to what was waited for`)
}

test('nodes are made Ready and keep a Lease, whoever created them; their pods run, and end when they are deleted', async () => {
  nodes = startFakeNodes({ api: server.api, count: 2, capacity: { cpu: '4' } })
  await nodes.ready
  const node = await server.api.get<Node>({ apiVersion: 'v1', kind: 'Node', name: 'fake-1' })
  expect(node.status?.allocatable?.cpu).toBe('4')
  expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  await server.api.create({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'mine', labels: { 'solvent.dev/fake': 'true' } } },
  })
  await seen<Node>(
    'Node',
    'mine',
    'v1',
    ({ status }) => status?.conditions?.some(each => each.type === 'Ready') ?? false,
  )
  await seen('Lease', 'mine', 'coordination.k8s.io/v1', () => true)

  const pod = (name: string): Pod => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } },
    spec: { nodeName: 'mine', containers: [{ name: 'c', image: 'x' }] },
  })
  await server.api.create(pod('a'))
  const running = await seen<Pod>('Pod', 'a', 'v1', ({ status }) => status?.phase === 'Running')
  expect(running.status?.podIP).toBe('198.18.0.1')
  const gone = (async () => {
    for await (const event of server.api.watch(
      { apiVersion: 'v1', kind: 'Pod' },
      { signal: AbortSignal.timeout(10_000) },
    )) {
      if (event.type === 'DELETED') return true
    }
    return false
  })()
  await server.api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' })
  expect(await gone).toBe(true)
})
