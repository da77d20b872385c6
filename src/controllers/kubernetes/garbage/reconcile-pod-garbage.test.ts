/** Cases of pkg/controller/podgc/gc_controller_test.go, which each test names. */
import { describe, expect, test } from 'vitest'
import { formatTime } from '../../../base/clock.ts'
import type { Node, Pod, PodPhase, Taint } from '../../../kube/core.ts'
import { collectPod, podGarbage } from './reconcile-pod-garbage.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
type Row = readonly [name: string, phase: PodPhase | undefined, node?: string, leaving?: boolean, reason?: string]

const podOf = ([name, phase, nodeName = 'node', leaving = false, reason]: Row, i: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace: 'default', uid: name, creationTimestamp: formatTime(NOW + i * 3_600_000) },
    ...(leaving ? { deletionTimestamp: formatTime(NOW) } : {}),
  },
  spec: { containers: [], ...(nodeName ? { nodeName } : {}) },
  status: { ...(phase ? { phase } : {}), ...(reason ? { reason } : {}) },
})
const node = (name: string, ready: 'True' | 'False' = 'True', taints: readonly Taint[] = []): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { taints },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})
function collected(rows: readonly Row[], nodes: readonly Node[], threshold = 0) {
  const nodeOf = (name: string) => nodes.find(({ metadata }) => metadata.name === name)
  const garbage = podGarbage(rows.map(podOf), nodeOf, threshold)
  const patched = garbage.filter(each => collectPod(each, NOW).length === 2)
  const names = (list: typeof garbage) => list.map(({ pod }) => pod.metadata.name).sort()
  return [names(garbage), names(patched)]
}

describe('TestGCTerminated', () => {
  test.each<[string, Row[], number, string[]]>([
    [
      'a and b',
      [
        ['a', 'Failed'],
        ['b', 'Succeeded'],
        ['c', 'Failed'],
      ],
      1,
      ['a', 'b'],
    ],
    [
      'threshold = 0, disables terminated pod deletion',
      [
        ['a', 'Failed'],
        ['b', 'Succeeded'],
      ],
      0,
      [],
    ],
    [
      'a running one does not count',
      [
        ['a', 'Running'],
        ['b', 'Succeeded'],
        ['c', 'Failed'],
      ],
      1,
      ['b'],
    ],
    [
      'threshold = 1, delete pod a which is PodFailed',
      [
        ['a', 'Failed'],
        ['b', 'Succeeded'],
      ],
      1,
      ['a'],
    ],
    [
      "threshold = 5, don't delete pod",
      [
        ['a', 'Failed'],
        ['b', 'Succeeded'],
      ],
      5,
      [],
    ],
    [
      'evicted ones first',
      [
        ['a', 'Failed'],
        ['b', 'Succeeded'],
        ['c', 'Failed', 'node', false, 'Evicted'],
      ],
      1,
      ['a', 'c'],
    ],
    [
      'the evicted one',
      [
        ['a', 'Running'],
        ['b', 'Succeeded'],
        ['c', 'Failed', 'node', false, 'Evicted'],
      ],
      1,
      ['c'],
    ],
  ])('%s', (_, rows, threshold, expected) => {
    expect(collected(rows, [node('node')], threshold)[0]).toEqual(expected)
  })
})

describe('TestGCOrphaned', () => {
  test.each<[string, Row[], Node[], string[], string[]]>([
    [
      'nodes present',
      [
        ['a', 'Running', 'existing1'],
        ['b', 'Failed', 'existing2'],
      ],
      [node('existing1'), node('existing2')],
      [],
      [],
    ],
    [
      'no nodes',
      [
        ['a', 'Failed', 'deleted'],
        ['b', 'Succeeded', 'deleted'],
      ],
      [],
      ['a', 'b'],
      [],
    ],
    [
      'no nodes, one running pod',
      [
        ['a', 'Failed', 'x'],
        ['b', 'Succeeded', 'x'],
        ['c', 'Running', 'x'],
      ],
      [],
      ['a', 'b', 'c'],
      ['c'],
    ],
    ['wrong nodes', [['a', 'Running', 'deleted']], [node('existing')], ['a'], ['a']],
    [
      'some nodes missing',
      [
        ['a', 'Failed', 'deleted1'],
        ['b', 'Succeeded', 'existing'],
        ['c', 'Succeeded', 'deleted2'],
        ['d', 'Running', 'deleted3'],
      ],
      ...([[node('existing')], ['a', 'c', 'd'], ['d']] as [Node[], string[], string[]]),
    ],
    ['one that waits for a node', [['a', 'Pending', '']], [], [], []],
  ])('%s', (_, rows, nodes, deleted, patched) => {
    expect(collected(rows, nodes)).toEqual([deleted, patched])
  })

  test('why it failed stands in its status', () => {
    const [update] = collectPod({ pod: podOf(['a', 'Running'], 0), isOrphaned: true }, NOW)
    expect(update).toMatchObject({
      object: { status: { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC' }] } },
    })
  })
})

describe('TestGCUnscheduledTerminating', () => {
  test('Unscheduled pod in any phase must be deleted', () => {
    const rows: Row[] = [
      ['a', 'Failed', '', true],
      ['b', 'Succeeded', '', true],
      ['c', 'Running', '', true],
    ]
    expect(collected(rows, [])).toEqual([['a', 'b', 'c'], ['c']])
  })
  test('Scheduled pod in any phase must not be deleted', () => {
    const rows: Row[] = [
      ['a', 'Failed', ''],
      ['b', 'Succeeded', 'node'],
      ['c', 'Running', 'node', true],
    ]
    expect(collected(rows, [node('node')])[0]).toEqual([])
  })
})

describe('TestGCTerminating: pods on their way out on nodes that are out of service', () => {
  const out = (effect: Taint['effect'], value?: string): Taint[] => [
    { key: 'node.kubernetes.io/out-of-service', effect, ...(value ? { value } : {}) },
  ]
  test.each<[string, Node, boolean]>([
    ['not ready alone is not enough', node('w', 'False'), false],
    ['not ready and tainted NoExecute', node('w', 'False', out('NoExecute')), true],
    ['not ready and tainted NoSchedule', node('w', 'False', out('NoSchedule')), true],
    ['not ready and tainted PreferNoSchedule', node('w', 'False', out('PreferNoSchedule')), true],
    ['with any value', node('w', 'False', out('NoExecute', 'any-value')), true],
    ['ready', node('w', 'True'), false],
    ['ready and tainted', node('w', 'True', out('NoExecute')), false],
  ])('%s', (_, on, expected) => {
    const rows: Row[] = [
      ['stays', 'Running', 'w'],
      ['p', 'Pending', 'w'],
      ['leaves', 'Running', 'w', true],
    ]
    expect(collected(rows, [on])[0]).toEqual(expected ? ['leaves'] : [])
  })
  test('pods deleted from node tainted out-of-service: who has ended keeps its phase', () => {
    const rows: Row[] = [
      ['a', 'Running', 'w', true],
      ['b', 'Failed', 'w', true],
      ['c', 'Succeeded', 'w', true],
    ]
    expect(collected(rows, [node('w', 'False', out('NoExecute'))])).toEqual([['a', 'b', 'c'], ['a']])
  })
})
