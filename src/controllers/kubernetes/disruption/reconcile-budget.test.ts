/** Cases of pkg/controller/disruption/disruption_test.go, which each test names. */
import { describe, expect, test } from 'vitest'
import { formatTime } from '../../../base/clock.ts'
import type { PodDisruptionBudget } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import type { Action } from '../../runtime/action.ts'
import { reconcileBudget, reconcileStaleMark, type Scale } from './reconcile-budget.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

const budget = (
  spec: Partial<PodDisruptionBudget['spec']>,
  status?: PodDisruptionBudget['status'],
): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'foobar', namespace: 'n', uid: 'pdb', generation: 1 },
  spec: { selector: { matchLabels: { foo: 'bar' } }, ...spec },
  ...(status ? { status } : {}),
})
const pod = (name: string, owner?: string, ready = true, more: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace: 'n', uid: name, labels: { foo: 'bar' } },
    ...(owner
      ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] }
      : {}),
    ...more,
  },
  spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const pods = (count: number, owner?: string, unready = 0): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`${owner ?? 'yo'}-${i}`, owner, i >= unready))

function decide(of: PodDisruptionBudget, list: readonly Pod[], scales: Record<string, number | Scale> = {}) {
  const scaleOf = ({ uid }: { uid: string }): Scale => {
    const scale = scales[uid]
    return typeof scale === 'number' ? { kind: 'scale', uid, replicas: scale } : scale
  }
  const actions = reconcileBudget({ budget: of, pods: list, scaleOf }, NOW)
  const update = actions.find(({ kind }) => kind === 'update-status') as
    | Extract<Action, { kind: 'update-status' }>
    | undefined
  const { status = of.status } = (update?.object ?? of) as PodDisruptionBudget
  const events = actions.flatMap(action => (action.kind === 'event' ? [action.reason] : []))
  const numbers = [status?.disruptionsAllowed, status?.currentHealthy, status?.desiredHealthy, status?.expectedPods]
  return { numbers, status, events, actions, after: (update?.object ?? of) as PodDisruptionBudget }
}

describe('disruptions allowed, healthy now, healthy wanted, expected', () => {
  test.each<[string, Partial<PodDisruptionBudget['spec']>, Pod[], Record<string, number>, number[]]>([
    ['TestNoSelector: none yet', { minAvailable: 3, selector: {} }, [], {}, [0, 0, 3, 0]],
    ['TestNoSelector: one', { minAvailable: 3, selector: {} }, pods(1), {}, [0, 1, 3, 1]],
    ['TestUnavailable: three', { minAvailable: 3 }, pods(3), {}, [0, 3, 3, 3]],
    ['TestUnavailable: four', { minAvailable: 3 }, pods(4), {}, [1, 4, 3, 4]],
    ['TestUnavailable: one of four is not ready', { minAvailable: 3 }, pods(4, undefined, 1), {}, [0, 3, 3, 4]],
    ['TestIntegerMaxUnavailable: none', { maxUnavailable: 1 }, [], {}, [0, 0, 0, 0]],
    ['TestIntegerMaxUnavailable: a naked pod', { maxUnavailable: 1 }, pods(1), {}, [0, 1, 0, 0]],
    ['TestIntegerMaxUnavailableWithScaling: 7', { maxUnavailable: 2 }, pods(1, 'rs'), { rs: 7 }, [0, 1, 5, 7]],
    ['TestIntegerMaxUnavailableWithScaling: 5', { maxUnavailable: 2 }, pods(1, 'rs'), { rs: 5 }, [0, 1, 3, 5]],
    ['TestPercentageMaxUnavailableWithScaling: 7', { maxUnavailable: '30%' }, pods(1, 'rs'), { rs: 7 }, [0, 1, 4, 7]],
    ['TestPercentageMaxUnavailableWithScaling: 3', { maxUnavailable: '30%' }, pods(1, 'rs'), { rs: 3 }, [0, 1, 2, 3]],
    ['TestNakedPod: none', { minAvailable: '28%' }, [], {}, [0, 0, 0, 0]],
    ['TestNakedPod: one', { minAvailable: '28%' }, pods(1), {}, [0, 1, 0, 0]],
    ['TestReplicaSet', { minAvailable: '20%' }, pods(1, 'rs'), { rs: 10 }, [0, 1, 2, 10]],
    [
      'TestScaleResource: a kind that can be scaled',
      { maxUnavailable: 5 },
      pods(4, 'custom'),
      { custom: 10 },
      [0, 4, 5, 10],
    ],
    ['TestScaleResource: with more of them', { maxUnavailable: 5 }, pods(8, 'custom'), { custom: 10 }, [3, 8, 5, 10]],
    ['TestStatefulSetController: not enough', { minAvailable: '67%' }, pods(2, 'ss'), { ss: 3 }, [0, 2, 3, 3]],
    ['TestStatefulSetController: all', { minAvailable: '67%' }, pods(3, 'ss'), { ss: 3 }, [0, 3, 3, 3]],
    ['TestReplicationController: two thirds', { minAvailable: '67%' }, pods(3, 'rc'), { rc: 3 }, [0, 3, 3, 3]],
    ['TestTwoControllers: one, four wanted', { minAvailable: '28%' }, pods(11, 'a', 6), { a: 11 }, [1, 5, 4, 11]],
    [
      'TestTwoControllers: two, seven wanted',
      { minAvailable: '28%' },
      [...pods(11, 'a', 6), ...pods(11, 'b', 7)],
      ...([{ a: 11, b: 11 }, [2, 9, 7, 22]] as [Record<string, number>, number[]]),
    ],
    ['maxUnavailable above the scale: none is wanted', { maxUnavailable: 20 }, pods(5, 'rs'), { rs: 5 }, [5, 5, 0, 5]],
    ['maxUnavailable 0: nobody may go', { maxUnavailable: 0 }, pods(5, 'rs'), { rs: 5 }, [0, 5, 5, 5]],
    ['minAvailable 100%: nobody may go', { minAvailable: '100%' }, pods(5, 'rs'), { rs: 5 }, [0, 5, 5, 5]],
  ])('%s', (_, spec, list, scales, expected) => {
    expect(decide(budget(spec), list, scales).numbers).toEqual(expected)
  })
})

