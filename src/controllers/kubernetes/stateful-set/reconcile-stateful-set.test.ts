/** Cases of pkg/controller/statefulset (stateful_set_control_test.go, stateful_set_test.go), which each test names. */
import { describe, expect, test } from 'vitest'
import { formatTime } from '../../../base/clock.ts'
import type { StatefulSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { availableInMs } from '../deployment/pod-readiness.ts'
import { ordinalOf } from './stateful-pod.ts'
import { StatefulSetWorld } from './stateful-set-world.ts'
import { maxUnavailableOf, podsToUpdate } from './update-order.ts'

const settled = (spec: Partial<StatefulSet['spec']> = {}): StatefulSetWorld => {
  const world = new StatefulSetWorld(spec)
  world.settle()
  return world
}
const PARALLEL = { podManagementPolicy: 'Parallel' } as const
const rolling = (more: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: more } }) as const

describe('TestStatefulSetControl', () => {
  test('CreatesPods: one after the other, each when the one before is ready', () => {
    const world = new StatefulSetWorld()
    const seen: number[] = []
    for (let i = 0; i < 12; i++) {
      world.step()
      seen.push(world.pods.size)
      const waiting = [...world.pods.values()].find(pod => !world.isReady(ordinalOf(pod)))
      if (i % 2 === 1 && waiting) world.ready(ordinalOf(waiting))
    }
    expect([...new Set(seen)]).toEqual([1, 2, 3])
    expect(world.set.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 })
    expect(world.events.slice(0, 0)).toEqual([])
  })

  test('a pod is itself: its name, its number, its host name under the governing Service, its claim', () => {
    const world = settled({
      volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }],
    })
    const { metadata, spec } = world.pod(1)
    expect(metadata.labels).toMatchObject({
      foo: 'bar',
      'statefulset.kubernetes.io/pod-name': 'foo-1',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': world.set.status?.updateRevision,
    })
    expect(spec).toMatchObject({
      hostname: 'foo-1',
      subdomain: 'governing',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-foo-1' } }],
    })
    expect([...world.claims.keys()]).toEqual(['data-foo-0', 'data-foo-1', 'data-foo-2'])
    expect(world.claims.get('data-foo-1')?.metadata.labels).toEqual({ foo: 'bar' })
  })

  test('ScalesUp: from what there is, in order', () => {
    const world = settled()
    world.change({ replicas: 5 })
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2, 3])
    world.settle()
    expect(world.ordinals).toEqual([0, 1, 2, 3, 4])
  })

  test('ScalesDown: the last first, one at a time', () => {
    const world = settled()
    world.change({ replicas: 0 })
    const seen: number[][] = []
    for (let i = 0; i < 4; i++) {
      world.step()
      seen.push(world.ordinals)
    }
    expect(seen).toEqual([[0, 1], [0], [], []])
  })

  test('ScalesDown waits for a pod that is on its way out', () => {
    const world = settled()
    world.change({ replicas: 1 })
    world.terminate(2)
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2])
    world.gone(2)
    world.step()
    expect(world.ordinals).toEqual([0])
  })

  test('ReplacesPods: one that went comes back under its name', () => {
    const world = settled({ replicas: 5 })
    world.gone(2)
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2, 3, 4])
    world.gone(0)
    world.gone(4)
    world.settle()
    expect(world.ordinals).toEqual([0, 1, 2, 3, 4])
  })

  test.each(['Failed', 'Succeeded'] as const)(
    'RecreatesFailedPod, RecreatesSucceededPod: one that has %s is removed, then made anew',
    phase => {
      const world = settled()
      world.phase(0, phase)
      world.step()
      expect(world.calls).toContain('delete foo-0')
      expect(world.ordinals).toEqual([1, 2])
      world.step()
      expect(world.ordinals).toEqual([0, 1, 2])
    },
  )

  test.each(['Failed', 'Succeeded'] as const)('one that has %s and is on its way out is waited for', phase => {
    const world = settled()
    world.phase(0, phase)
    world.terminate(0)
    world.step()
    expect(world.calls.filter(call => call !== 'status')).toEqual([])
  })

  test('CreatePodFailure leaves the rest as it is: the next decision is the same', () => {
    const world = new StatefulSetWorld()
    const kinds = world.decide().map(action => action.kind)
    expect(kinds).toEqual(world.decide().map(action => action.kind))
  })

  test('UpdatePodFailure: a pod that lost its name label is made itself again', () => {
    const world = settled()
    const pod = world.pod(1)
    const { 'statefulset.kubernetes.io/pod-name': _, ...labels } = pod.metadata.labels ?? {}
    world.put({ ...pod, metadata: { ...pod.metadata, labels } })
    world.step()
    expect(world.pod(1).metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'foo-1' })
  })

  test('TestStatefulSetControllerBlocksScaling: nothing grows while a pod of the middle is on its way out', () => {
    const world = settled()
    world.terminate(0)
    world.change({ replicas: 5 })
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2])
    world.gone(0)
    world.settle()
    expect(world.ordinals).toEqual([0, 1, 2, 3, 4])
  })

  test('TestStatefulSetControllerDeletionTimestamp: one that is itself deleted makes and ends nothing', () => {
    const world = settled()
    const metadata = { ...world.set.metadata, deletionTimestamp: formatTime(world.now) }
    world.set = { ...world.set, metadata }
    world.gone(1)
    world.step()
    expect(world.calls).toEqual(['status'])
  })

  test('a settled set gives nothing to do', () => {
    expect(settled().decide()).toEqual([])
  })

  test('the words of its Events', () => {
    const world = new StatefulSetWorld()
    const words = world.decide().flatMap(action => ('words' in action && action.words ? [action.words.done] : []))
    expect(words).toEqual(['Create Pod foo-0 in StatefulSet foo successful'])
  })
})

