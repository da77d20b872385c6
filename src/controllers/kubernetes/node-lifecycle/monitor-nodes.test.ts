/** Cases of pkg/controller/nodelifecycle/node_lifecycle_controller_test.go, which each test names; time is virtual. */
import { describe, expect, test } from 'vitest'
import { formatMicroTime, formatTime } from '../../../base/clock.ts'
import type { Node, Pod, Taint } from '../../../kube/core.ts'
import type { Lease } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { createNodeMonitor } from './monitor-nodes.ts'
import { reconcileNode } from './node-taints.ts'
import { EMBEDDED_NODE_TIMES, type NodeTimes, UPSTREAM_NODE_TIMES } from './node-times.ts'
import { createLimiter, taintsPerSecond, type ZoneState, zoneOf, zoneState } from './zones.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
type Status = 'True' | 'False' | 'Unknown'

const node = (name: string, ready?: Status, more: Partial<Node['metadata']> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: formatTime(START), ...more },
  status: { conditions: ready ? [{ type: 'Ready', status: ready }] : [] },
})
const inZone = (zone: string) => ({
  labels: { 'topology.kubernetes.io/region': 'region1', 'topology.kubernetes.io/zone': zone },
})
const pod = (name: string, nodeName: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name },
  spec: { containers: [], nodeName },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
})

/** Nodes that renew their Leases unless they are dead, and the monitor that looks at them. */
class World {
  readonly nodes = new Map<string, Node>()
  readonly pods = new Map<string, Pod>()
  readonly leases = new Map<string, Lease>()
  readonly dead = new Set<string>()
  readonly events: string[] = []
  nowMs = 0
  readonly times: NodeTimes
  readonly monitor
  renewMs: number
  leaseSeconds: number

  constructor(times: NodeTimes, nodes: readonly Node[], renewMs = 10_000, leaseSeconds = 40) {
    this.times = times
    this.renewMs = renewMs
    this.leaseSeconds = leaseSeconds
    this.monitor = createNodeMonitor(times)
    for (const each of nodes) this.nodes.set(each.metadata.name!, each)
  }

