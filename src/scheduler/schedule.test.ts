import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Node, Pod } from '../kube/core.ts'
import type { PodGroup } from '../kube/workloads.ts'
import { createClusterState } from './cluster-state.ts'
import { amountsOf, requestsOf } from './resources.ts'
import { type Decision, INITIALLY_SCHEDULED, schedule } from './schedule.ts'

const node = (name: string, allocatable: Record<string, string>, more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  ...more,
  status: { allocatable: { pods: '100', ...allocatable } },
})

interface PodShape {
  readonly cpu?: string
  readonly gang?: string
  readonly priority?: number
  readonly spec?: Partial<Pod['spec']>
}

const pod = (name: string, { cpu = '1', gang, priority, spec }: PodShape = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', uid: name },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu } } }],
    ...(gang ? { schedulingGroup: { podGroupName: gang } } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...spec,
  },
  status: { phase: 'Pending' },
})

const podGroup = (name: string, minCount: number): PodGroup => ({
  apiVersion: 'scheduling.k8s.io/v1beta1',
  kind: 'PodGroup',
  metadata: { name, namespace: 'n' },
  spec: { schedulingPolicy: { gang: { minCount } } },
})

/** A cluster whose scheduler's decisions come true at once. */
class Cluster {
  readonly nodes = new Map<string, Node>()
  readonly pods = new Map<string, Pod>()
  readonly groups = new Map<string, PodGroup>()
  readonly state = createClusterState(() => true)

  addNode(each: Node): this {
    this.nodes.set(each.metadata.name!, each)
    this.state.putNode(each)
    return this
  }
  put(each: Pod): this {
    this.pods.set(each.metadata.uid!, each)
    this.state.putPod(each)
    return this
  }
  putGroup(each: PodGroup): this {
    this.groups.set(each.metadata.name!, each)
    this.state.putGroup(each)
    return this
  }
  remove(uid: string): void {
    this.pods.delete(uid)
    this.state.removePod(uid)
  }
  decide(): readonly Decision[] {
    return schedule(
      this.state.nodes(),
      this.state.waiting(() => false),
    )
  }
  run(): readonly Decision[] {
    const decisions = this.decide()
    for (const decision of decisions) this.carryOut(decision)
    return decisions
  }
  carryOut(decision: Decision): void {
    switch (decision.kind) {
      case 'bind':
        this.put({ ...decision.pod, spec: { ...decision.pod.spec, nodeName: decision.node } })
        return
      case 'wait': {
        const { pod: each, reason, message, nominatedNode } = decision
        const condition = { type: 'PodScheduled', status: 'False', reason, message } as const
        const nominated = nominatedNode === undefined ? {} : { nominatedNodeName: nominatedNode || undefined }
        this.put({ ...each, status: { ...each.status, conditions: [condition], ...nominated } })
        return
      }
      case 'preempt':
        this.remove(decision.pod.metadata.uid!)
        return
      default: {
        const status = decision.kind === 'gang-scheduled' ? 'True' : 'False'
        const message = decision.kind === 'gang-scheduled' ? '' : decision.message
        const conditions = [{ type: INITIALLY_SCHEDULED, status, message } as const]
        this.putGroup({ ...decision.group, status: { conditions } })
      }
    }
  }
  said(uid: string): string | undefined {
    return this.pods.get(uid)?.status?.conditions?.[0]?.message
  }
  where(uid: string): string | undefined {
    return this.pods.get(uid)?.spec.nodeName
  }
}

