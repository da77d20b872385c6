/** Cases of pkg/controller/daemon (daemon_controller_test.go, update_test.go, util/daemonset_util_test.go), which each test names. */
import { describe, expect, test } from 'vitest'
import type { DaemonSet } from '../../../kube/apps.ts'
import type { Node, Pod, PodSpec, Taint } from '../../../kube/core.ts'
import type { Affinity } from '../../../kube/placement.ts'
import { daemonPod, isUpdated, onNode, targetNode } from './daemon-pod.ts'
import { DaemonSetWorld } from './daemon-set-world.ts'
import { surgeOf, unavailableOf } from './rolling-update.ts'
import { daemonTolerations, shouldRunOn } from './should-run.ts'

const rolling = (maxUnavailable: number | string, maxSurge: number | string = 0): Partial<DaemonSet['spec']> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
})
const withPod = (spec: Partial<PodSpec>): Partial<DaemonSet['spec']> => ({
  template: { metadata: { labels: { name: 'simple' } }, spec: { containers: [{ name: 'c', image: 'v1' }], ...spec } },
})
const settled = (numNodes: number, spec: Partial<DaemonSet['spec']> = {}): DaemonSetWorld => {
  const world = new DaemonSetWorld(numNodes, spec)
  world.settle()
  return world
}
const required = (key: string, values: readonly string[]): Affinity => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }],
    },
  },
})
const NO_SCHEDULE: Taint = { key: 'dedicated', value: 'user1', effect: 'NoSchedule' }
const NO_EXECUTE: Taint = { key: 'dedicated', value: 'user1', effect: 'NoExecute' }

