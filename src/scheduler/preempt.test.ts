/** defaultpreemption/default_preemption_test.go: TestDryRunPreemption, TestSelectBestCandidate, TestPodEligibleToPreemptOthers. */
import { describe, expect, test } from 'vitest'
import type { PodDisruptionBudget } from '../kube/apps.ts'
import type { Pod, PodSpec } from '../kube/core.ts'
import { JUDGES } from './judges/all.ts'
import { boardOf, node, pod } from './judges/testbed.ts'
import { viewOfPod } from './pod-view.ts'
import { type Candidate, leastHarm, preempt } from './preempt.ts'

const [LOW, MID, HIGH] = [0, 100, 1000]
const SIZES: Readonly<Record<string, string>> = { '-': '0', small: '100m', medium: '200m', large: '300m', huge: '500m' }

interface There {
  readonly name: string
  readonly on: string
  readonly priority: number
  readonly size?: string
  readonly labels?: string
  readonly startTime?: string
  readonly spec?: Partial<PodSpec>
  readonly status?: Pod['status']
  readonly leaving?: boolean
}

const make = ({ name, on, priority, size = '-', labels = '', startTime, spec = {}, status, leaving }: There): Pod => {
  const containers = [{ name: 'c', resources: { requests: { cpu: SIZES[size] ?? '0' } } }]
  const metadata = { name, uid: name, ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) }
  const made = pod({
    labels,
    metadata,
    spec: { containers, priority, ...(on === '' ? {} : { nodeName: on }), ...spec },
  })
  return { ...made, status: { ...status, startTime } }
}
const p = (name: string, on: string, priority: number, size: string, more: Partial<There> = {}): There => ({
  name,
  on,
  priority,
  size,
  ...more,
})
const budget = (allowed: number, disruptedPods: Record<string, string> = {}): PodDisruptionBudget => ({
  ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', namespace: '' } },
  spec: { selector: { matchLabels: { app: 'foo' } } },
  status: { disruptionsAllowed: allowed, disruptedPods },
})
const sized = (name: string, labels: string) =>
  node(name, labels, { status: { allocatable: { cpu: '500m', memory: '500', pods: '32' } } })

interface Case {
  readonly what: string
  readonly comes: Partial<There>
  readonly there: readonly There[]
  readonly nodes?: readonly string[]
  readonly budgets?: readonly PodDisruptionBudget[]
  /** Of every node by itself: `node: victims`, with `!n` for violated budgets; or what is said when there are none. */
  readonly want: readonly string[]
}

const said = ({ node: name, victims, numViolating }: Candidate): string =>
  `${name}: ${victims.map(({ uid }) => uid).join(' ')}${numViolating > 0 ? ` !${numViolating}` : ''}`

/** One node at a time stays open, so that each is chosen once. */
function candidates({ comes, there, nodes = ['node1', 'node2'], budgets = [] }: Case): readonly string[] {
  const all = nodes.map(text =>
    sized(
      text.split('/')[0] ?? '',
      text.includes('/') ? `zone=${text.split('/')[1]},hostname=${text.split('/')[0]}` : `hostname=${text}`,
    ),
  )
  const incoming = make({ name: 'p', on: '', priority: HIGH, ...comes })
  const view = viewOfPod(incoming)
  return all.flatMap(({ metadata }) => {
    const closed: (typeof JUDGES)[number] = () => ({
      refuses: ({ name }) => (name === metadata.name ? undefined : { reasons: ['closed'], isHopeless: true }),
    })
    const board = boardOf({ nodes: all, pods: there.map(make) }, [...JUDGES, closed], incoming)
    const before = [...board.list]
    const found = preempt(board, view, board.about('', view), budgets)
    expect(board.list.map(({ free }) => free)).toEqual(before.map(({ free }) => free))
    return found.kind === 'found' ? [said(found.candidate)] : []
  })
}

