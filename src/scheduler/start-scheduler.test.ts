import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../apiserver/server.ts'
import { memoryStore } from '../apiserver/store/open-store.ts'
import type { KubeApi, WriteOptions } from '../client/kube-api.ts'
import type { Node, Pod } from '../kube/core.ts'
import type { ResourceClaim } from '../kube/devices.ts'
import type { KubeObject } from '../kube/object.ts'
import { apiError } from '../kube/status.ts'
import { type RunningScheduler, startScheduler } from './start-scheduler.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-scheduler-'))
const pki = ensurePki(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let server: ApiServer
let scheduler: RunningScheduler
const log: string[] = []
beforeEach(async () => {
  log.length = 0
  server = createApiServer({ store: memoryStore(), pki })
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0' },
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } },
  }
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }
  for (const object of [namespace, account, node]) await server.api.create(object)
})
afterEach(async () => {
  await scheduler.stop()
  await server.close()
})

const pod = (name: string, more: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '1' } } }], ...more },
})

async function bound(name: string): Promise<Pod> {
  const options = { fieldSelector: `metadata.name=${name}`, signal: AbortSignal.timeout(10_000) }
  for await (const { object } of server.api.watch<Pod>({ apiVersion: 'v1', kind: 'Pod' }, options)) {
    if (object.spec.nodeName) return object
  }
  throw new Error(`${name} was never bound`)
}

/** Our API server, which refuses the first bindings. */
function refusing(times: number): KubeApi {
  const { api } = server
  let left = times
  return new Proxy(api, {
    get(target, verb: keyof KubeApi) {
      if (verb !== 'create') return target[verb].bind(target)
      return async (object: KubeObject, options: WriteOptions = {}) => {
        if (options.subresource === 'binding' && left-- > 0) throw apiError('InternalError', 'not now')
        return target.create(object, options)
      }
    },
  })
}

test('a binding that fails is tried again', async () => {
  scheduler = startScheduler({ api: refusing(3), log: line => log.push(line) })
  await server.api.create(pod('a'))
  expect((await bound('a')).spec.nodeName).toBe('node-0')
  expect(log).toEqual(['scheduler: not now', 'scheduler: not now', 'scheduler: not now'])
})

test('pods of other schedulers are left alone, but the room that they take is not given away', async () => {
  scheduler = startScheduler({ api: server.api, schedulerName: 'solvent' })
  await server.api.create(pod('theirs'))
  await server.api.create(pod('ours', { schedulerName: 'solvent' }))
  await bound('ours')
  const theirs = await server.api.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'theirs' })
  expect(theirs.spec.nodeName).toBeUndefined()
  await server.api.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'ours' },
    { gracePeriodSeconds: 0 },
  )
  await server.api.create(
    {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'theirs', namespace: 'default' },
      target: { kind: 'Node', name: 'node-0' },
    } as KubeObject,
    { subresource: 'binding' },
  )
  await server.api.create(pod('later', { schedulerName: 'solvent' }))
  const options = { fieldSelector: 'metadata.name=later', signal: AbortSignal.timeout(10_000) }
  for await (const { object } of server.api.watch<Pod>({ apiVersion: 'v1', kind: 'Pod' }, options)) {
    const message = object.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
    if (message === undefined) continue
    expect(message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    )
    return
  }
  throw new Error('nothing was said')
})

test('a more important pod makes room for itself: the victim is told why, ends, and the pod gets its node', async () => {
  scheduler = startScheduler({ api: server.api, log: line => log.push(line) })
  const important = {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'important' },
    value: 10,
  }
  await server.api.create(important as KubeObject)
  await server.api.create(pod('meek', { terminationGracePeriodSeconds: 0 }))
  await bound('meek')
  await server.api.create(pod('urgent', { priorityClassName: 'important' }))
  const collection = { apiVersion: 'v1', kind: 'Pod' }
  let reason: string | undefined
  for await (const { type, object } of server.api.watch<Pod>(collection, {
    signal: AbortSignal.timeout(10_000),
    sendInitialEvents: true,
  })) {
    if (object.metadata.name !== 'meek') continue
    reason ??= object.status?.conditions?.find(each => each.type === 'DisruptionTarget')?.reason
    if (type === 'DELETED') break
    // No node agent runs here to end it.
    if (object.metadata.deletionTimestamp) {
      await server.api.delete({ ...collection, namespace: 'default', name: 'meek' }, { gracePeriodSeconds: 0 })
    }
  }
  expect(reason).toBe('PreemptionByScheduler')
  expect((await bound('urgent')).spec.nodeName).toBe('node-0')
  expect(log).toEqual([])
})

test('a pod that claims a device gets one: the claim says which and for whom, before the pod is bound', async () => {
  scheduler = startScheduler({ api: server.api, log: line => log.push(line) })
  const resource = (kind: string, metadata: KubeObject['metadata'], spec: unknown): KubeObject =>
    ({ apiVersion: 'resource.k8s.io/v1', kind, metadata, spec }) as KubeObject
  const pool = { name: 'node-0', generation: 1, resourceSliceCount: 1 }
  const slice = { driver: 'fake.example.com', nodeName: 'node-0', pool, devices: [{ name: 'gpu-0' }] }
  const requests = [{ name: 'gpu', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } }]
  for (const object of [
    resource(
      'DeviceClass',
      { name: 'gpu' },
      { selectors: [{ cel: { expression: 'device.driver == "fake.example.com"' } }] },
    ),
    resource('ResourceSlice', { name: 'slice' }, slice),
    resource('ResourceClaim', { name: 'mine', namespace: 'default' }, { devices: { requests } }),
  ]) {
    await server.api.create(object)
  }
  await server.api.create(pod('p', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'mine' }] }))
  const { metadata } = await bound('p')
  const ref = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', namespace: 'default', name: 'mine' }
  const claim = await server.api.get<ResourceClaim>(ref)
  expect(claim.metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection'])
  expect(claim.status?.reservedFor).toEqual([{ resource: 'pods', name: 'p', uid: metadata.uid }])
  expect(claim.status?.allocation?.devices?.results).toEqual([
    { request: 'gpu', driver: 'fake.example.com', pool: 'node-0', device: 'gpu-0' },
  ])
  expect(log).toEqual([])
})
