/** interpodaffinity: filtering_test.go (TestRequiredAffinitySingleNode, TestRequiredAffinityMultipleNodes) and scoring_test.go (TestPreferredAffinity). */
import { describe, expect, test } from 'vitest'
import type { Affinity, PodAffinityTerm } from '../../kube/placement.ts'
import { companyIsRight } from './pod-affinity.ts'
import { node, on, type PodShape, pod, scores, verdicts } from './testbed.ts'

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

/** `service in securityscan,value2 @region`, `security exists @zone`; several requirements are joined by `and`. */
function term(text: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm {
  const [selector = '', topologyKey = ''] = text.split(' @')
  const words: Readonly<Record<string, Operator>> = {
    in: 'In',
    notin: 'NotIn',
    exists: 'Exists',
    lacks: 'DoesNotExist',
  }
  const matchExpressions = selector.split(' and ').map(part => {
    const [key = '', word = '', values = ''] = part.split(' ')
    return { key, operator: words[word] ?? 'Exists', values: values === '' ? [] : values.split(',') }
  })
  return { labelSelector: { matchExpressions }, topologyKey, ...more }
}

type Terms = readonly (string | PodAffinityTerm)[]
const all = (terms: Terms): readonly PodAffinityTerm[] =>
  terms.map(each => (typeof each === 'string' ? term(each) : each))
const near = (...terms: Terms): Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: all(terms) },
})
const apart = (...terms: Terms): Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: all(terms) },
})
const weighted = (weight: number, text: string) => ({ weight, podAffinityTerm: term(text) })
const likes = (weight: number, text: string): Affinity => ({
  podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [weighted(weight, text)] },
})
const dislikes = (weight: number, text: string): Affinity => ({
  podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [weighted(weight, text)] },
})
const shape = (labels: string, affinity?: Affinity, namespace = ''): PodShape => ({
  labels,
  namespace,
  spec: { affinity },
})

const NO_COMPANY = "node(s) didn't match pod affinity rules!"
const BAD_COMPANY = "node(s) didn't match pod anti-affinity rules"
const NOT_WANTED = "node(s) didn't satisfy existing pods anti-affinity rules"
const namespaceLabels = (name: string) => ({ team: name.split('.')[1] ?? '' })