describe('what a pod is told', () => {
  test('how many nodes refuse it for what', () => {
    const cluster = new Cluster()
      .addNode(node('a', { cpu: '1' }))
      .addNode(node('b', { cpu: '8' }, { spec: { unschedulable: true } }))
      .addNode(node('c', { cpu: '8', memory: '1Gi' }, { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }))
      .addNode(node('d', { cpu: '1', memory: '1Gi' }))
      .put(pod('p', { cpu: '2' }))
    cluster.run()
    expect(cluster.said('p')).toBe(
      '0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.',
    )
  })

  test.each([
    { nodes: [], message: 'no nodes available to schedule pods' },
    {
      nodes: [node('a', { cpu: '8', pods: '0' })],
      message:
        '0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    },
    {
      nodes: [
        {
          ...node('a', {}),
          status: { allocatable: { cpu: '8', pods: '9' }, conditions: [{ type: 'Ready', status: 'False' as const }] },
        },
      ],
      message:
        '0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    },
  ])('$message', ({ nodes, message }) => {
    const cluster = new Cluster().put(pod('p'))
    for (const each of nodes) cluster.addNode(each)
    cluster.run()
    expect(cluster.said('p')).toBe(message)
  })

  test('a node selector that no node has', () => {
    const cluster = new Cluster()
      .addNode(node('a', { cpu: '8' }))
      .put(pod('p', { spec: { nodeSelector: { disk: 'ssd' } } }))
    cluster.run()
    expect(cluster.said('p')).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    )
  })

  test('what its gang waits for', () => {
    const cluster = new Cluster().addNode(node('a', { cpu: '2' })).put(pod('r-0', { gang: 'g' }))
    cluster.run()
    expect(cluster.said('r-0')).toBe('waiting for PodGroup "g" to be created')
    cluster.putGroup(podGroup('g', 3))
    cluster.run()
    expect(cluster.said('r-0')).toBe('PodGroup "g" starts with 3 pods, 1 of them created')
    cluster.put(pod('r-1', { gang: 'g' })).put(pod('r-2', { gang: 'g' }))
    cluster.run()
    expect(cluster.said('r-1')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. The 3 pods of PodGroup "g" start together; 2 would fit now.',
    )
  })
})

test.each([
  { key: 'gpu', operator: 'Exists' },
  { operator: 'Exists' },
  { key: 'gpu', operator: 'Equal', value: 'h100', effect: 'NoSchedule' },
])('the toleration %j lets a pod onto a tainted node', toleration => {
  const tainted = node('a', { cpu: '8' }, { spec: { taints: [{ key: 'gpu', value: 'h100', effect: 'NoSchedule' }] } })
  const cluster = new Cluster().addNode(tainted).put(pod('p', { spec: { tolerations: [toleration] } }))
  cluster.run()
  expect(cluster.where('p')).toBe('a')
})

test('who comes first: the higher priority, then the older', () => {
  const cluster = new Cluster().addNode(node('a', { cpu: '1' }))
  cluster
    .put(pod('old'))
    .put(pod('young'))
    .put(pod('urgent', { priority: 10 }))
  cluster.run()
  expect(cluster.where('urgent')).toBe('a')
  cluster.remove('urgent')
  cluster.run()
  expect(cluster.where('old')).toBe('a')
})

test('single pods are spread, ranks of a gang are kept together', () => {
  const cluster = new Cluster().addNode(node('a', { cpu: '4' })).addNode(node('b', { cpu: '4' }))
  cluster.put(pod('x')).put(pod('y'))
  cluster.run()
  expect([cluster.where('x'), cluster.where('y')]).toEqual(['a', 'b'])
  cluster.putGroup(podGroup('g', 3))
  for (const name of ['r-0', 'r-1', 'r-2']) cluster.put(pod(name, { gang: 'g' }))
  cluster.run()
  expect(['r-0', 'r-1', 'r-2'].map(name => cluster.where(name))).toEqual(['a', 'a', 'a'])
})

test('a pod asks for the sum of its containers, or for its greediest init container', () => {
  const requests = (cpu: string) => ({ name: 'c', resources: { requests: { cpu } } })
  const both = pod('p', { spec: { containers: [requests('1'), requests('500m')], initContainers: [requests('2')] } })
  expect(requestsOf(both)).toEqual({ cpu: 2000, pods: 1 })
  const limited = pod('p', { spec: { containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '8' } } }] } })
  expect(requestsOf(limited)).toEqual({ 'nvidia.com/gpu': 8, pods: 1 })
})

const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('pod' as const),
      cpu: fc.constantFrom('0', '500m', '1', '2', '3'),
      gang: fc.constantFrom(undefined, undefined, 'g', 'h'),
      priority: fc.constantFrom(0, 0, 5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('group' as const),
      name: fc.constantFrom('g', 'h'),
      min: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('node' as const), cpu: fc.constantFrom('1', '2', '4') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      pick: fc.nat(100),
      how: fc.constantFrom('Succeeded' as const, 'gone' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('schedule' as const) }) },
)

