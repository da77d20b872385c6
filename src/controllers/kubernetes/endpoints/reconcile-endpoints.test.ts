import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Endpoints, Pod, Service } from '../../../kube/core.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { reconcileEndpoints } from './reconcile-endpoints.ts'
import { aboutSelection, isUnanswered } from './selection-news.ts'

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'n', uid: 's' },
  spec: { clusterIP: '10.96.0.9', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})

const pod = (name: string, ip: string | undefined, ready: boolean, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', uid: name, ...more.metadata },
  spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 9090 }] }], nodeName: 'node', ...more.spec },
  status: {
    phase: 'Running',
    podIP: ip,
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    ...more.status,
  },
})

const observe = (of: Service, pods: readonly Pod[]) => ({ service: of, pods, endpoints: undefined, slices: [] })
const made = <T>(actions: readonly Action[], kind: string): T =>
  actions.flatMap(action => (action.kind === 'create' && action.object.kind === kind ? [action.object] : []))[0] as T

test('ready pods are addresses, others are not ready; those without an address or at their end are nothing', () => {
  const ended = pod('d', '10.0.0.4', false, { status: { phase: 'Succeeded', podIP: '10.0.0.4' } })
  const pods = [pod('b', '10.0.0.2', false), pod('a', '10.0.0.1', true), pod('c', undefined, false), ended]
  const actions = reconcileEndpoints(observe(service(), pods))
  const [subset] = made<Endpoints>(actions, 'Endpoints').subsets!
  expect(subset?.addresses?.map(({ ip }) => ip)).toEqual(['10.0.0.1'])
  expect(subset?.notReadyAddresses?.map(({ ip }) => ip)).toEqual(['10.0.0.2'])
  expect(subset?.ports).toEqual([{ port: 8080, protocol: 'TCP' }])
  expect(
    made<EndpointSlice>(actions, 'EndpointSlice').endpoints.map(each => [each.addresses[0], each.conditions?.ready]),
  ).toEqual([
    ['10.0.0.1', true],
    ['10.0.0.2', false],
  ])
})

test('publishNotReadyAddresses makes all of them addresses', () => {
  const actions = reconcileEndpoints(
    observe(service({ publishNotReadyAddresses: true }), [pod('a', '10.0.0.1', false)]),
  )
  expect(made<Endpoints>(actions, 'Endpoints').subsets?.[0]?.addresses?.length).toBe(1)
  expect(made<EndpointSlice>(actions, 'EndpointSlice').endpoints[0]?.conditions).toEqual({
    ready: true,
    serving: false,
    terminating: false,
  })
})

test('a pod on its way out is listed in the slice only, as terminating', () => {
  const leaving = pod('a', '10.0.0.1', true, { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } })
  const actions = reconcileEndpoints(observe(service(), [leaving]))
  expect(made<Endpoints>(actions, 'Endpoints').subsets).toBeUndefined()
  expect(made<EndpointSlice>(actions, 'EndpointSlice').endpoints[0]?.conditions).toEqual({
    ready: false,
    serving: true,
    terminating: true,
  })
})

test('a pod whose subdomain is the Service has its host name there', () => {
  const named = pod('a', '10.0.0.1', true, { spec: { containers: [], hostname: 'a-0', subdomain: 'web' } })
  const actions = reconcileEndpoints(observe(service({ clusterIP: 'None' }), [named]))
  const endpoints = made<Endpoints>(actions, 'Endpoints')
  expect(endpoints.subsets?.[0]?.addresses?.[0]?.hostname).toBe('a-0')
  expect(endpoints.metadata.labels).toMatchObject({ 'service.kubernetes.io/headless': '' })
  expect(made<EndpointSlice>(actions, 'EndpointSlice').endpoints[0]?.hostname).toBe('a-0')
})

test('a named port is looked up in each pod', () => {
  const other = pod('b', '10.0.0.2', true, {
    spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 7 }] }] },
  })
  const ports = [{ name: 'main', port: 80, targetPort: 'http' }]
  const actions = reconcileEndpoints(observe(service({ ports }), [pod('a', '10.0.0.1', true), other]))
  expect(made<Endpoints>(actions, 'Endpoints').subsets?.map(subset => subset.ports)).toEqual([
    [{ name: 'main', port: 9090, protocol: 'TCP' }],
    [{ name: 'main', port: 7, protocol: 'TCP' }],
  ])
})

test('a settled state gives nothing, and a Service without a selector is its owner business', () => {
  const pods = [pod('a', '10.0.0.1', true), pod('b', '10.0.0.2', false)]
  const actions = reconcileEndpoints(observe(service(), pods))
  const endpoints = made<Endpoints>(actions, 'Endpoints')
  const slices = [made<EndpointSlice>(actions, 'EndpointSlice')]
  expect(reconcileEndpoints({ service: service(), pods, endpoints, slices })).toEqual([])
  expect(reconcileEndpoints(observe(service({ selector: undefined }), pods))).toEqual([])
})