describe('TestRequiredAffinitySingleNode', () => {
  const scan = shape('service=securityscan')
  const team1 = {
    namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['team1'] }] },
  } as const
  const serviceIn = 'service in securityscan,value2 @region'
  test.each<{
    what: string
    comes: PodShape
    there?: readonly PodShape[]
    elsewhere?: readonly PodShape[]
    want: string
  }>([
    { what: 'no rules, no pods', comes: {}, want: 'fits' },
    { what: 'In matches the existing pod', comes: shape('security=S1', near(serviceIn)), there: [scan], want: 'fits' },
    {
      what: 'NotIn matches the existing pod',
      comes: shape('security=S1', near('service notin securityscan3,value3 @region')),
      there: [scan],
      want: 'fits',
    },
    {
      what: 'because of a different namespace',
      comes: shape('security=S1', near(term(serviceIn, { namespaces: ['DiffNameSpace'] }))),
      there: [shape('service=securityscan', undefined, 'ns')],
      want: NO_COMPANY,
    },
    {
      what: 'unmatching labelSelector',
      comes: shape('service=securityscan', near('service in antivirusscan,value2 @region')),
      there: [scan],
      want: NO_COMPANY,
    },
    {
      what: 'different operators in several terms',
      comes: shape(
        'security=S1',
        near(
          'service exists and wrongkey lacks @region',
          'service in securityscan and service notin WrongValue @region',
        ),
      ),
      there: [scan],
      want: 'fits',
    },
    {
      what: 'requirements are ANDed',
      comes: shape(
        'security=S1',
        near(
          'service exists and wrongkey lacks @region',
          'service in securityscan2 and service notin WrongValue @region',
        ),
      ),
      there: [scan],
      want: NO_COMPANY,
    },
    {
      what: 'affinity and anti-affinity with the existing pod',
      comes: shape('security=S1', { ...near(serviceIn), ...apart('service in antivirusscan,value2 @node') }),
      there: [scan],
      want: 'fits',
    },
    {
      what: 'and the existing pod has an anti-affinity that does not mean it',
      comes: shape('security=S1', { ...near(serviceIn), ...apart('service in antivirusscan,value2 @node') }),
      there: [shape('service=securityscan', apart('service in antivirusscan,value2 @node'))],
      want: 'fits',
    },
    {
      what: 'affinity holds, anti-affinity does not',
      comes: shape('security=S1', { ...near(serviceIn), ...apart('service in securityscan,value2 @zone') }),
      there: [scan],
      want: BAD_COMPANY,
    },
    {
      what: "both hold, but the existing pod's anti-affinity does not",
      comes: shape('service=securityscan', { ...near(serviceIn), ...apart('service in antivirusscan,value2 @node') }),
      there: [shape('service=securityscan', apart('service in securityscan,value2 @zone'))],
      want: NOT_WANTED,
    },
    {
      what: 'pod matches its own label but the existing pod is elsewhere',
      comes: shape('service=securityscan', near('service notin securityscan,value2 @region')),
      elsewhere: [scan],
      want: NO_COMPANY,
    },
    {
      what: 'anti-affinity of the existing pod is respected when the pod has none',
      comes: scan,
      there: [shape('service=securityscan', apart('service in securityscan,value2 @zone'))],
      want: NOT_WANTED,
    },
    {
      what: 'anti-affinity of the existing pod that does not mean the pod',
      comes: scan,
      there: [shape('service=securityscan', apart('service notin securityscan,value2 @zone'))],
      want: 'fits',
    },
    {
      what: 'any term of its own anti-affinity counts',
      comes: shape('service=securityscan', apart('service exists @region', 'security exists @region')),
      there: [shape('security=S1', apart('security exists @zone'))],
      want: BAD_COMPANY,
    },
    {
      what: 'symmetry a1',
      comes: shape('service=securityscan', apart('service exists @zone', 'security exists @zone')),
      there: [shape('security=S1', apart('security exists @zone'))],
      want: BAD_COMPANY,
    },
    {
      what: 'symmetry a2',
      comes: shape('security=S1', apart('security exists @zone')),
      there: [shape('service=securityscan', apart('service exists @zone', 'security exists @zone'))],
      want: NOT_WANTED,
    },
    {
      what: 'symmetry b1',
      comes: shape('abc,xyz', apart('abc exists @zone', 'def exists @zone')),
      there: [shape('def,xyz', apart('abc exists @zone', 'def exists @zone'))],
      want: BAD_COMPANY,
    },
    {
      what: 'symmetry b2',
      comes: shape('def,xyz', apart('abc exists @zone', 'def exists @zone')),
      there: [shape('abc,xyz', apart('abc exists @zone', 'def exists @zone'))],
      want: BAD_COMPANY,
    },
    {
      what: 'affinity with NamespaceSelector',
      comes: shape('security=S1', near(term(serviceIn, team1))),
      there: [shape('service=securityscan', undefined, 'subteam1.team1')],
      want: 'fits',
    },
    {
      what: 'affinity with non-matching NamespaceSelector',
      comes: shape('security=S1', near(term(serviceIn, team1))),
      there: [shape('service=securityscan', undefined, 'subteam1.team2')],
      want: NO_COMPANY,
    },
    {
      what: 'anti-affinity with matching NamespaceSelector',
      comes: shape('security=S1', apart(term('service in securityscan,value2 @zone', team1)), 'subteam1.team1'),
      there: [shape('service=securityscan', undefined, 'subteam2.team1')],
      want: BAD_COMPANY,
    },
    {
      what: 'anti-affinity with matching all NamespaceSelector',
      comes: shape(
        'security=S1',
        apart(term('service in securityscan,value2 @zone', { namespaceSelector: {} })),
        'subteam1.team1',
      ),
      there: [shape('service=securityscan', undefined, 'subteam2.team1')],
      want: BAD_COMPANY,
    },
    {
      what: 'anti-affinity with non-matching NamespaceSelector',
      comes: shape('security=S1', apart(term('service in securityscan,value2 @zone', team1)), 'subteam1.team1'),
      there: [shape('service=securityscan', undefined, 'subteam1.team2')],
      want: 'fits',
    },
    {
      what: 'matchLabelKeys narrow a term to pods of the same value (TestRequiredAffinityWithMatchLabelKeys)',
      comes: shape('app=web,version=2', apart(term('app in web @zone', { matchLabelKeys: ['version'] }))),
      there: [shape('app=web,version=1')],
      want: 'fits',
    },
    {
      what: 'mismatchLabelKeys to pods of any other value',
      comes: shape('app=web,tenant=a', apart(term('app in web @zone', { mismatchLabelKeys: ['tenant'] }))),
      there: [shape('app=web,tenant=b')],
      want: BAD_COMPANY,
    },
  ])('$what', ({ comes, there = [], elsewhere = [], want }) => {
    const pods = [...there.map(each => on('node1', each)), ...elsewhere.map(each => on('node2', each))]
    const nodes = [node('node1', 'region=r1,zone=z11'), node('node2', 'region=r9,zone=z99')]
    expect(verdicts(companyIsRight, pod(comes), { nodes, pods, namespaceLabels })[0]).toBe(want)
  })
})

