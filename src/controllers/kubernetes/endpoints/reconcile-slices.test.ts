/** Cases of k8s.io/endpointslice (reconciler_test.go, utils_test.go), which each test names. */
import { describe, expect, test } from 'vitest'
import type { Container, EndpointSlice, Node, Pod, Service, ServicePort } from '../../../kube/core.ts'
import type { Action } from '../../runtime/action.ts'
import { backendOf, endpointOf, findPort } from './backend.ts'
import { labelsOf, reconcileSlices } from './reconcile-slices.ts'

const service = (spec: Partial<Service['spec']> = {}, labels?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'foo', namespace: 'test', uid: 's', ...(labels ? { labels } : {}) },
  spec: { selector: { foo: 'bar' }, clusterIP: '10.0.0.10', ports: [{ name: 'p', port: 80, targetPort: 80 }], ...spec },
})
const pod = (i: number, ready = true, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers: [], nodeName: 'node-1', ...more.spec },
  metadata: { name: `pod${String(i).padStart(3, '0')}`, namespace: 'test', uid: `u${i}`, ...more.metadata },
  status: {
    phase: 'Running',
    podIPs: [{ ip: `10.1.${Math.floor(i / 200)}.${(i % 200) + 1}` }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    ...more.status,
  },
})
const pods = (from: number, to: number, step = 1): Pod[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => pod(from + i * step))

/** Slices that are kept in order; every call that was made. */
class World {
  slices: EndpointSlice[] = []
  serial = 0
  calls: string[] = []

  fill(of: Service, ...lists: readonly (readonly Pod[])[]): void {
    for (const list of lists) {
      const only = new World()
      only.reconcile(of, list)
      this.slices.push(
        ...only.slices.map(each => ({ ...each, metadata: { ...each.metadata, name: `s${this.serial++}` } })),
      )
    }
  }
  reconcile(of: Service, list: readonly Pod[]): void {
    this.calls = []
    const backends = list.flatMap(each => backendOf(of, each) ?? [])
    for (const action of reconcileSlices(of, backends, this.slices)) this.carryOut(action)
  }
  carryOut(action: Action): void {
    this.calls.push(action.kind)
    if (action.kind === 'create') {
      const made = action.object as EndpointSlice
      this.slices.push({ ...made, metadata: { ...made.metadata, name: `s${this.serial++}` } })
    } else if (action.kind === 'update') {
      this.slices = this.slices.map(each =>
        each.metadata.name === action.object.metadata.name ? (action.object as EndpointSlice) : each,
      )
    } else if (action.kind === 'delete') {
      this.slices = this.slices.filter(each => each.metadata.name !== action.ref.name)
    } else throw new Error(`unexpected ${action.kind}`)
  }
  get lengths(): number[] {
    return this.slices.map(({ endpoints }) => endpoints.length).sort((a, b) => b - a)
  }
}

const counted = (calls: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1
  return counts
}