describe('TestStatefulSetControlWithStartOrdinal', () => {
  test('CreatesPodsWithStartOrdinal', () => {
    expect(settled({ ordinals: { start: 2 } }).ordinals).toEqual([2, 3, 4])
  })
  test('ScalesUpWithStartOrdinal, ScalesDownWithStartOrdinal', () => {
    const world = settled({ ordinals: { start: 2 } })
    world.change({ replicas: 5 })
    world.settle()
    expect(world.ordinals).toEqual([2, 3, 4, 5, 6])
    world.change({ replicas: 1 })
    world.settle()
    expect(world.ordinals).toEqual([2])
  })
  test('a start that moves ends what is below it', () => {
    const world = settled()
    world.change({ ordinals: { start: 1 } })
    world.settle()
    expect(world.ordinals).toEqual([1, 2, 3])
  })
  test('UpdatesStatefulSetWithStartOrdinal: a partition counts from the start', () => {
    const world = settled({ ordinals: { start: 5 }, ...rolling({ partition: 1 }) })
    world.setImage('v2')
    world.settle()
    expect(world.images()).toBe('v1 v2 v2')
  })
})

describe('TestStatefulSetControlRollingUpdate', () => {
  test('monotonic image update: from the last to the first, one at a time', () => {
    const world = settled()
    world.setImage('v2')
    const seen = new Set<string>()
    for (let i = 0; i < 30; i++) {
      world.step()
      seen.add(world.ordinals.join())
      const waiting = [...world.pods.values()].find(pod => !world.isReady(ordinalOf(pod)))
      if (waiting) world.ready(ordinalOf(waiting))
    }
    expect([...seen]).toEqual(['0,1', '0,1,2', '0,2', '1,2'])
    expect(world.images()).toBe('v2 v2 v2')
    expect(world.set.status?.currentRevision).toBe(world.set.status?.updateRevision)
  })

  test.each([
    ['monotonic image update and scale up', {}, 3, 5],
    ['monotonic image update and scale down', {}, 5, 3],
    ['burst image update', PARALLEL, 3, 3],
    ['burst image update and scale up', PARALLEL, 3, 5],
    ['burst image update and scale down', PARALLEL, 5, 3],
  ])('%s', (_, spec, before, after) => {
    const world = settled({ ...spec, replicas: before })
    world.setImage('v2')
    world.change({ replicas: after })
    world.settle()
    expect(world.images()).toBe(Array.from({ length: after }, () => 'v2').join(' '))
    expect(world.set.status).toMatchObject({ replicas: after, updatedReplicas: after, currentReplicas: after })
  })

  test('a pod that does not become ready holds the update', () => {
    const world = settled()
    world.setImage('broken')
    world.step()
    world.step()
    expect(world.images()).toBe('v1 v1 broken')
    for (let i = 0; i < 5; i++) world.step()
    expect(world.images()).toBe('v1 v1 broken')
  })
})

describe('TestStatefulSetControlOnDeleteUpdate', () => {
  test('nothing is replaced, what goes comes back as the new one', () => {
    const world = settled({ updateStrategy: { type: 'OnDelete' } })
    world.setImage('v2')
    world.settle()
    expect(world.images()).toBe('v1 v1 v1')
    world.gone(1)
    world.settle()
    expect(world.images()).toBe('v1 v2 v1')
    for (const ordinal of [0, 2]) world.gone(ordinal)
    world.settle()
    expect([world.images(), world.set.status?.currentRevision]).toEqual(['v2 v2 v2', world.set.status?.updateRevision])
  })
})