describe('where daemons run', () => {
  test('TestSimpleDaemonSetLaunchesPods: one on every node', () => {
    const world = settled(5)
    expect(world.on()).toEqual(['node-0', 'node-1', 'node-2', 'node-3', 'node-4'])
    expect(world.set.status).toMatchObject({ desiredNumberScheduled: 5, numberReady: 5, numberAvailable: 5 })
    expect(world.decide().actions).toEqual([])
  })
  test('TestNoNodesDoesNothing', () => expect(settled(0).on()).toEqual([]))
  test('TestAddNode: a node that comes gets its pod', () => {
    const world = settled(1)
    world.addNode('late')
    world.step()
    expect(world.calls).toContain('create late')
  })
  test('TestDontDoAnythingIfBeingDeleted', () => {
    const world = new DaemonSetWorld(3)
    world.set = { ...world.set, metadata: { ...world.set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(world.decide().actions).toEqual([])
  })
  test('TestPodIsNotDeletedByDaemonsetWithEmptyLabelSelector: nothing happens but an Event', () => {
    const world = new DaemonSetWorld(1, { selector: {} })
    world.step()
    expect([world.calls, world.events]).toEqual([
      [],
      ['SelectingAll: This daemon set is selecting all pods. A non-empty selector is required.'],
    ])
  })
  test('TestDealsWithExistingPods: what is missing is made, what is too much goes, the oldest stays', () => {
    const world = new DaemonSetWorld(5)
    world.addPod('node-1')
    for (const age of [1, 9, 5]) world.addPod('node-2', { age })
    world.addPod('node-4')
    world.addPod('node-4', { age: 3 })
    world.step()
    expect(world.calls.filter(call => call.startsWith('create'))).toEqual(['create node-0', 'create node-3'])
    expect(world.calls.filter(call => call.startsWith('delete')).sort()).toEqual([
      'delete old-1',
      'delete old-3',
      'delete old-4',
    ])
  })
  test('TestSelectorDaemonLaunchesPods, TestSelectorDaemonDeletesUnselectedPods', () => {
    const world = new DaemonSetWorld(2, withPod({ nodeSelector: { color: 'blue' } }))
    world.addNode('blue', { color: 'blue' })
    world.addPod('node-0')
    world.step()
    expect(world.calls.filter(call => /create|delete/.test(call))).toEqual(['create blue', 'delete old-0'])
  })
  test('TestBadSelectorDaemonDoesNothing', () => {
    expect(settled(3, withPod({ nodeSelector: { color: 'blue' } })).on()).toEqual([])
  })
  test('TestNameDaemonSetLaunchesPods', () =>
    expect(settled(5, withPod({ nodeName: 'node-0' })).on()).toEqual(['node-0']))
  test('TestBadNameDaemonSetDoesNothing', () => expect(settled(5, withPod({ nodeName: 'node-10' })).on()).toEqual([]))
  test('TestNameAndSelectorDaemonSetLaunchesPods, TestInconsistentNameSelectorDaemonSetDoesNothing', () => {
    const spec = withPod({ nodeName: 'blue', nodeSelector: { color: 'blue' } })
    const world = new DaemonSetWorld(2, spec)
    world.addNode('blue', { color: 'blue' })
    world.settle()
    expect(world.on()).toEqual(['blue'])
    expect(settled(2, withPod({ nodeName: 'node-0', nodeSelector: { color: 'blue' } })).on()).toEqual([])
  })
  test('TestNodeAffinityDaemonLaunchesPods', () => {
    const world = new DaemonSetWorld(4, withPod({ affinity: required('color', ['blue']) }))
    world.addNode('blue', { color: 'blue' })
    world.settle()
    expect(world.on()).toEqual(['blue'])
  })
  test('TestDeleteUnscheduledPodForNotExistingNode: one that waits for a node that went is removed', () => {
    const world = settled(1)
    world.addNode('gone')
    world.step()
    world.nodes.delete('gone')
    world.step()
    expect(world.on()).toEqual(['node-0'])
  })
  test('TestDaemonSetRespectsTermination: the next one waits until the last is gone', () => {
    const world = new DaemonSetWorld(1)
    world.addPod('node-0', { leaving: true })
    world.step()
    expect(world.calls.filter(call => /create|delete/.test(call))).toEqual([])
  })
  test('TestGetNodesToDaemonPods: one that is over and on its way out does not keep its place', () => {
    const world = new DaemonSetWorld(1)
    world.addPod('node-0', { leaving: true, phase: 'Failed' })
    world.step()
    expect(world.calls).toContain('create node-0')
  })
  test('TestNumberReadyStatus', () => {
    const world = settled(2)
    world.ready([...world.pods.keys()][0] ?? '', 'False')
    world.step()
    expect(world.set.status).toMatchObject({
      desiredNumberScheduled: 2,
      numberReady: 1,
      numberAvailable: 1,
      numberUnavailable: 1,
    })
  })
  test('TestObservedGeneration', () => {
    const world = settled(1)
    world.setImage('v2')
    world.step()
    expect(world.set.status?.observedGeneration).toBe(2)
  })
  test('a node that a pod may not be on counts it as misscheduled', () => {
    const world = settled(2)
    world.taint('node-0', NO_SCHEDULE)
    world.step()
    expect(world.set.status).toMatchObject({ desiredNumberScheduled: 1, numberMisscheduled: 1 })
  })
})

describe('TestDaemonKillFailedPods', () => {
  test.each([
    ['normal (do nothing)', 0, 1, 0],
    ['no pods (create 1)', 0, 0, 0],
    ['1 failed pod (kill 1), 0 normal pod (create 1)', 1, 0, 1],
    ['1 failed pod (kill 1), 1 normal pod', 1, 1, 1],
    ['2 failed', 2, 1, 2],
  ])('%s', (_, failed, normal, deletes) => {
    const world = new DaemonSetWorld(1)
    for (let i = 0; i < failed; i++) world.addPod('node-0', { phase: 'Failed' })
    for (let i = 0; i < normal; i++) world.addPod('node-0')
    world.step()
    expect(world.calls.filter(call => call.startsWith('delete')).length).toBe(deletes)
    expect(world.events.length).toBe(failed)
    world.step()
    expect(world.on()).toEqual(['node-0'])
  })
  test('TestDaemonKillFailedPodsBackoff: it is left alone until its time has come', () => {
    const world = new DaemonSetWorld(1)
    const name = world.addPod('node-0', { phase: 'Failed' })
    expect(world.decide().killedFailedOn).toEqual(['node-0'])
    world.backOffMs = () => 2_000
    const decision = world.decide()
    expect(decision.killedFailedOn).toEqual([])
    expect(decision.actions).toContainEqual({ kind: 'wake', afterMs: 2_000 })
    world.backOffMs = () => 0
    world.step()
    expect(world.calls).toContain(`delete ${name}`)
    expect(world.events).toEqual([
      `FailedDaemonPod: Found failed daemon pod n/${name} on node node-0, will try to kill it`,
    ])
  })
  test('one that succeeded is replaced too, and said', () => {
    const world = new DaemonSetWorld(1)
    const name = world.addPod('node-0', { phase: 'Succeeded' })
    world.step()
    expect(world.events).toEqual([
      `SucceededDaemonPod: Found succeeded daemon pod n/${name} on node node-0, will try to delete it`,
    ])
  })
})

describe('taints', () => {
  test.each<[string, readonly Taint[], Partial<PodSpec>, readonly string[], readonly string[]]>([
    ['TestNoScheduleTaintedDoesntEvicitRunningIntolerantPod', [NO_SCHEDULE], {}, [], ['node-0']],
    ['TestNoExecuteTaintedDoesEvicitRunningIntolerantPod', [NO_EXECUTE], {}, [], []],
    ['TestTaintedNodeDaemonDoesNotLaunchIntolerantPod', [NO_SCHEDULE], {}, [], ['node-0']],
    [
      'TestTaintedNodeDaemonLaunchesToleratePod',
      [NO_SCHEDULE],
      { tolerations: [{ key: 'dedicated', value: 'user1', effect: 'NoSchedule' }] },
      ...([['node-0'], ['node-0']] as const),
    ],
    [
      'TestNotReadyNodeDaemonLaunchesPod',
      [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }],
      {},
      ['node-0'],
      ['node-0'],
    ],
    [
      'TestUnreachableNodeDaemonLaunchesPod',
      [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }],
      {},
      ['node-0'],
      ['node-0'],
    ],
    [
      'TestTaintPressureNodeDaemonLaunchesPod',
      [
        { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/pid-pressure', effect: 'NoSchedule' },
      ],
      ...([{}, ['node-0'], ['node-0']] as const),
    ],
    [
      'TestNetworkUnavailableNodeDaemonLaunchesPod',
      [{ key: 'node.kubernetes.io/network-unavailable', effect: 'NoSchedule' }],
      ...([{ hostNetwork: true }, ['node-0'], ['node-0']] as const),
    ],
    ['a taint that only prefers', [{ key: 'x', effect: 'PreferNoSchedule' }], {}, ['node-0'], ['node-0']],
    [
      'a cordoned node',
      [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
      {},
      ['node-0'],
      ['node-0'],
    ],
  ])('%s', (_, taints, spec, launched, kept) => {
    const fresh = new DaemonSetWorld(1, withPod(spec))
    fresh.taint('node-0', ...taints)
    fresh.settle()
    expect(fresh.on()).toEqual(launched)
    const running = settled(1, withPod(spec))
    running.taint('node-0', ...taints)
    running.settle()
    expect(running.on()).toEqual(kept)
  })

  test('AddOrUpdateDaemonPodTolerations: a daemon stays on its node for ever, whatever its template says of a while', () => {
    const given = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
    const all = daemonTolerations({ containers: [], tolerations: [given] })
    expect(all.filter(({ key }) => key === given.key)).toEqual(
      [{ ...given, tolerationSeconds: undefined }].map(({ tolerationSeconds: _, ...rest }) => rest),
    )
    expect(all.length).toBe(6)
  })
})

describe('TestNodeShouldRunDaemonPod', () => {
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'test-node', labels: { name: 'simple', type: 'production' } },
  }
  test.each<[string, Partial<PodSpec>, boolean]>([
    ['ShouldRunDaemonPod', {}, true],
    [
      'InsufficientResourceError: that is the scheduler’s to say',
      { containers: [{ name: 'c', resources: { requests: { memory: '200M' } } }] },
      true,
    ],
    ['ErrPodNotMatchHostName', { nodeName: 'other-node' }, false],
    ['ErrNodeSelectorNotMatch', { nodeSelector: { name: 'simple2' } }, false],
    ['matching nodeSelector', { nodeSelector: { name: 'simple' } }, true],
    ['ErrPodAffinityNotMatch', { affinity: required('type', ['test']) }, false],
    ['matching affinity', { affinity: required('type', ['production']) }, true],
  ])('%s', (_, spec, expected) => {
    const { set } = new DaemonSetWorld(0, withPod(spec))
    expect(shouldRunOn(set, node)).toEqual({ shouldRun: expected, mayStay: expected })
  })
  test('ShouldRunDaemonPodOnUnschedulableNode', () => {
    const { set } = new DaemonSetWorld(0)
    expect(shouldRunOn(set, { ...node, spec: { unschedulable: true } }).shouldRun).toBe(true)
  })
})