const exists = { labelSelector: { matchExpressions: [{ key: 'foo', operator: 'Exists' }] } } as const
const apart: Partial<PodSpec> = {
  affinity: {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...exists, topologyKey: 'hostname' }] },
  },
}
const spread: Partial<PodSpec> = {
  topologySpreadConstraints: ['zone', 'hostname'].map(topologyKey => {
    return { ...exists, maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule' }
  }),
}
const [first, second] = [
  p('p1.1', 'node1', MID, 'medium', { labels: 'app=foo' }),
  p('p1.2', 'node1', MID, 'medium', { labels: 'app=foo' }),
]

describe('TestDryRunPreemption', () => {
  test.each<Case>([
    {
      what: 'a pod that fits on both nodes when lower priority pods are preempted',
      comes: { size: 'large' },
      there: [p('p1', 'node1', MID, 'large'), p('p2', 'node2', MID, 'large')],
      want: ['node1: p1', 'node2: p2'],
    },
    {
      what: 'other pods running are higher priority, no preemption would happen',
      comes: { size: 'large', priority: LOW },
      there: [p('p1', 'node1', MID, 'large'), p('p2', 'node2', MID, 'large')],
      want: [],
    },
    {
      what: 'medium priority pod is preempted, but lower priority one stays as it is small',
      comes: { size: 'large' },
      there: [p('p1.1', 'node1', LOW, 'small'), p('p1.2', 'node1', MID, 'large'), p('p2', 'node2', MID, 'large')],
      want: ['node1: p1.2', 'node2: p2'],
    },
    {
      what: 'mixed priority pods are preempted',
      comes: { size: 'large' },
      there: [
        ...[p('p1.1', 'node1', MID, 'small'), p('p1.2', 'node1', LOW, 'small'), p('p1.3', 'node1', MID, 'medium')],
        ...[p('p1.4', 'node1', HIGH, 'small'), p('p2', 'node2', HIGH, 'large')],
      ],
      want: ['node1: p1.3 p1.2'],
    },
    {
      what: 'pick later StartTime one when priorities are equal',
      comes: { size: 'large' },
      there: [
        p('p1.1', 'node1', LOW, 'small', { startTime: '2026-01-05T00:00:00Z' }),
        p('p1.2', 'node1', LOW, 'small', { startTime: '2026-01-04T00:00:00Z' }),
        p('p1.3', 'node1', MID, 'medium', { startTime: '2026-01-03T00:00:00Z' }),
        p('p1.4', 'node1', HIGH, 'small', { startTime: '2026-01-02T00:00:00Z' }),
        p('p2', 'node2', HIGH, 'large'),
      ],
      want: ['node1: p1.3 p1.1'],
    },
    {
      what: 'pod with anti-affinity is preempted',
      comes: { size: 'small', labels: 'foo' },
      there: [
        ...[p('p1.1', 'node1', LOW, 'small', { labels: 'foo', spec: apart }), p('p1.2', 'node1', MID, 'small')],
        ...[p('p1.3', 'node1', HIGH, 'small'), p('p2', 'node2', HIGH, 'huge')],
      ],
      want: ['node1: p1.1'],
    },
    {
      what: 'preemption to resolve pod topology spread filter failure',
      comes: { labels: 'foo', spec: spread },
      nodes: ['node-a/zone1', 'node-b/zone1', 'node-x/zone2'],
      there: [
        ...[p('pod-a1', 'node-a', MID, '-', { labels: 'foo' }), p('pod-a2', 'node-a', LOW, '-', { labels: 'foo' })],
        p('pod-b1', 'node-b', LOW, '-', { labels: 'foo' }),
        ...[p('pod-x1', 'node-x', HIGH, '-', { labels: 'foo' }), p('pod-x2', 'node-x', HIGH, '-', { labels: 'foo' })],
      ],
      want: ['node-a: pod-a2', 'node-b: pod-b1'],
    },
    {
      what: 'violation of same pdb',
      comes: { size: 'huge' },
      there: [first, second],
      budgets: [budget(1)],
      want: ['node1: p1.1 p1.2 !1'],
    },
    {
      what: "the victim doesn't belong to DisruptedPods",
      comes: { size: 'huge' },
      there: [first, second],
      budgets: [budget(1, { p2: 'now' })],
      want: ['node1: p1.1 p1.2 !1'],
    },
    {
      what: 'the victim belongs to DisruptedPods',
      comes: { size: 'huge' },
      there: [first, second],
      budgets: [budget(1, { 'p1.2': 'now' })],
      want: ['node1: p1.1 p1.2'],
    },
    {
      what: 'both belong to DisruptedPods, and the budget allows none',
      comes: { size: 'huge' },
      there: [first, second],
      budgets: [budget(0, { 'p1.1': 'now', 'p1.2': 'now' })],
      want: ['node1: p1.1 p1.2'],
    },
    {
      what: 'a pod whose budget forbids it is spared where another can go',
      comes: { size: 'large' },
      there: [p('p1', 'node1', MID, 'medium', { labels: 'app=foo' }), p('p2', 'node1', MID, 'medium')],
      budgets: [budget(0)],
      nodes: ['node1'],
      want: ['node1: p2'],
    },
    {
      what: 'a pod larger than the node makes nobody leave',
      comes: { size: 'huge', spec: { overhead: { cpu: '1' } } },
      there: [first],
      want: [],
    },
  ])('$what', each => {
    expect(candidates(each)).toEqual(each.want)
  })
})

describe('TestSelectBestCandidate', () => {
  const victims = (...list: readonly (readonly [number, string?])[]) =>
    list.map(([priority, startTime], i) => viewOfPod(make({ name: `v${i}`, on: 'n', priority, startTime })))
  const of = (name: string, numViolating: number, ...list: readonly (readonly [number, string?])[]): Candidate => ({
    ...{ node: name, numViolating },
    victims: victims(...list),
  })
  const at = (day: number): string => `2026-01-0${day}T00:00:00Z`
  test.each([
    { what: 'fewest violations of budgets', among: [of('node1', 1, [LOW]), of('node2', 0, [MID])], want: 'node2' },
    { what: 'lowest highest priority', among: [of('node1', 0, [MID]), of('node2', 0, [LOW])], want: 'node2' },
    {
      what: 'lowest sum of priorities',
      among: [of('node1', 0, [MID], [MID]), of('node2', 0, [MID], [LOW])],
      want: 'node2',
    },
    {
      what: 'negative priorities sum up too',
      among: [of('node1', 0, [-1], [-1]), of('node2', 0, [-1])],
      want: 'node2',
    },
    {
      what: 'fewest victims',
      among: [of('node1', 0, [MID], [LOW], [LOW]), of('node2', 0, [MID], [LOW])],
      want: 'node2',
    },
    {
      what: 'whose highest priority victims started last',
      among: [of('node1', 0, [MID, at(1)], [MID, at(2)]), of('node2', 0, [MID, at(3)], [MID, at(2)])],
      want: 'node2',
    },
    {
      what: 'the start of less important victims does not count',
      among: [of('node1', 0, [MID, at(3)], [LOW, at(1)]), of('node2', 0, [MID, at(2)], [LOW, at(4)])],
      want: 'node1',
    },
    {
      what: 'of equals the first by name',
      among: [of('node2', 0, [LOW, at(1)]), of('node1', 0, [LOW, at(1)])],
      want: 'node1',
    },
  ])('$what', ({ among, want }) => {
    expect(leastHarm(among)?.node).toBe(want)
  })
})

describe('TestPodEligibleToPreemptOthers', () => {
  const leaving = {
    leaving: true,
    status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
  } as const
  const waits = { status: { nominatedNodeName: 'node1' }, size: 'large' }
  test.each<Omit<Case, 'budgets'>>([
    {
      what: 'waits while a pod is leaving on its account',
      comes: waits,
      there: [p('p1', 'node1', LOW, 'large', leaving)],
      nodes: ['node1'],
      want: [],
    },
    {
      what: 'does not wait for a pod that is leaving for another reason',
      comes: waits,
      there: [p('p1', 'node1', LOW, 'large', { leaving: true })],
      nodes: ['node1'],
      want: ['node1: p1'],
    },
    {
      what: 'preemptionPolicy Never',
      comes: { size: 'large', spec: { preemptionPolicy: 'Never' } },
      there: [p('p1', 'node1', LOW, 'large')],
      want: [],
    },
    {
      what: 'preemptionPolicy PreemptLowerPriority',
      comes: { size: 'large' },
      there: [p('p1', 'node1', LOW, 'large')],
      want: ['node1: p1'],
    },
  ])('$what', each => {
    expect(candidates(each)).toEqual(each.want)
  })

  test('says why not', () => {
    const incoming = make({ name: 'p', on: '', priority: HIGH, size: 'huge', spec: { preemptionPolicy: 'Never' } })
    const board = boardOf(
      { nodes: [sized('node1', '')], pods: [make(p('p1', 'node1', LOW, 'small'))] },
      JUDGES,
      incoming,
    )
    const view = viewOfPod(incoming)
    const tried = preempt(board, view, board.about('', view), [])
    expect(tried).toEqual({ kind: 'none', why: 'not eligible due to preemptionPolicy=Never.' })
  })
})
