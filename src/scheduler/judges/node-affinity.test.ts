/** nodeaffinity/node_affinity_test.go: TestNodeAffinity, TestNodeAffinityPriority. */
import { describe, expect, test } from 'vitest'
import type { NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm } from '../../kube/placement.ts'
import { nodeAffinityHolds } from './node-affinity.ts'
import { node, pod, scores, verdicts } from './testbed.ts'

const NO_MATCH = "node(s) didn't match Pod's node affinity/selector!"
const is = (key: string, operator: NodeSelectorRequirement['operator'], ...values: readonly string[]) => ({
  key,
  operator,
  values,
})
const labels = (...matchExpressions: readonly NodeSelectorRequirement[]): NodeSelectorTerm => ({ matchExpressions })
const fields = (...matchFields: readonly NodeSelectorRequirement[]): NodeSelectorTerm => ({ matchFields })
const named = (...values: readonly string[]) => is('metadata.name', 'In', ...values)

interface Case {
  readonly what: string
  readonly selector?: Readonly<Record<string, string>>
  readonly terms?: readonly NodeSelectorTerm[]
  readonly on: string
  readonly name?: string
  readonly says?: string
}

describe('TestNodeAffinity', () => {
  test.each<Case>([
    { what: 'missing labels', selector: { foo: 'bar' }, on: '', says: NO_MATCH },
    { what: 'same labels', selector: { foo: 'bar' }, on: 'foo=bar' },
    { what: 'node labels are superset', selector: { foo: 'bar' }, on: 'foo=bar,baz=blah' },
    { what: 'node labels are subset', selector: { foo: 'bar', baz: 'blah' }, on: 'foo=bar', says: NO_MATCH },
    { what: 'In matches', terms: [labels(is('foo', 'In', 'bar', 'value2'))], on: 'foo=bar' },
    { what: 'Gt matches', terms: [labels(is('kernel-version', 'Gt', '0204'))], on: 'kernel-version=0206' },
    {
      what: 'Gt does not match',
      terms: [labels(is('kernel-version', 'Gt', '0206'))],
      on: 'kernel-version=0204',
      says: NO_MATCH,
    },
    { what: 'Lt matches', terms: [labels(is('cores', 'Lt', '8'))], on: 'cores=4' },
    { what: 'NotIn matches', terms: [labels(is('mem-type', 'NotIn', 'DDR', 'DDR2'))], on: 'mem-type=DDR3' },
    { what: 'Exists matches', terms: [labels(is('GPU', 'Exists'))], on: 'GPU=NVIDIA-GRID-K1' },
    { what: 'In does not match', terms: [labels(is('foo', 'In', 'value1', 'value2'))], on: 'foo=bar', says: NO_MATCH },
    { what: 'no terms match nothing', terms: [], on: 'foo=bar', says: NO_MATCH },
    { what: 'empty matchExpressions match nothing', terms: [labels()], on: 'foo=bar', says: NO_MATCH },
    { what: 'no affinity', on: 'foo=bar' },
    {
      what: 'multiple matchExpressions ANDed match',
      terms: [labels(is('GPU', 'Exists'), is('GPU', 'NotIn', 'AMD', 'INTER'))],
      on: 'GPU=NVIDIA-GRID-K1',
    },
    {
      what: "multiple matchExpressions ANDed don't match",
      terms: [labels(is('GPU', 'Exists'), is('GPU', 'In', 'AMD', 'INTER'))],
      on: 'GPU=NVIDIA-GRID-K1',
      says: NO_MATCH,
    },
    {
      what: 'multiple terms ORed',
      terms: [labels(is('foo', 'In', 'bar', 'value2')), labels(is('diffkey', 'In', 'wrong', 'value2'))],
      on: 'foo=bar',
    },
    {
      what: 'affinity and nodeSelector both hold',
      selector: { foo: 'bar' },
      terms: [labels(is('foo', 'Exists'))],
      on: 'foo=bar',
    },
    {
      what: 'affinity holds, nodeSelector does not',
      selector: { foo: 'bar' },
      terms: [labels(is('foo', 'Exists'))],
      on: 'foo=barrrrrr',
      says: NO_MATCH,
    },
    { what: 'matchFields In matches', terms: [fields(named('node1'))], on: '', name: 'node1' },
    { what: 'matchFields In does not match', terms: [fields(named('node1'))], on: '', name: 'node2', says: NO_MATCH },
    {
      what: 'two terms: matchFields no, matchExpressions yes',
      terms: [fields(named('node1')), labels(is('foo', 'In', 'bar'))],
      on: 'foo=bar',
      name: 'node2',
    },
    {
      what: 'one term: matchFields no, matchExpressions yes',
      terms: [{ ...fields(named('node1')), ...labels(is('foo', 'In', 'bar')) }],
      on: 'foo=bar',
      name: 'node2',
      says: NO_MATCH,
    },
    {
      what: 'one term: both yes',
      terms: [{ ...fields(named('node1')), ...labels(is('foo', 'In', 'bar')) }],
      on: 'foo=bar',
      name: 'node1',
    },
    {
      what: 'two terms, neither',
      terms: [fields(named('node1')), labels(is('foo', 'In', 'not-match'))],
      on: 'foo=bar',
      name: 'node2',
      says: NO_MATCH,
    },
    {
      what: 'conflicting names are said to conflict',
      terms: [fields(named('node1'), named('node2'))],
      on: '',
      name: 'node1',
      says: 'pod affinity terms conflict!',
    },
  ])('$what', ({ selector, terms, on, name = 'n', says = 'fits' }) => {
    const required = terms
      ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } }
      : undefined
    const comes = pod({ spec: { nodeSelector: selector, affinity: { nodeAffinity: required } } })
    expect(verdicts(nodeAffinityHolds, comes, { nodes: [node(name, on)] })).toEqual([says])
  })
})

describe('TestNodeAffinityPriority', () => {
  const prefers = (...weighted: readonly (readonly [number, NodeSelectorTerm])[]): NodeAffinity => ({
    preferredDuringSchedulingIgnoredDuringExecution: weighted.map(([weight, preference]) => ({ weight, preference })),
  })
  const one = prefers([2, labels(is('foo', 'In', 'bar'))])
  const two = prefers(
    [2, labels(is('foo', 'In', 'bar'))],
    [4, labels(is('key', 'In', 'value'))],
    [5, labels(is('foo', 'In', 'bar'), is('key', 'In', 'value'), is('az', 'In', 'az1'))],
  )
  test.each([
    {
      what: 'all nodes are same priority as NodeAffinity is nil',
      affinity: {},
      nodes: ['foo=bar', '', 'key=value'],
      want: undefined,
    },
    { what: 'no node matches', affinity: one, nodes: ['foo=baz', 'key=value'], want: [0, 0] },
    {
      what: 'only node1 matches the preferred terms',
      affinity: one,
      nodes: ['foo=bar', 'key=value', 'az=az1'],
      want: [100, 0, 0],
    },
    {
      what: 'all nodes match, with different priorities',
      affinity: two,
      nodes: ['foo=bar', 'foo=bar,key=value,az=az1', 'key=value'],
      want: [18, 100, 36],
    },
  ])('$what', ({ affinity, nodes, want }) => {
    const comes = pod({ spec: { affinity: { nodeAffinity: affinity } } })
    const all = nodes.map((each, i) => node(`node${i + 1}`, each))
    expect(scores(nodeAffinityHolds, comes, { nodes: all })).toEqual(want)
  })
})
