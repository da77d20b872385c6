/** Cases of pkg/controller/tainteviction/taint_eviction_test.go, which each table names. */
import { describe, expect, test } from 'vitest'
import type { Pod, Taint, Toleration } from '../../../kube/core.ts'
import { decideEviction, evict, type Leave, noExecuteTaints, shortestStayMs } from './decide-eviction.ts'

const taint = (i: number): Taint => ({ key: `testTaint${i}`, value: `test${i}`, effect: 'NoExecute' })
/** -1: for ever. */
const tolerating = (i: number, seconds: number): Toleration => ({
  ...taint(i),
  ...(seconds < 0 ? {} : { tolerationSeconds: seconds }),
})
const pod = (...tolerations: Toleration[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pod1', namespace: 'default', uid: 'u' },
  spec: { containers: [], nodeName: 'node1', tolerations },
})

/** When it goes, counted from now. */
const goesIn = (leave: Leave | undefined, nowMs: number): number | undefined => leave && leave.atMs - nowMs

test('TestFilterNoExecuteTaints: only NoExecute taints count', () => {
  const taints: readonly Taint[] = [
    { key: 'one', value: '', effect: 'NoExecute' },
    { key: 'two', value: '', effect: 'NoSchedule' },
  ]
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' }, spec: { taints } }
  expect(noExecuteTaints(node)).toEqual([taints[0]])
})

describe('TestGetMinTolerationTime', () => {
  test.each<[readonly (number | undefined)[], number | undefined]>([
    [[], 0],
    [[undefined], undefined],
    [[1, 2], 1000],
    [[1, undefined], 1000],
    [[undefined, 1], 1000],
  ])('of %j is %s ms', (seconds, expected) => {
    expect(shortestStayMs(seconds.map(tolerationSeconds => ({ tolerationSeconds })))).toBe(expected)
  })
})

describe('TestCreatePod, TestCreateNode: a pod on a node', () => {
  test.each<{ what: string; tolerations: Toleration[]; taints: Taint[]; in: number | undefined }>([
    { what: 'scheduled on untainted Node', tolerations: [], taints: [], in: undefined },
    { what: 'schedule on tainted Node', tolerations: [], taints: [taint(1)], in: 0 },
    {
      what: 'schedule on tainted Node with finite toleration',
      ...{ tolerations: [tolerating(1, 100)], taints: [taint(1)], in: 100_000 },
    },
    {
      what: 'schedule on tainted Node with infinite toleration',
      ...{ tolerations: [tolerating(1, -1)], taints: [taint(1)], in: undefined },
    },
    {
      what: 'schedule on tainted Node with infinite invalid toleration',
      ...{ tolerations: [tolerating(2, -1)], taints: [taint(1)], in: 0 },
    },
  ])('$what', ({ tolerations, taints, in: expected }) => {
    expect(goesIn(decideEviction(pod(...tolerations), taints, undefined, 5_000), 5_000)).toBe(expected)
  })
})

describe('TestUpdatePod', () => {
  test.each<{ what: string; before: Toleration[]; after: Toleration[]; at: number }>([
    { what: 'removing toleration', before: [tolerating(1, 100)], after: [], at: 500 },
    {
      what: "lengthening toleration shouldn't work",
      ...{ before: [tolerating(1, 1)], after: [tolerating(1, 100)], at: 1_000 },
    },
  ])('$what', ({ before, after, at }) => {
    const first = decideEviction(pod(...before), [taint(1)], undefined, 0)
    expect(decideEviction(pod(...after), [taint(1)], first, 500)?.atMs).toBe(at)
  })
})

describe('TestUpdateNode', () => {
  test.each<{ what: string; tolerations: Toleration[]; before: Taint[]; after: Taint[]; in: number | undefined }>([
    {
      what: 'Added taint, expect node patched and deleted',
      ...{ tolerations: [], before: [], after: [taint(1)], in: 0 },
    },
    { what: 'Added tolerated taint', tolerations: [tolerating(1, 100)], before: [], after: [taint(1)], in: 100_000 },
    {
      what: 'Only one added taint tolerated',
      ...{ tolerations: [tolerating(1, 100)], before: [], after: [taint(1), taint(2)], in: 0 },
    },
    { what: 'Taint removed', tolerations: [tolerating(1, 1)], before: [taint(1)], after: [], in: undefined },
    {
      what: 'Pod with multiple tolerations are evicted when first one runs out',
      ...{ tolerations: [tolerating(1, 1), tolerating(2, 100)], before: [], after: [taint(1), taint(2)], in: 1_000 },
    },
  ])('$what', ({ tolerations, before, after, in: expected }) => {
    const first = decideEviction(pod(...tolerations), before, undefined, 0)
    expect(goesIn(decideEviction(pod(...tolerations), after, first, 0), 0)).toBe(expected)
  })
})

test('TestUpdateNodeWithMultipleTaints: a taint that is tolerated for a while comes and goes', () => {
  const minute: Toleration = { key: 'testTaint2', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }
  const it = pod({ key: 'testTaint1', operator: 'Exists', effect: 'NoExecute' }, minute)
  let leave = decideEviction(it, [], undefined, 0)
  expect(leave).toBeUndefined()
  leave = decideEviction(it, [taint(1)], leave, 0)
  expect(leave).toBeUndefined()
  leave = decideEviction(it, [taint(1), taint(2)], leave, 0)
  expect(leave?.atMs).toBe(60_000)
  expect(decideEviction(it, [taint(1)], leave, 10_000)).toBeUndefined()
})

describe('TestUpdateNodeWithMultiplePods', () => {
  const pods = [pod(), pod(tolerating(1, 1)), pod(tolerating(1, -1))]
  test.each<[string, Taint[], (number | undefined)[]]>([
    ['Pods with different toleration times are evicted appropriately', [taint(1)], [0, 1_000, undefined]],
    ['Evict all pods not matching all taints instantly', [taint(1), taint(2)], [0, 0, 0]],
  ])('%s', (_, taints, expected) => {
    expect(pods.map(each => goesIn(decideEviction(each, taints, undefined, 0), 0))).toEqual(expected)
  })
})

test('a pod that leaves anyhow is let alone; one with no taints left may stay', () => {
  const leaving = pod()
  const metadata = { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
  expect(decideEviction({ ...leaving, metadata }, [taint(1)], undefined, 0)).toBeUndefined()
})

test('TestPodDeletionEvent: the end of a pod is told, and why is in its status before it goes', () => {
  const [event, status, gone] = evict(pod(), Date.parse('2026-01-01T00:00:00Z'))
  expect(event).toMatchObject({ reason: 'TaintManagerEviction', message: 'Marking for deletion Pod default/pod1' })
  expect(status).toMatchObject({
    kind: 'update-status',
    object: {
      status: { conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByTaintManager', status: 'True' }] },
    },
  })
  expect(gone).toMatchObject({ kind: 'delete', uid: 'u' })
})