describe('TestStatefulSetControlRollingUpdateWithPartition', () => {
  test.each([
    ['monotonic image update', {}, 3, 2, 'v1 v1 v2'],
    ['monotonic image update, none', {}, 3, 3, 'v1 v1 v1'],
    ['monotonic image update, all', {}, 3, 0, 'v2 v2 v2'],
    ['burst image update', PARALLEL, 3, 2, 'v1 v1 v2'],
  ])('%s', (_, spec, replicas, partition, expected) => {
    const world = settled({ ...spec, replicas, ...rolling({ partition }) })
    world.setImage('v2')
    world.settle()
    expect(world.images()).toBe(expected)
  })

  test('below the partition a pod that went comes back as it was', () => {
    const world = settled(rolling({ partition: 2 }))
    world.setImage('v2')
    world.settle()
    world.gone(0)
    world.settle()
    expect(world.images()).toBe('v1 v1 v2')
    world.change(rolling({ partition: 0 }))
    world.settle()
    expect(world.images()).toBe('v2 v2 v2')
  })
})

describe('TestStatefulSetControlRollback', () => {
  test('the old template is the old revision again, under the next number', () => {
    const world = settled()
    const first = world.set.status?.currentRevision
    world.setImage('v2')
    world.settle()
    world.setImage('v1')
    world.settle()
    expect(world.images()).toBe('v1 v1 v1')
    expect(world.set.status?.currentRevision).toBe(first)
    expect([...world.revisions.values()].map(({ metadata, revision }) => [metadata.name === first, revision])).toEqual([
      [true, 3],
      [false, 2],
    ])
  })

  test('going back in the middle of an update', () => {
    const world = settled()
    world.setImage('v2')
    world.step()
    world.step()
    world.setImage('v1')
    world.settle()
    expect(world.images()).toBe('v1 v1 v1')
  })
})

describe('TestStatefulSetControl_getSetRevisions, TestStatefulSetControlLimitsHistory', () => {
  test('a new set has one revision, whose data restores its template', () => {
    const world = settled()
    const [revision] = [...world.revisions.values()]
    expect(revision).toMatchObject({
      revision: 1,
      metadata: { name: world.set.status?.updateRevision, labels: { foo: 'bar' } },
      data: { spec: { template: { ...world.set.spec.template, $patch: 'replace' } } },
    })
  })

  test('scaling is no new revision', () => {
    const world = settled()
    world.change({ replicas: 5 })
    world.settle()
    expect(world.revisions.size).toBe(1)
  })

  test.each([0, 1, 2])('TestStatefulSetHonorRevisionHistoryLimit: %i old ones are kept', limit => {
    const world = settled({ revisionHistoryLimit: limit })
    for (const image of ['v2', 'v3', 'v4', 'v5']) {
      world.setImage(image)
      world.settle()
    }
    expect([...world.revisions.values()].map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5].slice(4 - limit))
  })
})

describe('TestStatefulSetAvailability, minReadySeconds', () => {
  test('TestStatefulSetRollingUpdateRespectsMinReadySeconds: the next waits until the last is available', () => {
    const world = new StatefulSetWorld({ minReadySeconds: 30 })
    world.step()
    world.ready(0)
    world.step()
    expect(world.ordinals).toEqual([0])
    expect(world.set.status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    expect(world.decide()).toContainEqual({ kind: 'wake', afterMs: 30_000 })
    world.now += 30_000
    world.step()
    expect(world.ordinals).toEqual([0, 1])
  })

  test('TestStatefulSetScaleDownRespectsMinReadySeconds: nor does the next go before', () => {
    const world = settled()
    world.now += 60_000
    world.change({ minReadySeconds: 30, replicas: 1 })
    world.ready(0)
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2])
    world.now += 30_000
    world.step()
    expect(world.ordinals).toEqual([0, 1])
  })

  test('TestStatefulSetZeroMinReadySeconds: ready is available', () => {
    expect(settled().set.status?.availableReplicas).toBe(3)
  })
})

describe('TestParallelScale', () => {
  test.each([
    ['scale up from 3 to 9', 3, 9],
    ['scale down from 9 to 3', 9, 3],
    ['scale up from 0 to 5', 0, 5],
    ['scale to nothing', 5, 0],
  ])('%s: all at once', (_, before, after) => {
    const world = settled({ ...PARALLEL, replicas: before })
    world.change({ replicas: after })
    world.step()
    expect(world.ordinals).toEqual(Array.from({ length: after }, (_, i) => i))
  })

  test('pods that are not ready keep nobody', () => {
    const world = new StatefulSetWorld(PARALLEL)
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2])
    world.phase(1, 'Failed')
    world.change({ replicas: 5 })
    world.step()
    expect(world.ordinals).toEqual([0, 2, 3, 4])
  })
})