  kill(...names: string[]): void {
    for (const name of names) this.dead.add(name)
  }
  renew(): void {
    for (const name of this.nodes.keys()) {
      if (this.dead.has(name)) continue
      const spec = { renewTime: formatMicroTime(START + this.nowMs), leaseDurationSeconds: this.leaseSeconds }
      this.leases.set(name, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec })
    }
  }
  look(): void {
    const now = { wallMs: START + this.nowMs, monotonicMs: this.nowMs }
    const observed = {
      nodes: [...this.nodes.values()],
      leaseOf: (name: string) => this.leases.get(name),
      podsOn: (name: string) => [...this.pods.values()].filter(({ spec }) => spec.nodeName === name),
    }
    this.monitor.listen(observed, now)
    for (const action of this.monitor.tell(observed, now).flat()) this.carryOut(action)
    for (const action of this.monitor.taint([...this.nodes.values()], now).flat()) this.carryOut(action)
  }
  /** Lets time pass, a look every period, and gives the time at which `until` came true. */
  pass(ms: number, until: () => boolean = () => false): number {
    for (const end = this.nowMs + ms; this.nowMs < end && !until(); this.nowMs += this.times.monitorPeriodMs) {
      if (this.nowMs % this.renewMs === 0) this.renew()
      this.look()
    }
    return this.nowMs
  }
  carryOut(action: Action): void {
    if (action.kind === 'event') this.events.push(`${action.about.metadata.name} ${action.reason}: ${action.message}`)
    else if (action.kind === 'update-status') {
      const { object } = action
      if (object.kind === 'Node') this.nodes.set(object.metadata.name!, object as Node)
      else this.pods.set(object.metadata.name!, object as Pod)
    } else if (action.kind === 'patch') {
      const { taints } = (action.patch as { spec: { taints: Taint[] | null } }).spec
      const { spec: _, ...rest } = this.nodes.get(action.ref.name)!
      this.nodes.set(action.ref.name, { ...rest, ...(taints ? { spec: { taints } } : {}) })
    } else throw new Error(`unexpected ${action.kind}`)
  }
  ready(name: string): Status | undefined {
    return this.nodes.get(name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status
  }
  taints(name: string): string[] {
    return (this.nodes.get(name)?.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
  }
}

const UNREACHABLE = 'node.kubernetes.io/unreachable:NoExecute'
const NOT_READY = 'node.kubernetes.io/not-ready:NoExecute'

describe('TestMonitorNodeHealth: the state of a zone', () => {
  test.each<[string, (Status | undefined)[], ZoneState]>([
    ['No Disruption: Node created recently', ['True'], 'Normal'],
    ['both zones down, one comes back', ['True'], 'Normal'],
    ['Full Disruption: nodes created recently without status conditions', [undefined, undefined], 'FullDisruption'],
    ['Partial Disruption: three of four are down', ['Unknown', 'Unknown', 'Unknown', 'True'], 'PartialDisruption'],
    ['two of five are down', ['Unknown', 'Unknown', 'True', 'True', 'True'], 'Normal'],
    ['Partial Disruption: three of five', ['Unknown', 'Unknown', 'Unknown', 'True', 'True'], 'PartialDisruption'],
    ['two of three are down: never less than three', ['Unknown', 'Unknown', 'True'], 'Normal'],
    ['Full Disruption: the last healthy node has failed', ['Unknown', 'Unknown', 'Unknown'], 'FullDisruption'],
    ['Full Disruption: Ready condition removed from the Node', [undefined], 'FullDisruption'],
    ['a node that says so itself counts as one that is silent', ['False', 'False'], 'FullDisruption'],
  ])('%s', (_, statuses, expected) => {
    const nodes = statuses.map((status, i) => node(`node${i}`, status))
    expect(zoneState(nodes, UPSTREAM_NODE_TIMES)).toBe(expected)
  })

  test('ReducedQPSFunc: a small zone with many silent nodes is not emptied, a large one slowly, a normal one as ever', () => {
    expect(taintsPerSecond('PartialDisruption', 10, UPSTREAM_NODE_TIMES)).toBe(0)
    expect(taintsPerSecond('PartialDisruption', 51, UPSTREAM_NODE_TIMES)).toBe(0.01)
    expect(taintsPerSecond('Normal', 10, UPSTREAM_NODE_TIMES)).toBe(0.1)
    expect(taintsPerSecond('FullDisruption', 10, UPSTREAM_NODE_TIMES)).toBe(0.1)
  })

  test('a zone is a region and a zone, by the old labels too', () => {
    expect(zoneOf(node('a', 'True', inZone('z')))).toBe('region1:\0:z')
    expect(zoneOf(node('a', 'True', { labels: { 'failure-domain.beta.kubernetes.io/zone': 'z' } }))).toBe(':\0:z')
    expect(zoneOf(node('a'))).toBe('')
  })

  test('a limiter gives one token at once and the next after its time', () => {
    const limiter = createLimiter(0.1, 0)
    expect([0, 1, 9_999, 10_000, 10_001].map(at => limiter.tryTake(at))).toEqual([true, false, false, true, false])
  })
})

describe('TestMonitorNodeHealthUpdateNodeAndPodStatusWithLease', () => {
  test.each<{
    what: string
    ready: Status | undefined
    ageMs: number
    renews: boolean
    passMs: number
    expected: Status | undefined
  }>([
    {
      what: 'Node created recently, without status. Node lease is missing.',
      ...{ ready: undefined, ageMs: 0, renews: false, passMs: 50_000, expected: undefined },
    },
    {
      what: 'Node created recently, without status. Node lease is renewed recently.',
      ...{ ready: undefined, ageMs: 0, renews: true, passMs: 50_000, expected: undefined },
    },
    {
      what: 'Node created long time ago, without status. Node lease is missing.',
      ...{ ready: undefined, ageMs: 3_600_000, renews: false, passMs: 5_000, expected: 'Unknown' },
    },
    {
      what: 'Node created long time ago, without status. Node lease is renewed recently.',
      ...{ ready: undefined, ageMs: 3_600_000, renews: true, passMs: 3_600_000, expected: undefined },
    },
    {
      what: 'Node created long time ago, with status updated by kubelet exceeds grace period. Node lease is renewed.',
      ...{ ready: 'True', ageMs: 3_600_000, renews: true, passMs: 3_600_000, expected: 'True' },
    },
    {
      what: 'Node created long time ago, with status updated by kubelet exceeds grace period. Node lease is also expired.',
      ...{ ready: 'True', ageMs: 3_600_000, renews: false, passMs: 60_000, expected: 'Unknown' },
    },
  ])('$what', ({ ready, ageMs, renews, passMs, expected }) => {
    const world = new World(UPSTREAM_NODE_TIMES, [
      node('node0', ready, { creationTimestamp: formatTime(START - ageMs) }),
    ])
    if (!renews) world.kill('node0')
    world.pass(passMs)
    expect(world.ready('node0')).toBe(expected)
  })

  test('conditions that the node never posted are said to be so; the network is not the node’s to say', () => {
    const world = new World(UPSTREAM_NODE_TIMES, [node('node0')])
    world.kill('node0')
    world.pass(70_000)
    expect(world.nodes.get('node0')?.status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Ready NodeStatusNeverUpdated',
      'MemoryPressure NodeStatusNeverUpdated',
      'DiskPressure NodeStatusNeverUpdated',
      'PIDPressure NodeStatusNeverUpdated',
    ])
  })

  test('Node status that kubelet updates keeps it ready without a Lease', () => {
    const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'True')])
    world.kill('node0')
    for (let i = 0; i < 10; i++) {
      world.pass(40_000)
      const lastHeartbeatTime = formatTime(START + world.nowMs)
      const conditions = [{ type: 'Ready', status: 'True' as const, lastHeartbeatTime }]
      world.nodes.set('node0', { ...world.nodes.get('node0')!, status: { conditions } })
    }
    expect(world.ready('node0')).toBe('True')
  })
})