describe('over random histories', () => {
  const replay = (
    history: readonly (typeof event extends fc.Arbitrary<infer T> ? T : never)[],
    check: (cluster: Cluster, decisions: readonly Decision[]) => void,
  ) => {
    const cluster = new Cluster().addNode(node('first', { cpu: '2' }))
    let serial = 0
    for (const each of history) {
      switch (each.kind) {
        case 'pod':
          cluster.put(pod(`p-${serial++}`, { cpu: each.cpu, gang: each.gang, priority: each.priority }))
          break
        case 'group':
          if (!cluster.groups.has(each.name)) cluster.putGroup(podGroup(each.name, each.min))
          break
        case 'node':
          cluster.addNode(node(`node-${serial++}`, { cpu: each.cpu }))
          break
        case 'end': {
          const placed = [...cluster.pods.values()].filter(
            ({ spec, status }) => spec.nodeName && status?.phase === 'Pending',
          )
          const ended = placed[each.pick % Math.max(1, placed.length)]
          if (!ended) break
          if (each.how === 'gone') cluster.remove(ended.metadata.uid!)
          else cluster.put({ ...ended, status: { phase: 'Succeeded' } })
          break
        }
        case 'schedule':
          check(cluster, cluster.run())
      }
    }
    check(cluster, cluster.run())
  }

  test('no node is ever given more than it has', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), history => {
        replay(history, cluster => {
          for (const [name, each] of cluster.nodes) {
            const live = [...cluster.pods.values()].filter(
              ({ spec, status }) => spec.nodeName === name && status?.phase === 'Pending',
            )
            const taken = live.reduce((sum, one) => sum + (requestsOf(one).cpu ?? 0), 0)
            expect(taken).toBeLessThanOrEqual(amountsOf(each.status?.allocatable).cpu!)
          }
        })
      }),
      { numRuns: 300 },
    )
  })

  test('of a gang that starts, at least minCount pods have a node at once', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), history => {
        replay(history, (cluster, decisions) => {
          for (const name of ['g', 'h']) {
            const bound = decisions.filter(
              each => each.kind === 'bind' && each.pod.spec.schedulingGroup?.podGroupName === name,
            )
            const minCount = cluster.groups.get(name)?.spec.schedulingPolicy.gang?.minCount
            const all = [...cluster.pods.values()].filter(({ spec }) => spec.schedulingGroup?.podGroupName === name)
            const placed = all.filter(({ spec }) => spec.nodeName).length
            if (bound.length > 0) expect(placed).toBeGreaterThanOrEqual(minCount ?? Number.POSITIVE_INFINITY)
          }
        })
      }),
      { numRuns: 300 },
    )
  })

  test('equal states give equal decisions, and a second run on a settled state gives none', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), history => {
        const first: (readonly Decision[])[] = []
        const second: (readonly Decision[])[] = []
        replay(history, (cluster, decisions) => {
          first.push(decisions)
          // Whoever made room comes in the next pass.
          for (let passes = 0; passes < 10 && cluster.run().length > 0; passes++);
          expect(cluster.decide()).toEqual([])
        })
        replay(history, (_, decisions) => second.push(decisions))
        expect(second).toEqual(first)
      }),
      { numRuns: 200 },
    )
  })

  test('what is kept event by event is what one would count from scratch', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), history => {
        replay(history, cluster => {
          const fresh = createClusterState(() => true)
          for (const each of cluster.nodes.values()) fresh.putNode(each)
          for (const each of cluster.pods.values()) fresh.putPod(each)
          const free = (state: typeof fresh) => state.nodes().map(each => [each.name, each.free.cpu, each.free.pods])
          expect(free(cluster.state)).toEqual(free(fresh))
          expect(cluster.state.numWaiting()).toBe(fresh.numWaiting())
        })
      }),
      { numRuns: 200 },
    )
  })
})

test('a pod that was given a node counts there before the watch says so, and waits again when the binding failed', () => {
  const state = createClusterState(() => true)
  state.putNode(node('a', { cpu: '2' }))
  const waiting = pod('p')
  state.putPod(waiting)
  state.assume(waiting, 'a')
  expect(state.nodes()[0]?.free.cpu).toBe(1000)
  // A change of the pod that was made before the binding does not bring it back.
  state.putPod({ ...waiting, metadata: { ...waiting.metadata, labels: { a: 'b' } } })
  expect(state.numWaiting()).toBe(0)
  state.forget('p')
  expect(state.numWaiting()).toBe(1)
  expect(state.nodes()[0]?.free.cpu).toBe(2000)
})