describe('how endpoints are packed', () => {
  test('TestReconcileEmpty: a Service with no pods has one slice, with nothing in it, and keeps it', () => {
    const world = new World()
    world.reconcile(service(), [])
    expect(world.slices).toMatchObject([{ endpoints: [], ports: [], addressType: 'IPv4' }])
    world.reconcile(service(), [])
    expect(world.calls).toEqual([])
  })

  test('TestReconcile1EndpointSlice: the empty slice is the one that is filled', () => {
    const world = new World()
    world.reconcile(service(), [])
    world.reconcile(service(), [pod(1)])
    expect([world.calls, world.lengths]).toEqual([['update'], [1]])
  })

  test('TestReconcileManyPods: 250 pods are three slices, made at once', () => {
    const world = new World()
    world.reconcile(service(), pods(0, 250))
    expect([counted(world.calls), world.lengths]).toEqual([{ create: 3 }, [100, 100, 50]])
  })

  test('TestReconcileEndpointSlicesSomePreexisting: 1 new slice, 1 updated', () => {
    const world = new World()
    world.fill(service(), pods(1, 246, 4), pods(3, 246, 4))
    world.reconcile(service(), pods(0, 250))
    expect([counted(world.calls), world.lengths]).toEqual([{ create: 1, update: 1 }, [100, 89, 61]])
  })

  test('TestReconcileEndpointSlicesSomePreexistingWorseAllocation: what fits nowhere whole gets slices of its own', () => {
    const world = new World()
    world.fill(service(), pods(1, 296, 4), pods(3, 296, 4))
    world.reconcile(service(), pods(0, 300))
    expect([counted(world.calls), world.lengths]).toEqual([{ create: 2 }, [100, 74, 74, 52]])
  })

  test('TestReconcileEndpointSlicesUpdating: another port is three updates', () => {
    const world = new World()
    world.reconcile(service(), pods(0, 250))
    world.reconcile(service({ ports: [{ name: 'p', port: 80, targetPort: 81 }] }), pods(0, 250))
    expect([counted(world.calls), world.lengths]).toEqual([{ update: 3 }, [100, 100, 50]])
  })

  test('TestReconcileEndpointSlicesServicesLabelsUpdating: other labels of the Service are three updates', () => {
    const world = new World()
    world.reconcile(service(), pods(0, 250))
    world.reconcile(service({}, { foo: 'bar' }), pods(0, 250))
    expect(counted(world.calls)).toEqual({ update: 3 })
    expect(world.slices.map(({ metadata }) => metadata.labels?.foo)).toEqual(['bar', 'bar', 'bar'])
  })

  test('TestReconcileEndpointSlicesServicesReservedLabels: labels that are the slices’ own change nothing', () => {
    const world = new World()
    world.reconcile(service(), pods(0, 250))
    world.reconcile(service({}, { 'kubernetes.io/service-name': 'evil' }), pods(0, 250))
    expect(world.calls).toEqual([])
  })

  test('TestReconcileEndpointSlicesRecycling: slices that are not full stay so until all of them change', () => {
    const world = new World()
    world.fill(service(), ...Array.from({ length: 10 }, (_, i) => pods(i * 30, i * 30 + 30)))
    world.reconcile(service(), pods(0, 300))
    expect(world.calls).toEqual([])
    world.reconcile(service({ ports: [{ name: 'p', port: 80, targetPort: 81 }] }), pods(0, 300))
    expect([counted(world.calls), world.lengths]).toEqual([{ update: 3, delete: 7 }, [100, 100, 100]])
  })

  test('TestReconcileEndpointSlicesUpdatePacking: what changes anyhow is filled, the fuller one first', () => {
    const world = new World()
    world.fill(service(), pods(0, 80), pods(100, 120))
    const changed = [...pods(0, 80), ...pods(100, 120)].map((_, i) => pod(i < 80 ? i : i + 20, i % 10 !== 0))
    world.reconcile(service(), [...changed, ...pods(200, 215)])
    expect([counted(world.calls), world.lengths]).toEqual([{ update: 2 }, [95, 20]])
  })

  test('TestReconcileEndpointSlicesReplaceDeprecated: slices of another address type are replaced', () => {
    const world = new World()
    world.fill(service(), pods(0, 80), pods(100, 150))
    world.slices = world.slices.map(each => ({ ...each, addressType: 'FQDN' }))
    world.reconcile(service(), [...pods(0, 80), ...pods(100, 150)])
    expect([counted(world.calls), world.lengths]).toEqual([{ create: 2, delete: 2 }, [100, 30]])
  })

  test('TestReconcileEndpointSlicesRecreation: slices of an earlier Service of the name are replaced, not taken', () => {
    const world = new World()
    world.fill(service(), pods(0, 1))
    const again = { ...service(), metadata: { ...service().metadata, uid: 'other' } }
    world.reconcile(again, pods(0, 1))
    expect(counted(world.calls)).toEqual({ create: 1, delete: 1 })
  })

  test.each([
    ['the pods of one node go', pods(0, 100), pods(0, 60), { update: 1 }, [60]],
    ['all pods go: the slice becomes the empty one', pods(0, 100), [], { update: 1 }, [0]],
    ['a few come: they go where there is room', pods(0, 90), pods(0, 99), { update: 1 }, [99]],
    ['more come than fit: one slice more', pods(0, 90), pods(0, 120), { create: 1 }, [90, 30]],
    ['none changes', pods(0, 120), pods(0, 120), {}, [100, 20]],
  ])('%s', (_, before, after, calls, lengths) => {
    const world = new World()
    world.reconcile(service(), before)
    world.reconcile(service(), after)
    expect([counted(world.calls), world.lengths]).toEqual([calls, lengths])
  })

  test('TestReconcileEndpointSlicesNamedPorts: pods that name another port are slices apart', () => {
    const named = (i: number): Pod =>
      pod(i, true, {
        spec: { containers: [{ name: 'c', ports: [{ name: 'portname', containerPort: 8080 + (i % 5) }] }] },
      })
    const world = new World()
    const many = Array.from({ length: 300 }, (_, i) => named(i))
    world.reconcile(service({ ports: [{ name: 'p', port: 80, targetPort: 'portname' }] }), many)
    expect([counted(world.calls), world.lengths]).toEqual([{ create: 5 }, [60, 60, 60, 60, 60]])
    expect(world.slices.map(({ ports }) => ports?.[0]?.port).sort()).toEqual([8080, 8081, 8082, 8083, 8084])
  })

  test('TestReconcileHeadlessServiceNoPorts: a headless Service without ports has its pods all the same', () => {
    const world = new World()
    world.reconcile(service({ clusterIP: 'None', ports: [] }), pods(0, 2))
    expect(world.slices).toMatchObject([{ ports: [], endpoints: [{}, {}] }])
  })

  test('TestSyncServiceEndpointSlicePendingDeletion: a slice that is on its way out is replaced', () => {
    const world = new World()
    world.reconcile(service(), [pod(1)])
    const [slice] = world.slices
    world.slices = slice
      ? [{ ...slice, metadata: { ...slice.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }]
      : []
    world.reconcile(service(), [pod(1)])
    expect(world.calls).toEqual(['create'])
  })

  test('TestReconcile1Pod: a Service of two families has slices of both, with the pod’s addresses of each', () => {
    const world = new World()
    const both = pod(1, true, { status: { phase: 'Running', podIPs: [{ ip: '1.2.3.4' }, { ip: '1234::5678' }] } })
    world.reconcile(service({ ipFamilies: ['IPv4', 'IPv6'] }), [both])
    expect(world.slices.map(each => [each.addressType, each.endpoints[0]?.addresses])).toEqual([
      ['IPv4', ['1.2.3.4']],
      ['IPv6', ['1234::5678']],
    ])
    world.reconcile(service({ ipFamilies: ['IPv6'] }), [both])
    expect(world.slices.map(each => each.addressType)).toEqual(['IPv6'])
  })
})

describe('TestPodToEndpoint', () => {
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  const named = { containers: [], nodeName: 'node-1', hostname: 'foo', subdomain: 'foo' }
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'us-central1-a' } },
  }
  test.each<[string, Pod, Partial<Service['spec']>, Node | undefined, object]>([
    ['Ready pod', pod(1), {}, undefined, { conditions: { ready: true, serving: true, terminating: false } }],
    [
      'Ready pod + publishNotReadyAddresses',
      ...([pod(1), { publishNotReadyAddresses: true }, undefined] as const),
      { conditions: { ready: true, serving: true, terminating: false } },
    ],
    ['Unready pod', pod(1, false), {}, undefined, { conditions: { ready: false, serving: false, terminating: false } }],
    [
      'Unready pod + publishNotReadyAddresses',
      ...([pod(1, false), { publishNotReadyAddresses: true }, undefined] as const),
      { conditions: { ready: true, serving: false, terminating: false } },
    ],
    ['Ready pod + node labels', pod(1), {}, node, { zone: 'us-central1-a', nodeName: 'node-1' }],
    [
      'Multi IP Ready pod + node labels',
      pod(1, true, { status: { phase: 'Running', podIPs: [{ ip: '1.2.3.4' }, { ip: '::1' }] } }),
      ...([{}, node] as const),
      { addresses: ['1.2.3.4'], zone: 'us-central1-a' },
    ],
    ['Ready pod + hostname', pod(1, true, { spec: named }), {}, undefined, { hostname: 'foo' }],
    [
      'Ready terminating pod',
      pod(1, true, { metadata: { name: 'pod1', namespace: 'test', ...leaving } }),
      ...([{}, undefined] as const),
      { conditions: { ready: false, serving: true, terminating: true } },
    ],
    [
      'Not ready terminating pod',
      pod(1, false, { metadata: { name: 'pod1', namespace: 'test', ...leaving } }),
      ...([{}, undefined] as const),
      { conditions: { ready: false, serving: false, terminating: true } },
    ],
    [
      'terminating pod + publishNotReadyAddresses',
      pod(1, true, { metadata: { name: 'pod1', namespace: 'test', ...leaving } }),
      ...([{ publishNotReadyAddresses: true }, undefined] as const),
      { conditions: { ready: true, serving: true, terminating: true } },
    ],
  ])('%s', (_, it, spec, on, expected) => {
    const backend = backendOf(service(spec), it, on)
    expect(backend && endpointOf(backend, 'IPv4')).toMatchObject(expected)
  })

  test.each<[string, Partial<NonNullable<Pod['status']>>]>([
    ['has succeeded', { phase: 'Succeeded' }],
    ['has failed', { phase: 'Failed' }],
    ['has no address yet', { podIPs: [] }],
  ])('ShouldPodBeInEndpoints: not one that %s', (_, status) => {
    expect(backendOf(service(), pod(1, true, { status: { phase: 'Running', ...status } }))).toBeUndefined()
  })
})