test('TestMonitorNodeHealthMarkPodsNotReady: pods of a node that fell silent are not ready, and told so once', () => {
  const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'True'), node('node1', 'True')])
  world.pods.set('pod0', pod('pod0', 'node0')).set('pod1', pod('pod1', 'node1'))
  world.pass(20_000)
  world.kill('node0')
  world.pass(120_000)
  expect(world.pods.get('pod0')?.status?.conditions?.[0]?.status).toBe('False')
  expect(world.pods.get('pod1')?.status?.conditions?.[0]?.status).toBe('True')
  expect(world.events.filter(event => event.includes('NotReady'))).toEqual([
    'node0 NodeNotReady: Node node0 status is now: NodeNotReady',
    'pod0 NodeNotReady: Node is not ready',
  ])
})

test('TestProcessPodMarkPodNotReady: a pod that is bound to a silent node is told too', () => {
  const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'True')])
  world.kill('node0')
  world.pass(120_000)
  world.pods.set('late', pod('late', 'node0'))
  world.pass(5_000)
  expect(world.pods.get('late')?.status?.conditions?.[0]?.status).toBe('False')
})

test('TestNodeEventGeneration: nodes that come and go are told of', () => {
  const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'True')])
  world.pass(5_000)
  world.nodes.delete('node0')
  world.pass(10_000)
  expect(world.events).toEqual([
    'node0 RegisteredNode: Node node0 event: Registered Node node0 in Controller',
    'node0 RemovingNode: Node node0 event: Removing Node node0 from Controller',
  ])
})

