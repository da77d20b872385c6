/** tainttoleration/taint_toleration_test.go (TestTaintTolerationFilter, TestTaintTolerationScore), nodeunschedulable/node_unschedulable_test.go. */
import { describe, expect, test } from 'vitest'
import type { Taint, Toleration } from '../../kube/core.ts'
import { isNotCordoned, taintsAreTolerated } from './taints.ts'
import { node, pod, scores, verdicts } from './testbed.ts'

/** `dedicated=user1:NoSchedule` */
const taint = (text: string): Taint => {
  const [, key = '', value = '', effect] = /^(.*?)=(.*?):(.*)$/.exec(text) ?? []
  return { key, value, effect: effect as Taint['effect'] }
}
const equal = (text: string): Toleration => ({ ...taint(text), operator: 'Equal' })
const tainted = (name: string, ...taints: readonly string[]) => node(name, '', { spec: { taints: taints.map(taint) } })
const REFUSED = 'node(s) had untolerated taint(s)!'

describe('TestTaintTolerationFilter', () => {
  test.each<{ what: string; tolerations?: readonly Toleration[]; taints: readonly string[]; want: string }>([
    { what: 'no tolerations on a tainted node', taints: ['dedicated=user1:NoSchedule'], want: REFUSED },
    {
      what: 'dedicated to user1',
      tolerations: [equal('dedicated=user1:NoSchedule')],
      taints: ['dedicated=user1:NoSchedule'],
      want: 'fits',
    },
    {
      what: "the toleration's value differs",
      tolerations: [equal('dedicated=user2:NoSchedule')],
      taints: ['dedicated=user1:NoSchedule'],
      want: REFUSED,
    },
    {
      what: 'Exists, key is foo',
      tolerations: [{ key: 'foo', operator: 'Exists', effect: 'NoSchedule' }],
      taints: ['foo=bar:NoSchedule'],
      want: 'fits',
    },
    {
      what: 'several taints, all tolerated',
      tolerations: [equal('dedicated=user2:NoSchedule'), { key: 'foo', operator: 'Exists', effect: 'NoSchedule' }],
      taints: ['dedicated=user2:NoSchedule', 'foo=bar:NoSchedule'],
      want: 'fits',
    },
    {
      what: 'same key and value, other effect',
      tolerations: [equal('foo=bar:PreferNoSchedule')],
      taints: ['foo=bar:NoSchedule'],
      want: REFUSED,
    },
    {
      what: 'no effect in the toleration means every effect',
      tolerations: [{ key: 'foo', operator: 'Equal', value: 'bar' }],
      taints: ['foo=bar:NoSchedule'],
      want: 'fits',
    },
    {
      what: 'PreferNoSchedule does not keep away',
      tolerations: [equal('dedicated=user2:NoSchedule')],
      taints: ['dedicated=user1:PreferNoSchedule'],
      want: 'fits',
    },
    { what: 'PreferNoSchedule, no tolerations', taints: ['dedicated=user1:PreferNoSchedule'], want: 'fits' },
    {
      what: 'Exists without a key tolerates everything',
      tolerations: [{ operator: 'Exists' }],
      taints: ['a=b:NoSchedule', 'c=d:NoExecute'],
      want: 'fits',
    },
    { what: 'NoExecute keeps away too', taints: ['a=b:NoExecute'], want: REFUSED },
  ])('$what', ({ tolerations, taints, want }) => {
    expect(verdicts(taintsAreTolerated, pod({ spec: { tolerations } }), { nodes: [tainted('n', ...taints)] })).toEqual([
      want,
    ])
  })

  test('a node that is not ready counts as tainted before it is', () => {
    const silent = (status: 'False' | 'Unknown') =>
      node('n', '', { status: { conditions: [{ type: 'Ready', status }] } })
    const tolerant = pod({ spec: { tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists' }] } })
    expect(verdicts(taintsAreTolerated, tolerant, { nodes: [silent('False'), silent('Unknown')] })).toEqual([
      REFUSED,
      'fits',
    ])
  })
})

describe('TestTaintTolerationScore', () => {
  test.each<{
    what: string
    tolerations?: readonly Toleration[]
    nodes: readonly (readonly string[])[]
    want: readonly number[] | undefined
  }>([
    {
      what: 'tolerated taints score higher than intolerable ones',
      tolerations: [equal('foo=bar:PreferNoSchedule')],
      nodes: [['foo=bar:PreferNoSchedule'], ['foo=blah:PreferNoSchedule']],
      want: [100, 0],
    },
    {
      what: 'nodes whose taints are all tolerated score the same, however many',
      tolerations: [equal('cpu-type=arm64:PreferNoSchedule'), equal('disk-type=ssd:PreferNoSchedule')],
      nodes: [
        [],
        ['cpu-type=arm64:PreferNoSchedule'],
        ['cpu-type=arm64:PreferNoSchedule', 'disk-type=ssd:PreferNoSchedule'],
      ],
      want: [100, 100, 100],
    },
    {
      what: 'the more intolerable taints, the lower the score',
      tolerations: [equal('foo=bar:PreferNoSchedule')],
      nodes: [
        [],
        ['cpu-type=arm64:PreferNoSchedule'],
        ['cpu-type=arm64:PreferNoSchedule', 'disk-type=ssd:PreferNoSchedule'],
      ],
      want: [100, 50, 0],
    },
    {
      what: 'only taints and tolerations with effect PreferNoSchedule are checked',
      tolerations: [equal('cpu-type=arm64:NoSchedule'), equal('disk-type=ssd:NoSchedule')],
      nodes: [[], ['cpu-type=arm64:NoSchedule'], ['cpu-type=arm64:PreferNoSchedule', 'disk-type=ssd:PreferNoSchedule']],
      want: [100, 100, 0],
    },
    { what: 'without any such taint nobody is preferred', nodes: [[], ['a=b:NoSchedule']], want: undefined },
  ])('$what', ({ tolerations, nodes, want }) => {
    const all = nodes.map((taints, i) => tainted(`node${i}`, ...taints))
    expect(scores(taintsAreTolerated, pod({ spec: { tolerations } }), { nodes: all })).toEqual(want)
  })
})

describe('TestNodeUnschedulable', () => {
  const cordon: Toleration = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
  test.each<{ what: string; unschedulable: boolean; tolerations?: readonly Toleration[]; want: string }>([
    { what: 'does not schedule to an unschedulable node', unschedulable: true, want: 'node(s) were unschedulable!' },
    { what: 'schedules to a normal node', unschedulable: false, want: 'fits' },
    {
      what: 'schedules to an unschedulable node when it is tolerated',
      unschedulable: true,
      tolerations: [cordon],
      want: 'fits',
    },
  ])('$what', ({ unschedulable, tolerations, want }) => {
    const nodes = [node('n', '', { spec: { unschedulable } })]
    expect(verdicts(isNotCordoned, pod({ spec: { tolerations } }), { nodes })).toEqual([want])
  })
})