describe('update_test.go', () => {
  test('TestDaemonSetUpdatesPods: maxUnavailable at a time', () => {
    const world = settled(5, rolling(2))
    world.setImage('v2')
    world.step()
    expect(world.images()).toBe('v1 v1 v1')
    world.step()
    expect(world.images()).toBe('v1 v1 v1 v2 v2')
    world.settle()
    expect(world.images()).toBe('v2 v2 v2 v2 v2')
    expect(world.set.status).toMatchObject({ updatedNumberScheduled: 5, numberAvailable: 5 })
  })
  test('TestDaemonSetUpdatesPodsWithMaxSurge: new ones beside the old, the old go when the new serve', () => {
    const world = settled(5, rolling(0, 2))
    world.setImage('v2')
    world.step()
    expect(world.images()).toBe('v1 v1 v1 v1 v1 v2 v2')
    world.settle()
    expect(world.images()).toBe('v2 v2 v2 v2 v2')
  })
  test('TestDaemonSetUpdatesWhenNewPodIsNotReady: no more than maxUnavailable are lost', () => {
    const world = settled(5, rolling(3))
    world.setImage('broken')
    world.settle(false)
    expect(world.images()).toBe('broken broken broken v1 v1')
  })
  test('TestDaemonSetUpdatesAllOldPodsNotReady: those that serve nobody all go at once', () => {
    const world = settled(5, rolling(3))
    for (const name of world.pods.keys()) world.ready(name, 'False')
    world.setImage('v2')
    world.step()
    expect(world.on()).toEqual([])
  })
  test('TestDaemonSetUpdatesAllOldPodsNotReadyMaxSurge', () => {
    const world = settled(5, rolling(0, 2))
    for (const name of world.pods.keys()) world.ready(name, 'False')
    world.setImage('v2')
    world.step()
    expect(world.images()).toBe('v1 v1 v1 v1 v1 v2 v2 v2 v2 v2')
  })
  test('TestDaemonSetUpdatesSaveOldHealthyPods: with those lost that were lost anyhow', () => {
    const world = settled(5, rolling(2))
    const names = [...world.pods.keys()]
    for (const name of names.slice(0, 2)) world.ready(name, 'False')
    world.setImage('broken')
    world.settle(false)
    expect(world.images()).toBe('broken broken v1 v1 v1')
  })
  test('TestDaemonSetUpdatesNoTemplateChanged: a changed strategy replaces nothing', () => {
    const world = settled(5)
    world.set = { ...world.set, spec: { ...world.set.spec, ...rolling(3) } }
    world.step()
    expect(world.calls.filter(call => /create|delete/.test(call))).toEqual([])
  })
  test('OnDelete: only what goes comes back as the new one', () => {
    const world = settled(3, { updateStrategy: { type: 'OnDelete' } })
    world.setImage('v2')
    world.settle()
    expect(world.images()).toBe('v1 v1 v1')
    world.pods.delete([...world.pods.keys()][0] ?? '')
    world.settle()
    expect(world.images()).toBe('v1 v1 v2')
  })
  test('minReadySeconds: the next goes when the last is available', () => {
    const world = settled(3, { minReadySeconds: 30 })
    world.now += 60_000
    world.setImage('v2')
    world.settle()
    expect(world.images()).toBe('v1 v1 v2')
    expect(world.decide().actions).toEqual([{ kind: 'wake', afterMs: 30_000 }])
    world.now += 30_000
    world.settle()
    expect(world.images()).toBe('v1 v2 v2')
  })
  test('TestDaemonSetUpdatesPodsNotMatchTainstWithMaxSurge: a node that is left keeps its pod until another serves', () => {
    const world = settled(1, rolling(0, 1))
    world.taint('node-0', { key: 'pending', effect: 'NoSchedule' })
    world.addNode('other')
    world.setImage('v2')
    world.step()
    expect(world.on()).toEqual(['node-0', 'other'])
    world.settle()
    expect([world.on(), world.images()]).toEqual([['other'], 'v2'])
  })
  test('history: the old template is the old revision again', () => {
    const world = settled(1)
    for (const image of ['v2', 'v1']) {
      world.setImage(image)
      world.settle()
    }
    expect([...world.revisions.values()].map(({ revision }) => revision).sort()).toEqual([2, 3])
  })
  test('TestCleanupHistory: no more old ones than the limit', () => {
    const world = settled(1, { revisionHistoryLimit: 1 })
    for (const image of ['v2', 'v3', 'v4']) {
      world.setImage(image)
      world.settle()
    }
    expect([...world.revisions.values()].map(({ revision }) => revision)).toEqual([3, 4])
  })
})