describe('TestApplyNoExecuteTaints', () => {
  test('a node that says it is not ready is tainted not-ready, one that is well is not', () => {
    const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'False'), node('node1', 'True')])
    world.pass(5_000)
    expect([world.taints('node0'), world.taints('node1')]).toEqual([[NOT_READY], []])
  })

  test('a node that is well again loses its taint, and those of others stay', () => {
    const taint: Taint = { key: 'mine', effect: 'NoExecute' }
    const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'False'), node('node1', 'True')])
    world.nodes.set('node0', { ...world.nodes.get('node0')!, spec: { taints: [taint] } })
    world.pass(5_000)
    expect(world.taints('node0')).toEqual(['mine:NoExecute', NOT_READY])
    world.nodes.set('node0', { ...world.nodes.get('node0')!, status: node('node0', 'True').status! })
    world.pass(5_000)
    expect(world.taints('node0')).toEqual(['mine:NoExecute'])
  })

  test('TestApplyNoExecuteTaintsToUnreachableNode: a node that fell silent is tainted unreachable', () => {
    const world = new World(UPSTREAM_NODE_TIMES, [node('node0', 'True'), node('node1', 'True')])
    world.kill('node0')
    world.pass(70_000)
    expect([world.taints('node0'), world.taints('node1')]).toEqual([[UNREACHABLE], []])
  })

  test('TestSwapUnreachableNotReadyTaints: the two change places at once, without asking the limiter', () => {
    const world = new World({ ...UPSTREAM_NODE_TIMES, evictionsPerSecond: 0.0001 }, [
      node('node0', 'False'),
      node('node1', 'True'),
    ])
    world.pass(5_000)
    expect(world.taints('node0')).toEqual([NOT_READY])
    world.kill('node0')
    world.pass(70_000)
    expect(world.taints('node0')).toEqual([UNREACHABLE])
  })

  test('the limiter lets one node of a zone go every ten seconds', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => node(name, name < 'c' ? 'False' : 'True'))
    const world = new World(UPSTREAM_NODE_TIMES, nodes)
    world.pass(5_000)
    expect([world.taints('a').length, world.taints('b').length]).toEqual([1, 0])
    world.pass(10_000)
    expect([world.taints('a').length, world.taints('b').length]).toEqual([1, 1])
  })
})

describe('while all nodes are silent nothing is evicted', () => {
  const all = ['a', 'b', 'c'].map(name => node(name, 'True'))

  test('handleDisruption: all of them fall silent at once', () => {
    const world = new World(UPSTREAM_NODE_TIMES, all)
    world.pass(20_000)
    world.kill('a', 'b', 'c')
    world.pass(600_000)
    expect(all.map(({ metadata }) => world.ready(metadata.name!))).toEqual(['Unknown', 'Unknown', 'Unknown'])
    expect(all.flatMap(({ metadata }) => world.taints(metadata.name!))).toEqual([])
  })

  test('one that was silent before the others loses its taint again, and all start anew when one comes back', () => {
    const world = new World(UPSTREAM_NODE_TIMES, all)
    world.kill('a')
    world.pass(70_000)
    expect(world.taints('a')).toEqual([UNREACHABLE])
    world.kill('b', 'c')
    world.pass(120_000)
    expect(world.taints('a')).toEqual([])
    world.dead.delete('c')
    world.renew()
    world.nodes.set('c', { ...world.nodes.get('c')!, status: node('c', 'True').status! })
    world.look()
    expect(world.taints('c')).toEqual([])
  })

  test('nodes that fall silent a moment apart are not emptied one by one', () => {
    const world = new World(EMBEDDED_NODE_TIMES, all, 1_000, 4)
    world.pass(3_000)
    world.kill('a')
    world.pass(1_000)
    world.kill('b', 'c')
    let wasTainted = false
    world.pass(60_000, () => {
      wasTainted ||= all.some(({ metadata }) => world.taints(metadata.name!).length > 0)
      return false
    })
    expect(wasTainted).toBe(false)
  })

  test('after a sleep of the machine nobody is called silent before it could speak', () => {
    const world = new World(UPSTREAM_NODE_TIMES, all)
    world.pass(20_000)
    world.nowMs += 3_600_000
    world.look()
    world.pass(20_000)
    expect(all.map(({ metadata }) => world.ready(metadata.name!))).toEqual(['True', 'True', 'True'])
  })

  test('zones apart: a zone that is silent as a whole is emptied while another speaks', () => {
    const world = new World(UPSTREAM_NODE_TIMES, [node('a', 'True', inZone('1')), node('b', 'True', inZone('2'))])
    world.kill('a')
    world.pass(70_000)
    expect(world.taints('a')).toEqual([UNREACHABLE])
  })

  test('Test_isNodeExcludedFromDisruptionChecks: a node that does not count does not keep the others', () => {
    const label = { labels: { 'node.kubernetes.io/exclude-disruption': '' } }
    const world = new World(UPSTREAM_NODE_TIMES, [node('a', 'True'), node('control', 'True', label)])
    world.kill('a')
    world.pass(120_000)
    expect(world.taints('a')).toEqual([])
  })
})