describe('TestGetStatefulSetMaxUnavailable', () => {
  test.each([
    [undefined, 10, 1],
    [3, 10, 3],
    [3, 0, 3],
    [0, 0, 1],
    ['10%', 25, 2],
    ['100%', 5, 5],
    ['50%', 5, 2],
    ['10%', 5, 1],
    ['1%', 0, 1],
    ['0%', 0, 1],
  ])('%s of %i is %i', (maxUnavailable, replicas, expected) => {
    const { set } = new StatefulSetWorld(rolling({ maxUnavailable }))
    expect(maxUnavailableOf(set, replicas)).toBe(expected)
  })
})

describe('TestStatefulSetControlRollingUpdateWithMaxUnavailableAndUnavailableStalePod: which pods remain', () => {
  type How = 'unready' | 'terminating' | 'young'
  test.each<[string, boolean, number, number, number, Record<number, How>, number[]]>([
    ['single replica: unavailable pod must be updated', true, 1, 0, 1, { 0: 'unready' }, []],
    ['3 replicas, highest-ordinal pod unavailable', true, 3, 0, 1, { 2: 'unready' }, [0, 1]],
    ['5 replicas, 2 pods unavailable', true, 5, 0, 2, { 3: 'unready', 4: 'unready' }, [0, 1, 2]],
    ['single replica: unavailable pod blocks update', false, 1, 0, 1, { 0: 'unready' }, [0]],
    ['3 replicas, highest-ordinal pod unavailable blocks update', false, 3, 0, 1, { 2: 'unready' }, [0, 1, 2]],
    ['5 replicas, a pod unavailable', false, 5, 0, 2, { 4: 'unready' }, [0, 1, 2, 3]],
    ['3 replicas, highest-ordinal pod terminating: budget consumed', true, 3, 0, 1, { 2: 'terminating' }, [0, 1, 2]],
    ['3 replicas, highest-ordinal pod terminating blocks update', false, 3, 0, 1, { 2: 'terminating' }, [0, 1, 2]],
    [
      '5 replicas, pod-4 terminating + pod-3 crashlooping',
      true,
      5,
      0,
      3,
      { 3: 'unready', 4: 'terminating' },
      [0, 1, 4],
    ],
    ['pod-3 terminating + pod-4 unavailable', true, 5, 0, 3, { 3: 'terminating', 4: 'unready' }, [0, 1, 3]],
    ['3 replicas, ready but within minReadySeconds: deleted', true, 3, 0, 1, { 2: 'young' }, [0, 1]],
    ['3 replicas, within minReadySeconds blocks update', false, 3, 0, 1, { 2: 'young' }, [0, 1, 2]],
    ['1 unavailable(#3) + 1 terminating(#4)', false, 5, 0, 3, { 3: 'unready', 4: 'terminating' }, [0, 1, 2, 4]],
    ['1 terminating(#3) + 1 unavailable(#4)', false, 5, 0, 3, { 3: 'terminating', 4: 'unready' }, [0, 1, 2, 3]],
    ['partition=2: unavailable pod in update range (#4)', true, 5, 2, 1, { 4: 'unready' }, [0, 1, 2, 3]],
    ['partition=2: unavailable pod at the boundary (#2)', true, 5, 2, 1, { 2: 'unready' }, [0, 1, 3, 4]],
    ['partition=2: unavailable pod below (#1) consumes budget', true, 5, 2, 1, { 1: 'unready' }, [0, 1, 2, 3, 4]],
    ['partition=2: unavailable pod in range blocks update', false, 5, 2, 1, { 4: 'unready' }, [0, 1, 2, 3, 4]],
    ['partition=3: both unavailable, both get deleted', true, 5, 3, 2, { 3: 'unready', 4: 'unready' }, [0, 1, 2]],
    ['partition=3: #1 and #4 unavailable, one deleted', true, 5, 3, 2, { 1: 'unready', 4: 'unready' }, [0, 1, 2, 3]],
    ['lower-ordinal unavailable deleted, good ones stay', true, 4, 0, 2, { 0: 'unready', 1: 'unready' }, [2, 3]],
    ['2 unavailable first, 1 good from the top', true, 5, 0, 3, { 0: 'unready', 1: 'unready' }, [2, 3]],
  ])('%s (parallel: %s)', (_, isParallel, replicas, partition, maxUnavailable, how, expected) => {
    const world = settled({
      ...(isParallel ? PARALLEL : {}),
      ...{ replicas, minReadySeconds: 0, ...rolling({ partition, maxUnavailable }) },
    })
    world.now += 3_600_000
    for (const [key, what] of Object.entries(how)) {
      if (what === 'terminating') world.terminate(Number(key))
      else world.ready(Number(key), what === 'young' ? 'True' : 'False')
    }
    const minReady = Object.values(how).includes('young') ? 30 : 0
    const isUnavailable = (pod: Pod): boolean =>
      pod.metadata.deletionTimestamp !== undefined || availableInMs(pod, minReady, world.now) !== 0
    const pods = [...world.pods.values()]
    const going = podsToUpdate(world.set, pods, replicas, 'another', isUnavailable).map(ordinalOf)
    expect(world.ordinals.filter(each => !going.includes(each))).toEqual(expected)
  })

  test('TestStatefulSetControlRollingUpdateWithMaxUnavailable: two at a time', () => {
    const world = settled({ replicas: 6, ...rolling({ partition: 3, maxUnavailable: 2 }) })
    world.setImage('v2')
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2, 3])
    world.settle()
    expect(world.images()).toBe('v1 v1 v1 v2 v2 v2')
  })
})

