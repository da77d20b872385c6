import { expect, test } from 'vitest'
import type { EndpointSlice, Endpoints, Pod, Service } from '../../../kube/core.ts'
import type { Action } from '../../runtime/action.ts'
import { reconcileEndpoints } from './reconcile-endpoints.ts'

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'n', uid: 's' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
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
  expect(endpoints.metadata.labels).toEqual({ 'service.kubernetes.io/headless': '' })
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