describe('TestGetUnavailableNumbers', () => {
  test.each<[string, number | string, number | string, number, number, number]>([
    ['No nodes', 0, 0, 0, 0, 0],
    ['Two nodes with ready pods', 1, 0, 2, 1, 0],
    ['maxUnavailable in percents', '50%', 0, 2, 1, 0],
    ['percents are rounded up', '50%', 0, 3, 2, 0],
    ['maxSurge in percents', 0, '50%', 3, 0, 2],
    ['neither: one may be unavailable', 0, 0, 2, 1, 0],
    ['all', '100%', 0, 5, 5, 0],
  ])('%s', (_, maxUnavailable, maxSurge, numNodes, unavailable, surge) => {
    const { set } = new DaemonSetWorld(0, rolling(maxUnavailable, maxSurge))
    expect([unavailableOf(set, numNodes), surgeOf(set, numNodes)]).toEqual([unavailable, surge])
  })
})

describe('TestSurge…: an old and a new one on one node', () => {
  test.each<[string, boolean, boolean, number, number, string[]]>([
    ['TestSurgePreservesReadyOldPods: the old is ready, the new is not', true, false, 0, 0, []],
    ['TestSurgeDeletesUnreadyOldPods: the old is not ready', false, false, 0, 0, ['old']],
    ['TestSurgePreservesOldReadyWithUnsatisfiedMinReady', true, true, 15, 10, []],
    ['TestSurgeDeletesOldReadyWithUnsatisfiedMinReady: long enough', true, true, 15, 20, ['old']],
    ['both are ready', true, true, 0, 5, ['old']],
  ])('%s', (_, oldReady, newReady, minReadySeconds, newAge, expected) => {
    const world = new DaemonSetWorld(1, { ...rolling(0, 1), minReadySeconds })
    world.step()
    for (const name of world.pods.keys()) world.pods.delete(name)
    const old = world.addPod('node-0', { hash: 'before', ready: oldReady, age: 100 })
    world.addPod('node-0', { ready: newReady, age: newAge })
    world.step()
    expect(world.calls.filter(call => call.startsWith('delete'))).toEqual(expected.map(() => `delete ${old}`))
  })
  test('TestSurgeCreatesNewPodWhenAtMaxSurgeAndOldPodDeleted', () => {
    const world = settled(3, rolling(0, 1))
    world.setImage('v2')
    world.step()
    const old = [...world.pods.values()].find(pod => targetNode(pod) === 'node-2')
    world.pods.delete(old?.metadata.name ?? '')
    world.step()
    expect(world.calls).toContain('create node-2')
  })
})