test('the condition says whether anybody may go, and stays as it is (TestKeepExistingPDBConditionDuringSync)', () => {
  const first = decide(budget({ minAvailable: 1 }), pods(2))
  expect(first.status?.conditions).toMatchObject([
    { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' },
  ])
  expect(decide(first.after, pods(2)).actions).toEqual([])
  const second = decide(first.after, pods(1))
  expect(second.status?.conditions).toMatchObject([{ status: 'False', reason: 'InsufficientPods' }])
})

describe('what cannot be counted', () => {
  test('TestUnsupportedControllerPod: lets nobody go, and says why', () => {
    const { numbers, status, events } = decide(budget({ minAvailable: '28%' }), pods(3, 'fake'))
    expect([numbers[0], events]).toEqual([0, ['CalculateExpectedPodCountFailed']])
    expect(status?.conditions).toMatchObject([
      { reason: 'SyncFailed', status: 'False', message: 'found no controllers for pod "fake-0"' },
    ])
  })
  test('TestScaleFinderNoResource: a kind that cannot be scaled', () => {
    const why = 'customresources.example.com does not implement the scale subresource'
    const { status } = decide(budget({ maxUnavailable: 1 }), pods(1, 'custom'), { custom: { kind: 'unknown', why } })
    expect(status?.conditions).toMatchObject([{ reason: 'SyncFailed', message: why }])
  })
  test('TestStatusForUnmanagedPod, TestTotalUnmanagedPods: pods of nobody are said', () => {
    expect(decide(budget({ minAvailable: '28%' }), pods(1)).events).toEqual(['UnmanagedPods'])
  })
  test('no pods are said', () => expect(decide(budget({ minAvailable: 1 }), []).events).toEqual(['NoPods']))
})

test('TestUpdateDisruptedPods: whoever is gone, goes, or did not go is no longer noted', () => {
  const disruptedPods = {
    p1: formatTime(NOW),
    p2: formatTime(NOW - 180_000),
    p3: formatTime(NOW - 60_000),
    notthere: formatTime(NOW),
  }
  const of = budget({ minAvailable: 1 }, { disruptedPods })
  const leaving = pod('p1', undefined, true, { deletionTimestamp: formatTime(NOW) })
  const { numbers, status, actions, events } = decide(of, [leaving, pod('p2'), pod('p3')])
  expect(numbers).toEqual([0, 1, 1, 3])
  expect(status?.disruptedPods).toEqual({ p3: disruptedPods.p3 })
  expect(events).toEqual(['NotDeleted'])
  expect(actions).toContainEqual({ kind: 'wake', afterMs: 60_001 })
})

describe('TestStalePodDisruption', () => {
  const marked = (status: 'True' | 'False' | undefined, more: Partial<Pod['metadata']> = {}, reason?: string): Pod => {
    const mark = status && {
      type: 'DisruptionTarget',
      status,
      lastTransitionTime: formatTime(NOW),
      ...(reason ? { reason } : {}),
    }
    return { ...pod('foo', undefined, true, more), status: { phase: 'Running', conditions: mark ? [mark] : [] } }
  }
  test.each<[string, Pod, number, string]>([
    ['stale pod disruption', marked('True'), 121_000, 'update-status'],
    ['pod disruption in progress', marked('True'), 119_000, 'wake'],
    ['pod disruption actuated', marked('True', { deletionTimestamp: formatTime(NOW) }), 121_000, ''],
    ['no pod disruption', marked(undefined), 121_000, ''],
    ['pod disruption cleared', marked('False'), 121_000, ''],
    ['the kubelet’s own mark stays', marked('True', {}, 'TerminationByKubelet'), 121_000, ''],
  ])('%s', (_, it, passedMs, expected) => {
    expect(
      reconcileStaleMark(it, NOW + passedMs)
        .map(({ kind }) => kind)
        .join(),
    ).toBe(expected)
  })
})