describe('TestRequiredAffinityMultipleNodes', () => {
  const regions = ['region=China', 'region=China,az=az1', 'region=India']
  const zones = ['region=r1,zone=z1', 'region=r1,zone=z2']
  interface Case {
    readonly what: string
    readonly comes: PodShape
    readonly nodes: readonly string[]
    /** By node. */
    readonly there: readonly (readonly PodShape[])[]
    readonly want: readonly string[]
  }
  const collection = shape('foo=bar,service=securityscan', near('foo in bar @zone', 'service in securityscan @zone'))
  test.each<Case>([
    {
      what: 'all nodes with the same topology value as one that has a matching pod',
      comes: shape('', near('foo in bar @region')),
      nodes: regions,
      there: [[shape('foo=bar')]],
      want: ['fits', 'fits', NO_COMPANY],
    },
    {
      what: 'the first pod of a collection goes anywhere',
      comes: collection,
      nodes: ['zone=az1', 'zone=az2'],
      there: [[shape('foo=bar')]],
      want: ['fits', 'fits'],
    },
    {
      what: 'the first pod of a collection needs the topology keys',
      comes: collection,
      nodes: ['zoneLabel=az1', 'zoneLabel=az2'],
      there: [[shape('foo=bar')]],
      want: [NO_COMPANY, NO_COMPANY],
    },
    {
      what: 'anti-affinity over a region',
      comes: shape('', apart('foo in abc @region')),
      nodes: ['region=r1', 'region=r1'],
      there: [[shape('foo=abc')]],
      want: [BAD_COMPANY, BAD_COMPANY],
    },
    {
      what: 'any term of the anti-affinity rule matches',
      comes: shape('', apart('foo in abc @region', 'service in securityscan @zone')),
      nodes: zones,
      there: [[shape('foo=abc,service=securityscan')]],
      want: [BAD_COMPANY, BAD_COMPANY],
    },
    {
      what: 'but onto a node of another region',
      comes: shape('', apart('foo in abc @region')),
      nodes: regions,
      there: [[shape('foo=abc')]],
      want: [BAD_COMPANY, BAD_COMPANY, 'fits'],
    },
    {
      what: 'anti-affinity of a pod in another namespace means nobody here',
      comes: shape('foo=123', apart('foo in bar @region'), 'NS1'),
      nodes: regions,
      there: [[shape('foo=bar', undefined, 'NS1')], [], [shape('', apart('foo in 123 @region'), 'NS2')]],
      want: [BAD_COMPANY, BAD_COMPANY, 'fits'],
    },
    {
      what: "an existing pod's term with an unknown topology key",
      comes: shape('foo'),
      nodes: zones,
      there: [[shape('', apart('foo exists @invalid-node-label'))]],
      want: ['fits', 'fits'],
    },
    {
      what: "the incoming pod's term with an unknown topology key",
      comes: shape('', apart('foo exists @invalid-node-label')),
      nodes: zones,
      there: [[shape('foo')]],
      want: ['fits', 'fits'],
    },
    {
      what: "violates each existing pod's terms on all nodes",
      comes: shape('foo,bar'),
      nodes: zones,
      there: [[shape('', apart('foo exists @zone')), shape('', apart('bar exists @region'))]],
      want: [NOT_WANTED, NOT_WANTED],
    },
    {
      what: 'at least one rule of its own is violated on each node',
      comes: shape('', apart('foo exists @zone', 'bar exists @region')),
      nodes: zones,
      there: [[shape('foo')], [shape('bar')]],
      want: [BAD_COMPANY, BAD_COMPANY],
    },
    {
      what: 'one term of the existing pod has an unknown key',
      comes: shape('foo,bar'),
      nodes: zones,
      there: [[shape('', apart('foo exists @invalid-node-label', 'bar exists @zone'))]],
      want: [NOT_WANTED, 'fits'],
    },
    {
      what: 'one term of its own has an unknown key',
      comes: shape('', apart('foo exists @invalid-node-label', 'bar exists @zone')),
      nodes: zones,
      there: [[shape('foo,bar')]],
      want: [BAD_COMPANY, 'fits'],
    },
    {
      what: 'all terms of the existing pod have known keys',
      comes: shape('foo,bar'),
      nodes: zones,
      there: [[shape('', apart('foo exists @region', 'bar exists @zone'))]],
      want: [NOT_WANTED, NOT_WANTED],
    },
    {
      what: 'all terms of its own have known keys',
      comes: shape('', apart('foo exists @region', 'bar exists @zone')),
      nodes: zones,
      there: [[shape('foo,bar')]],
      want: [BAD_COMPANY, BAD_COMPANY],
    },
  ])('$what', ({ comes, nodes, there, want }) => {
    const stage = {
      nodes: nodes.map((labels, i) => node(`node${i}`, labels)),
      pods: there.flatMap((shapes, i) => shapes.map(each => on(`node${i}`, each))),
      namespaceLabels,
    }
    expect(verdicts(companyIsRight, pod(comes), stage)).toEqual(want)
  })
})

