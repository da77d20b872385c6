/** podtopologyspread/filtering_test.go (TestSingleConstraint, TestMultipleConstraints) and scoring_test.go (TestPodTopologySpreadScore). */
import { describe, expect, test } from 'vitest'
import type { Node, PodSpec } from '../../kube/core.ts'
import type { TopologySpreadConstraint } from '../../kube/placement.ts'
import { node, on, type PodShape, pod, scores, verdicts } from './testbed.ts'
import { spreadIsKept } from './topology-spread.ts'

const HOST = 'kubernetes.io/hostname'
const FOO = { labelSelector: { matchExpressions: [{ key: 'foo', operator: 'Exists' }] } } as const
const BAR = { labelSelector: { matchExpressions: [{ key: 'bar', operator: 'Exists' }] } } as const
const hard = (
  maxSkew: number,
  topologyKey: string,
  more: Partial<TopologySpreadConstraint> = FOO,
): TopologySpreadConstraint => ({
  ...{ maxSkew, topologyKey, whenUnsatisfiable: 'DoNotSchedule' },
  ...more,
})
const soft = (
  maxSkew: number,
  topologyKey: string,
  more: Partial<TopologySpreadConstraint> = FOO,
): TopologySpreadConstraint => ({
  ...{ maxSkew, topologyKey, whenUnsatisfiable: 'ScheduleAnyway' },
  ...more,
})
const zoned = (key = 'node'): readonly Node[] => [
  ...['a', 'b'].map(each => node(`node-${each}`, `zone=zone1,${key}=node-${each}`)),
  ...['x', 'y'].map(each => node(`node-${each}`, `zone=zone2,${key}=node-${each}`)),
]
/** `a:2 y:3`: pods with the label foo by node. */
const foos = (text: string, shape: PodShape = { labels: 'foo' }) =>
  text.split(' ').flatMap(part => {
    const [name, count] = part.split(':')
    return Array.from({ length: Number(count) || 0 }, () => on(`node-${name}`, shape))
  })
const codes = (list: readonly string[]): string =>
  list.map(each => (each === 'fits' ? '+' : each.endsWith('!') ? '!' : '-')).join('')

interface Case {
  readonly what: string
  readonly constraints: readonly TopologySpreadConstraint[]
  readonly labels?: string
  readonly spec?: Partial<PodSpec>
  readonly nodes?: readonly Node[]
  readonly pods?: readonly ReturnType<typeof on>[]
  /** By node: fits (+), too uneven (-), lacks a label (!). */
  readonly want: string
}

const among = (key: string, operator: 'In' | 'NotIn', ...values: readonly string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
})
const hosts = (...names: readonly string[]): readonly Node[] =>
  names.map(each => node(`node-${each}`, `node=node-${each}`))
const foosOnThree: readonly Node[] = [
  ...['a', 'b', 'x'].map(each => node(`node-${each}`, `node=node-${each},foo=`)),
  node('node-y', 'node=node-y'),
]
const tainted: readonly Node[] = [
  ...hosts('a', 'b', 'x'),
  node('node-y', 'node=node-y', { spec: { taints: [{ key: 'taint-key', value: 'v', effect: 'NoSchedule' }] } }),
]