describe('util/daemonset_util_test.go', () => {
  test.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    [
      'templateGeneration and hash both match',
      { 'controller-revision-hash': '123', 'pod-template-generation': '1' },
      { g: '1' },
      true,
    ],
    [
      'templateGeneration matches, hash doesn’t',
      { 'controller-revision-hash': 'x', 'pod-template-generation': '1' },
      { g: '1' },
      true,
    ],
    [
      'templateGeneration doesn’t match, hash does',
      { 'controller-revision-hash': '123', 'pod-template-generation': '2' },
      { g: '1' },
      true,
    ],
    ['none', { 'controller-revision-hash': 'x', 'pod-template-generation': '2' }, { g: '1' }, false],
    ['no labels', {}, { g: '1' }, false],
    ['hash alone', { 'controller-revision-hash': '123' }, {}, true],
  ])('TestIsPodUpdated: %s', (_, labels, { g }, expected) => {
    const { set } = new DaemonSetWorld(0)
    const annotations: Record<string, string> = g ? { 'deprecated.daemonset.template.generation': g } : {}
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { labels }, spec: { containers: [] } } as Pod
    expect(isUpdated(pod, { ...set, metadata: { ...set.metadata, annotations } }, '123')).toBe(expected)
  })
  test('TestCreatePodTemplate: the labels of the hash and of the generation', () => {
    const { set } = new DaemonSetWorld(0)
    const annotations = { 'deprecated.daemonset.template.generation': '7' }
    const pod = daemonPod({ ...set, metadata: { ...set.metadata, annotations } }, 'node-0', 'abc')
    expect(pod.metadata.labels).toEqual({
      name: 'simple',
      'pod-template-generation': '7',
      'controller-revision-hash': 'abc',
    })
  })
  test.each<[string, Affinity | undefined]>([
    ['none', undefined],
    ['of its own', required('color', ['blue'])],
    ['preferred alone', { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }],
    ['of pods', { podAntiAffinity: {} }],
  ])('TestReplaceDaemonSetPodNodeNameNodeAffinity: affinity %s', (_, affinity) => {
    const result = onNode(affinity, 'host_1')
    expect(result.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).toEqual([
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['host_1'] }] },
    ])
    expect(result.podAntiAffinity).toEqual(affinity?.podAntiAffinity)
  })
  test.each<[string, Partial<PodSpec>, string | undefined]>([
    ['spec.nodeName', { nodeName: 'node-1' }, 'node-1'],
    ['the affinity', { affinity: onNode(undefined, 'node-1') }, 'node-1'],
    ['no affinity', {}, undefined],
    ['an affinity of labels', { affinity: required('x', ['y']) }, undefined],
  ])('TestGetTargetNodeName: from %s', (_, spec, expected) => {
    expect(targetNode({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [], ...spec } })).toBe(
      expected,
    )
  })
})