describe('one of three nodes dies', () => {
  test.each<[string, NodeTimes, number, number, number]>([
    ['upstream’s times: tainted within grace and a period', UPSTREAM_NODE_TIMES, 10_000, 40, 55_000],
    ['the embedded cluster’s: within 4.5 seconds of its last word', EMBEDDED_NODE_TIMES, 1_000, 4, 4_500],
  ])('%s', (_, times, renewMs, leaseSeconds, within) => {
    const world = new World(
      times,
      ['a', 'b', 'c'].map(name => node(name, 'True')),
      renewMs,
      leaseSeconds,
    )
    world.pass(renewMs * 3 + times.monitorPeriodMs)
    const diedAt = world.nowMs
    world.kill('a')
    const at = world.pass(600_000, () => world.taints('a').length > 0)
    expect(world.taints('a')).toEqual([UNREACHABLE])
    expect(at - diedAt).toBeLessThanOrEqual(within)
  })

  test('a node whose Lease promises more time gets it', () => {
    const world = new World(EMBEDDED_NODE_TIMES, [node('a', 'True'), node('b', 'True')], 1_000, 40)
    world.kill('a')
    world.leases.set('a', {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' } },
      spec: { renewTime: formatMicroTime(START), leaseDurationSeconds: 40 },
    })
    world.pass(39_000)
    expect(world.ready('a')).toBe('True')
    world.pass(2_000)
    expect(world.ready('a')).toBe('Unknown')
  })
})

describe('TestTaintsNodeByCondition', () => {
  test.each<[string, string, Status, boolean, string[]]>([
    ['NetworkUnavailable is true', 'NetworkUnavailable', 'True', false, ['network-unavailable']],
    ['MemoryPressure is true', 'MemoryPressure', 'True', false, ['memory-pressure']],
    ['DiskPressure is true', 'DiskPressure', 'True', false, ['disk-pressure']],
    ['PIDPressure is true', 'PIDPressure', 'True', false, ['pid-pressure']],
    ['Ready is false', 'Ready', 'False', false, ['not-ready']],
    ['Ready is unknown', 'Ready', 'Unknown', false, ['unreachable']],
    ['Ready is true', 'Ready', 'True', false, []],
    ['the node is cordoned', 'Ready', 'True', true, ['unschedulable']],
    ['the node is cordoned and silent', 'Ready', 'Unknown', true, ['unreachable', 'unschedulable']],
  ])('%s', (_, type, status, unschedulable, expected) => {
    const it: Node = { ...node('node0'), spec: { unschedulable }, status: { conditions: [{ type, status }] } }
    const [patch] = reconcileNode(it, START)
    const taints = patch?.kind === 'patch' ? (patch.patch as { spec: { taints: Taint[] } }).spec.taints : []
    expect(taints.map(({ key, effect }) => `${key}:${effect}`)).toEqual(
      expected.map(name => `node.kubernetes.io/${name}:NoSchedule`),
    )
  })

  test('taints that no longer hold go, those of others stay, and a settled node is left alone', () => {
    const stale: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
    const others: Taint = { key: 'gpu', effect: 'NoSchedule' }
    const [patch] = reconcileNode({ ...node('node0', 'True'), spec: { taints: [stale, others] } }, START)
    expect(patch).toMatchObject({ patch: { spec: { taints: [others] } } })
    expect(reconcileNode({ ...node('node0', 'True'), spec: { taints: [others] } }, START)).toEqual([])
  })
})

describe('TestReconcileNodeLabels', () => {
  test.each<[string, Record<string, string>, Record<string, string> | undefined]>([
    ['no labels', {}, undefined],
    ['the new one alone: the old one is added', { 'kubernetes.io/os': 'linux' }, { 'beta.kubernetes.io/os': 'linux' }],
    [
      'they differ: the new one counts',
      { 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'amd64' },
      { 'beta.kubernetes.io/arch': 'arm64' },
    ],
    ['the old one alone: not ours to say', { 'beta.kubernetes.io/os': 'linux' }, undefined],
    ['both and equal', { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' }, undefined],
  ])('%s', (_, labels, expected) => {
    const [patch] = reconcileNode(node('node0', 'True', { labels }), START)
    expect(patch?.kind === 'patch' ? patch.patch : undefined).toEqual(expected && { metadata: { labels: expected } })
  })
})