describe('TestFindPort', () => {
  const container = (...ports: NonNullable<Container['ports']>): Container => ({ name: 'c', ports })
  const named = (name: string, containerPort: number, protocol = 'TCP') => ({ name, containerPort, protocol })
  const targetting = (targetPort: string | number): ServicePort => ({ port: 80, targetPort, protocol: 'TCP' })
  test.each<[string, Container[], Container[], string | number, number | undefined]>([
    ['valid int, no ports', [], [], 93, 93],
    ['valid int, with ports', [container(named('', 11), named('p', 22))], [], 93, 93],
    ['valid str, no ports', [], [], 'p', undefined],
    [
      'valid str, one ctr with ports',
      [container(named('', 11, 'UDP'), named('p', 22, 'UDP'), named('p', 33))],
      [],
      'p',
      33,
    ],
    [
      'valid str, two ctr with ports',
      [container(), container(named('', 11, 'UDP'), named('p', 22, 'UDP'), named('p', 33))],
      [],
      'p',
      33,
    ],
    [
      'valid str, two ctr with same port',
      [container(), container(named('', 11), named('p', 22), named('p', 22))],
      [],
      'p',
      22,
    ],
    ['valid str, invalid protocol', [container(), container(named('a', 11, 'snmp'))], [], 'a', undefined],
    ['Sidecar initContainer named port', [], [{ ...container(named('p', 80)), restartPolicy: 'Always' }], 'p', 80],
    ['Invalid(restartPolicy != Always) initContainer named port', [], [container(named('p', 80))], 'p', undefined],
  ])('%s', (_, containers, initContainers, targetPort, expected) => {
    expect(findPort(targetting(targetPort), pod(1, true, { spec: { containers, initContainers } }))).toBe(expected)
  })
})

describe('TestSetEndpointSliceLabels', () => {
  const own = {
    'kubernetes.io/service-name': 'foo',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  }
  const headless = { 'service.kubernetes.io/headless': '' }
  test.each<[string, Record<string, string> | undefined, string, Record<string, string>]>([
    ['Service without labels', undefined, '10.0.0.10', own],
    ['Headless service with labels', { foo: 'bar' }, 'None', { foo: 'bar', ...own, ...headless }],
    ['Headless service without labels', undefined, 'None', { ...own, ...headless }],
    ['Non Headless service with Headless label', headless, '10.0.0.10', own],
    ['Service with labels', { foo: 'bar' }, '10.0.0.10', { foo: 'bar', ...own }],
    [
      'Evil service trying to hijack slice labels',
      { foo: 'bar', 'kubernetes.io/service-name': 'bad', 'endpointslice.kubernetes.io/managed-by': 'actor' },
      ...(['10.0.0.10', { foo: 'bar', ...own }] as const),
    ],
  ])('%s', (_, labels, clusterIP, expected) => {
    expect(labelsOf(service({ clusterIP }, labels))).toEqual(expected)
  })
})