describe('TestPreferredAffinity', () => {
  const regions = ['region=China', 'region=India', 'az=az1']
  test.each([
    { what: 'all nodes are same priority as Affinity is nil', comes: shape('security=S1'), there: [], want: undefined },
    {
      what: 'affinity: pods with S2 are in node1 and node2',
      comes: shape('security=S1', likes(5, 'security in S2 @region')),
      there: [[shape('security=S2')], [shape('security=S1')]],
      want: [100, 0, 0],
    },
    {
      what: 'anti-affinity: a pod that is avoided is in node1',
      comes: shape('security=S1', dislikes(5, 'security in S1 @region')),
      there: [[shape('security=S1')], [shape('security=S2')]],
      want: [0, 100, 100],
    },
    {
      what: 'affinity of existing pods is symmetric',
      comes: shape('security=S2'),
      there: [[shape('security=S1', likes(5, 'security in S2 @region'))], [shape('security=S1')]],
      want: [100, 0, 0],
    },
    {
      what: 'anti-affinity of existing pods is symmetric',
      comes: shape('security=S2'),
      there: [[shape('security=S1', dislikes(8, 'security in S2 @region'))]],
      want: [0, 100, 100],
    },
    {
      what: 'a required affinity of an existing pod counts as a preference',
      comes: shape('security=S2'),
      there: [[], [shape('security=S1', near('security in S2 @region'))]],
      want: [0, 100, 0],
    },
  ])('$what', ({ comes, there, want }) => {
    const stage = {
      nodes: regions.map((labels, i) => node(`node${i}`, labels)),
      pods: there.flatMap((shapes, i) => shapes.map(each => on(`node${i}`, each))),
    }
    expect(scores(companyIsRight, pod(comes), stage)).toEqual(want)
  })
})