describe('TestCompleteUpdate', () => {
  test.each([
    ['RollingUpdate: all replicas updated and ready', 3, 3, true],
    ['RollingUpdate: not all ready', 2, 3, false],
    ['not all replicas created', 2, 2, false],
  ])('%s', (_, numReady, numPods, isPromoted) => {
    const world = settled()
    const before = world.set.status?.currentRevision
    world.setImage('v2')
    world.settle()
    const after = world.set.status?.updateRevision
    world.set = { ...world.set, status: { ...world.set.status, currentRevision: before, currentReplicas: 0 } }
    for (let i = numReady; i < 3; i++) world.ready(i, 'False')
    for (let i = numPods; i < 3; i++) world.gone(i)
    world.step()
    expect(world.set.status?.currentRevision).toBe(isPromoted ? after : before)
  })
})

describe('claims', () => {
  const claims = {
    volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }],
  }
  test('scaled down and up again, a pod finds its claim where nothing is deleted', () => {
    const world = settled(claims)
    world.change({ replicas: 1 })
    world.settle()
    expect(world.claims.size).toBe(3)
    expect(world.claims.get('data-foo-2')?.metadata.ownerReferences ?? []).toEqual([])
  })

  test('whenScaled Delete: the claim of a pod that goes is the pod’s, and goes with it', () => {
    const world = settled({ ...claims, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } })
    world.change({ replicas: 2 })
    const { uid } = world.pod(2).metadata
    world.settle()
    expect(world.claims.get('data-foo-2')?.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', uid }])
    expect(world.claims.get('data-foo-1')?.metadata.ownerReferences ?? []).toEqual([])
  })

  test('whenDeleted Delete: the claims are the set’s', () => {
    const world = settled({ ...claims, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } })
    expect(world.claims.get('data-foo-2')?.metadata.ownerReferences).toMatchObject([
      { kind: 'StatefulSet', uid: 'set-uid' },
    ])
  })

  test('TestStaleOwnerRefOnScaleup: a pod waits until the claim of the one before it is gone', () => {
    const world = settled({ ...claims, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } })
    world.change({ replicas: 2 })
    world.settle()
    world.change({ replicas: 3 })
    world.step()
    expect(world.ordinals).toEqual([0, 1])
    world.claims.delete('data-foo-2')
    world.step()
    expect(world.ordinals).toEqual([0, 1, 2])
  })

  test('TestStatefulPodControlCreatePodPVCDeleting: a claim that is being deleted is said, and waited for', () => {
    const world = settled(claims)
    world.gone(1)
    const claim = world.claims.get('data-foo-1')
    if (claim) world.claims.set('data-foo-1', { ...claim, metadata: { ...claim.metadata, deletionTimestamp: 'now' } })
    world.step()
    expect(world.ordinals).toEqual([0, 2])
    expect(world.events).toContain(
      'FailedCreate: Create Pod foo-1 in StatefulSet foo failed error: pvc data-foo-1 is being deleted',
    )
  })

  test('a claim that went while its pod waits is made again', () => {
    const world = settled(claims)
    world.claims.delete('data-foo-2')
    world.phase(2, 'Pending')
    world.step()
    expect(world.claims.has('data-foo-2')).toBe(true)
  })
})