describe('TestSingleConstraint', () => {
  test.each<Case>([
    { what: 'no existing pods', constraints: [hard(1, 'zone')], want: '++++' },
    { what: "no existing pods, incoming pod doesn't match itself", constraints: [hard(1, 'zone', BAR)], want: '++++' },
    {
      what: 'existing pods in a different namespace do not count',
      constraints: [hard(1, 'zone')],
      pods: [...foos('a:2', { labels: 'foo', namespace: 'ns1' }), ...foos('x:1 y:1')],
      want: '++--',
    },
    {
      what: 'existing pods do not match null selector',
      constraints: [hard(1, 'zone', {})],
      pods: foos('x:1 y:1'),
      want: '++++',
    },
    {
      what: 'pods spread across zones as 3/3, all nodes fit',
      constraints: [hard(1, 'zone')],
      pods: foos('a:2 b:1 y:3'),
      want: '++++',
    },
    {
      what: "pods spread across zones as 1/2 due to absence of label 'zone' on node-b",
      constraints: [hard(1, 'zone')],
      nodes: zoned().map(each => (each.metadata.name === 'node-b' ? node('node-b', 'zon=zone1,node=node-b') : each)),
      pods: foos('a:1 b:1 x:1 y:1'),
      want: '+!--',
    },
    { what: "all nodes don't have label 'rack'", constraints: [hard(1, 'rack')], want: '!!!!' },
    {
      what: 'nodes as 2/1/0/3, only node-x fits',
      constraints: [hard(1, 'node')],
      pods: foos('a:2 b:1 y:3'),
      want: '--+-',
    },
    {
      what: 'nodes as 2/1/0/3, maxSkew is 2, node-b and node-x fit',
      constraints: [hard(2, 'node')],
      pods: foos('a:2 b:1 y:3'),
      want: '-++-',
    },
    {
      what: "nodes as 2/1/0/3, but pod doesn't match itself",
      constraints: [hard(1, 'node')],
      labels: 'bar',
      pods: foos('a:2 b:1 y:3'),
      want: '-++-',
    },
    {
      what: 'incoming pod has nodeAffinity, pods spread as 2/~1~/~0~/3, hence node-a fits',
      constraints: [hard(1, 'node')],
      spec: among('node', 'In', 'node-a', 'node-y'),
      pods: foos('a:2 b:1 y:3'),
      want: '+++-',
    },
    {
      what: 'terminating Pods should be excluded',
      constraints: [hard(1, 'node')],
      nodes: hosts('a', 'b'),
      pods: [
        ...foos('a:1', { labels: 'foo', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
        ...foos('b:1'),
      ],
      want: '+-',
    },
    {
      what: 'incoming pod has nodeAffinity, pods spread as 0/~2~/0/1, hence node-a fits',
      constraints: [hard(1, 'zone')],
      spec: among('node', 'NotIn', 'node-b'),
      pods: foos('b:2 y:1'),
      want: '++--',
    },
    {
      what: 'nodes as 2/2/1, maxSkew is 2, fewer domains than minDomains: the third node fits',
      constraints: [hard(2, 'node', { ...FOO, minDomains: 4 })],
      nodes: hosts('a', 'b', 'c'),
      pods: foos('a:2 b:2 c:1'),
      want: '--+',
    },
    {
      what: 'nodes as 2/2/1, maxSkew is 2, more domains than minDomains: all nodes fit',
      constraints: [hard(2, 'node', { ...FOO, minDomains: 2 })],
      nodes: hosts('a', 'b', 'c'),
      pods: foos('a:2 b:2 c:1'),
      want: '+++',
    },
    {
      what: 'zones as 2/1, maxSkew is 2, fewer domains than minDomains',
      constraints: [hard(2, 'zone', { ...FOO, minDomains: 3 })],
      pods: foos('a:1 b:1 y:1'),
      want: '--++',
    },
    {
      what: 'zones as 2/1, maxSkew is 2, more domains than minDomains',
      constraints: [hard(2, 'zone', { ...FOO, minDomains: 1 })],
      pods: foos('a:1 b:1 y:1'),
      want: '++++',
    },
    {
      what: 'NodeAffinityPolicy honored with labelSelectors',
      constraints: [hard(1, 'node')],
      spec: { nodeSelector: { foo: '' } },
      nodes: foosOnThree,
      pods: foos('a:1 b:1 y:1'),
      want: '--++',
    },
    {
      what: 'NodeAffinityPolicy ignored with labelSelectors',
      constraints: [hard(1, 'node', { ...FOO, nodeAffinityPolicy: 'Ignore' })],
      spec: { nodeSelector: { foo: '' } },
      nodes: foosOnThree,
      pods: foos('a:1 b:1 y:1'),
      want: '--+-',
    },
    {
      what: 'NodeAffinityPolicy honored with nodeAffinity',
      constraints: [hard(1, 'node')],
      spec: among('foo', 'In', ''),
      nodes: foosOnThree,
      pods: foos('a:1 b:1 y:1'),
      want: '--++',
    },
    {
      what: 'NodeTaintsPolicy honored',
      constraints: [hard(1, 'node', { ...FOO, nodeTaintsPolicy: 'Honor' })],
      nodes: tainted,
      pods: foos('a:1 b:1 y:1'),
      want: '--++',
    },
    {
      what: 'NodeTaintsPolicy ignored',
      constraints: [hard(1, 'node')],
      nodes: tainted,
      pods: foos('a:1 b:1 y:1'),
      want: '--+-',
    },
    {
      what: 'matchLabelKeys ignores pods of another value (TestSingleConstraint)',
      constraints: [hard(1, 'zone', { ...FOO, matchLabelKeys: ['version'] })],
      labels: 'foo,version=2',
      pods: [...foos('a:2', { labels: 'foo,version=1' }), ...foos('x:1', { labels: 'foo,version=2' })],
      want: '++--',
    },
  ])('$what', ({ constraints, labels = 'foo', spec = {}, nodes = zoned(), pods = [], want }) => {
    const comes = pod({ labels, spec: { ...spec, topologySpreadConstraints: constraints } })
    expect(codes(verdicts(spreadIsKept, comes, { nodes, pods }))).toBe(want)
  })
})

describe('TestMultipleConstraints', () => {
  const both = [hard(1, 'zone'), hard(1, 'node')]
  test.each([
    {
      what: 'two constraints on zone and node, spreads = [3/3, 2/1/0/3]',
      constraints: both,
      pods: foos('a:2 b:1 y:3'),
      want: '--+-',
    },
    { what: 'spreads = [3/4, 2/1/0/4]', constraints: both, pods: foos('a:2 b:1 y:4'), want: '----' },
    {
      what: 'different labelSelectors, spreads = [1/0, 1/0/0/1]',
      constraints: [hard(1, 'zone'), hard(1, 'node', BAR)],
      pods: [...foos('a:1', { labels: 'foo,bar' }), ...foos('y:1', { labels: 'bar' })],
      want: '--+-',
    },
    {
      what: 'different labelSelectors, spreads = [1/0, 0/0/1/1]',
      constraints: [hard(1, 'zone'), hard(1, 'node', BAR)],
      pods: [...foos('a:1'), ...foos('x:1 y:1', { labels: 'bar' })],
      want: '----',
    },
  ])('$what', ({ constraints, pods, want }) => {
    const comes = pod({ labels: 'foo,bar', spec: { topologySpreadConstraints: constraints } })
    expect(codes(verdicts(spreadIsKept, comes, { nodes: zoned(), pods }))).toBe(want)
  })
})

describe('TestPodTopologySpreadScore', () => {
  const named = (...names: readonly string[]) => names.map(each => node(`node-${each}`, `${HOST}=node-${each}`))
  const abcd = named('a', 'b', 'c', 'd')
  const replica = {
    metadata: {
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r', controller: true }],
    },
  }
  test.each([
    {
      what: 'one constraint on node, no existing pods',
      constraints: [soft(1, HOST)],
      nodes: named('a', 'b'),
      pods: [],
      want: [100, 100],
    },
    {
      what: 'only one node is candidate',
      constraints: [soft(1, HOST)],
      nodes: named('a', 'b'),
      pods: foos('a:2 b:1'),
      candidates: ['node-a'],
      want: [100],
    },
    {
      what: 'all nodes have the same number',
      constraints: [soft(1, HOST)],
      nodes: named('a', 'b'),
      pods: foos('a:1 b:1'),
      want: [100, 100],
    },
    {
      what: 'all 4 nodes are candidates',
      constraints: [soft(1, HOST)],
      nodes: abcd,
      pods: foos('a:2 b:1 d:3'),
      want: [20, 60, 100, 0],
    },
    {
      what: 'null selector',
      constraints: [soft(1, HOST, {})],
      nodes: abcd,
      pods: foos('a:2 b:1 d:3'),
      want: [100, 100, 100, 100],
    },
    {
      what: 'all 4 nodes, maxSkew=2',
      constraints: [soft(2, HOST)],
      nodes: abcd,
      pods: foos('a:2 b:1 d:3'),
      want: [33, 66, 100, 16],
    },
    {
      what: 'all 4 nodes, maxSkew=3',
      constraints: [soft(3, HOST)],
      nodes: abcd,
      pods: foos('a:4 b:3 c:2 d:1'),
      want: [44, 66, 77, 100],
    },
    {
      what: 'system defaulting, nodes without zone, replicas of one set',
      constraints: [],
      shape: replica,
      nodes: abcd,
      pods: foos('a:4 b:3 c:2 d:1', { labels: 'foo', ...replica }),
      want: [44, 66, 77, 100],
    },
    {
      what: '3 out of 4 nodes are candidates',
      constraints: [soft(1, HOST)],
      nodes: named('a', 'b', 'x', 'y'),
      pods: foos('a:4 b:2 x:1 y:3'),
      candidates: ['node-a', 'node-b', 'node-x'],
      want: [33, 83, 100],
    },
    {
      what: "3 out of 4 nodes are candidates, one node doesn't match topology key",
      constraints: [soft(1, HOST)],
      nodes: [...named('a'), node('node-b', 'n=node-b'), ...named('x', 'y')],
      pods: foos('a:4 b:2 x:1 y:3'),
      candidates: ['node-a', 'node-b', 'node-x'],
      want: [16, 0, 100],
    },
    {
      what: 'one constraint on zone, 3 out of 4 nodes are candidates',
      constraints: [soft(1, 'zone')],
      nodes: zoned(HOST),
      pods: foos('a:4 b:2 x:1 y:3'),
      candidates: ['node-a', 'node-b', 'node-x'],
      want: [75, 75, 100],
    },
    {
      what: 'two constraints on zone and node, 2 out of 4 nodes are candidates',
      constraints: [soft(1, 'zone'), soft(1, HOST)],
      nodes: zoned(HOST),
      pods: foos('a:2 b:1 x:2 y:4'),
      candidates: ['node-a', 'node-x'],
      want: [100, 63],
    },
  ])('$what', ({ constraints, nodes, pods, candidates, shape = {}, want }) => {
    const comes = pod({ labels: 'foo', ...shape, spec: { topologySpreadConstraints: constraints } })
    expect(scores(spreadIsKept, comes, { nodes, pods }, candidates)).toEqual(want)
  })
})