test('an address that went is taken out of what is there', () => {
  const before = reconcileEndpoints(observe(service(), [pod('a', '10.0.0.1', true)]))
  const endpoints = made<Endpoints>(before, 'Endpoints')
  const slices = [made<EndpointSlice>(before, 'EndpointSlice')]
  const actions = reconcileEndpoints({ service: service(), pods: [], endpoints, slices })
  expect(actions.map(({ kind }) => kind)).toEqual(['update', 'update'])
  expect(actions.map(action => action.kind === 'update' && action.object)).toEqual([
    expect.not.objectContaining({ subsets: expect.anything() }),
    expect.objectContaining({ endpoints: [] }),
  ])
})

const many = (count: number, ready: boolean, from = 0): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`p${from + i}`, `10.${(from + i) >> 8}.${(from + i) & 255}.1`, ready))

describe('TestTruncateEndpoints, TestSyncServiceOverCapacity', () => {
  test.each([
    ['underneath capacity', 400, 600, 400, 600, false],
    ['over capacity: those that are not ready are left out first', 600, 600, 600, 400, true],
    ['over capacity with ready ones alone', 1200, 300, 1000, 0, true],
  ])('%s', (_, ready, notReady, keptReady, keptNotReady, isSaid) => {
    const pods = [...many(ready, true), ...many(notReady, false, ready)]
    const endpoints = made<Endpoints>(reconcileEndpoints(observe(service(), pods)), 'Endpoints')
    const [subset] = endpoints.subsets ?? []
    expect([subset?.addresses?.length ?? 0, subset?.notReadyAddresses?.length ?? 0]).toEqual([keptReady, keptNotReady])
    expect(endpoints.metadata.annotations?.['endpoints.kubernetes.io/over-capacity']).toBe(
      isSaid ? 'truncated' : undefined,
    )
  })

  test('the mark goes when all fit again', () => {
    const before = made<Endpoints>(reconcileEndpoints(observe(service(), many(1001, true))), 'Endpoints')
    const [update] = reconcileEndpoints({ ...observe(service(), many(3, true)), endpoints: before })
    expect(update?.kind === 'update' && update.object.metadata.annotations).toEqual({})
  })
})

test('TestSyncServiceExternalNameType: a name outside has no endpoints', () => {
  expect(reconcileEndpoints(observe(service({ type: 'ExternalName' }), [pod('a', '10.0.0.1', true)]))).toEqual([])
})

test('TestSyncEndpointsItemsPreexistingLabelsChange: the labels are the Service’s, and whose object it is', () => {
  const labeled = { ...service(), metadata: { ...service().metadata, labels: { foo: 'bar' } } }
  expect(made<Endpoints>(reconcileEndpoints(observe(labeled, [])), 'Endpoints').metadata.labels).toEqual({
    foo: 'bar',
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
  })
})

describe('a selection that finds nobody', () => {
  const labeled = (name: string, labels: Record<string, string>): Pod =>
    pod(name, '10.0.0.1', true, { metadata: { name, namespace: 'n', labels } })
  const said = (of: Service, pods: readonly Pod[], sets: readonly ReplicaSet[] = []) =>
    aboutSelection(of, pods, sets).map(action => (action.kind === 'event' ? `${action.reason}: ${action.message}` : ''))

  test('is said with the pod that comes nearest', () => {
    const pods = [labeled('api-1', { app: 'api' }), labeled('other', {})]
    expect(isUnanswered(service(), pods)).toBe(true)
    expect(said(service(), pods)).toEqual([
      'NoPodsSelected: the selector app=web picks no pod of namespace n; the nearest is pod api-1 with app=api: change the selector or the labels of its template',
    ])
    expect(said(service(), [])).toEqual([
      'NoPodsSelected: the selector app=web picks no pod of namespace n; no pod there has a label of that name',
    ])
  })

  test('is no news when a ReplicaSet of such pods is scaled to zero', () => {
    const set = { spec: { template: { metadata: { labels: { app: 'web' } } } } } as unknown as ReplicaSet
    expect(said(service(), [], [set])).toEqual([])
  })

  test('a named port that no pod has is said, with those that there are', () => {
    const of = service({ ports: [{ port: 80, targetPort: 'web' }] })
    const pods = [labeled('web-1', { app: 'web' })]
    expect(isUnanswered(of, pods)).toBe(true)
    expect(said(of, pods)).toEqual([
      'NoSuchPort: targetPort "web" of port 80 is no port name of the selected pods (they have "http"); name it in containers[].ports or use its number',
    ])
  })

  test('whoever scales from zero, or has no selector, asks for nobody', () => {
    const annotations = { 'solvent.dev/scale-from-zero': 'Deployment/web' }
    expect(isUnanswered({ ...service(), metadata: { ...service().metadata, annotations } }, [])).toBe(false)
    expect(isUnanswered(service({ selector: undefined }), [])).toBe(false)
    expect(isUnanswered(service(), [labeled('a', { app: 'web' })])).toBe(false)
  })
})
