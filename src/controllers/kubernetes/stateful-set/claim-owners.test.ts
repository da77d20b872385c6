/** Cases of pkg/controller/statefulset/stateful_set_utils_test.go and stateful_pod_control_test.go, which each table names. */
import { describe, expect, test } from 'vitest'
import type { StatefulSet } from '../../../kube/apps.ts'
import { controllerRef, type KubeObject, type OwnerReference } from '../../../kube/object.ts'
import { hasForeignController, isClaimStale, isOwnerUpToDate, withOwners } from './claim-owners.ts'
import { isItself, isMember, newPod, parentAndOrdinal, storageMatches } from './stateful-pod.ts'
import { StatefulSetWorld } from './stateful-set-world.ts'

type Policy = NonNullable<StatefulSet['spec']['persistentVolumeClaimRetentionPolicy']>

const set = (name: string, replicas: number, policy: Policy | undefined): StatefulSet => {
  const { set: made } = new StatefulSetWorld({ replicas, persistentVolumeClaimRetentionPolicy: policy })
  return { ...made, metadata: { ...made.metadata, name, uid: 'set-uid' } }
}
const pod = (name: string, uid?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...(uid ? { uid } : {}) },
})
const claim = (ownerReferences: readonly OwnerReference[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'target-claim', ownerReferences },
})
const owner = (kind: string, name: string, uid: string, controller?: boolean): OwnerReference => ({
  ...{ apiVersion: kind === 'Pod' ? 'v1' : kind === 'StatefulSet' ? 'apps/v1' : 'chipmunks/v1', kind, name, uid },
  ...(controller === undefined ? {} : { controller }),
})

describe('TestIsClaimOwnerUpToDate, TestUpdateClaimOwnerRefForSetAndPod', () => {
  const others = [owner('Pod', 'rand1', 'rand1-uid'), owner('Pod', 'rand2', 'rand2-uid')]
  test.each<[string, Policy, boolean, boolean, number, number]>([
    ['retain', { whenScaled: 'Retain', whenDeleted: 'Retain' }, false, false, 0, 0],
    ['on SS delete', { whenScaled: 'Retain', whenDeleted: 'Delete' }, false, true, 0, 0],
    ['on scaledown only, condemned', { whenScaled: 'Delete', whenDeleted: 'Retain' }, true, false, 2, 2],
    ['on scaledown only, remains', { whenScaled: 'Delete', whenDeleted: 'Retain' }, false, false, 2, 1],
    ['on both, condemned', { whenScaled: 'Delete', whenDeleted: 'Delete' }, true, false, 2, 2],
    ['on both, remains', { whenScaled: 'Delete', whenDeleted: 'Delete' }, false, true, 2, 1],
  ])('%s', (_, policy, needsPod, needsSet, replicas, ordinal) => {
    const of = set('stateful-set', replicas, policy)
    const by = pod(`pod-${ordinal}`, 'pod-123')
    for (const rest of [[], others])
      for (const hasPod of [false, true])
        for (const hasSet of [false, true]) {
          const refs = [...(hasPod ? [controllerRef(by)] : []), ...(hasSet ? [controllerRef(of)] : []), ...rest]
          expect(isOwnerUpToDate(claim(refs), of, by)).toBe(hasPod === needsPod && hasSet === needsSet)
          const fixed = withOwners(claim(refs), of, by)
          expect(isOwnerUpToDate(fixed, of, by)).toBe(true)
          expect(fixed.metadata.ownerReferences).toEqual(expect.arrayContaining([...rest]))
        }
  })
})

describe('TestHasUnexpectedController', () => {
  test.each<[string, OwnerReference[], boolean]>([
    ['custom controller', [owner('CustomController', 'simon', 'other-uid', true)], true],
    ['custom non-controller', [owner('CustomController', 'simon', 'other-uid', false)], false],
    ['custom unspecified controller', [owner('CustomController', 'simon', 'other-uid')], false],
    ['other pod controller', [owner('Pod', 'simon', 'other-uid', true)], true],
    ['other set controller', [owner('StatefulSet', 'simon', 'other-uid', true)], true],
    ['own set controller', [owner('StatefulSet', 'set', 'set-uid', true)], false],
    ['own set controller, stale uid', [owner('StatefulSet', 'set', 'stale-uid', true)], true],
    ['own pod controller', [owner('Pod', 'pod', 'pod-uid', true)], false],
    ['own pod controller, stale uid', [owner('Pod', 'pod', 'stale-uid', true)], true],
    [
      'own controller and another',
      [owner('Pod', 'pod', 'pod-uid', true), owner('CustomController', 'simon', 'other-uid', true)],
      true,
    ],
    [
      'own controller and a non-controller',
      [owner('Pod', 'pod', 'pod-uid', true), owner('CustomController', 'simon', 'other-uid', false)],
      false,
    ],
  ])('%s', (_, refs, expected) => {
    expect(hasForeignController(claim(refs), set('set', 1, undefined), pod('pod', 'pod-uid'))).toBe(false)
    for (const policy of [
      { whenDeleted: 'Retain', whenScaled: 'Delete' },
      { whenDeleted: 'Delete', whenScaled: 'Retain' },
      { whenDeleted: 'Delete', whenScaled: 'Delete' },
    ] as const)
      expect(hasForeignController(claim(refs), set('set', 1, policy), pod('pod', 'pod-uid'))).toBe(expected)
  })
})

describe('TestPodClaimIsStale', () => {
  const scaled: Policy = { whenDeleted: 'Retain', whenScaled: 'Delete' }
  test.each<[string, OwnerReference[], string | undefined, boolean]>([
    ['exists', [], '123', false],
    ['all refs', [owner('Pod', 'set-3', '123')], '123', false],
    ['stale', [owner('Pod', 'set-3', 'stale')], '123', true],
    ['withRef, no UID', [owner('Pod', 'set-3', '123')], undefined, true],
  ])('%s', (_, refs, uid, expected) => {
    expect(isClaimStale(claim(refs), set('set', 1, scaled), pod('set-3', uid))).toBe(expected)
    expect(isClaimStale(claim(refs), set('set', 1, undefined), pod('set-3', uid))).toBe(false)
  })
})

describe('TestGetParentNameAndOrdinal, TestIsMemberOf, TestIdentityMatches, TestStorageMatches', () => {
  const template = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: {} }
  const { set: of } = new StatefulSetWorld({ volumeClaimTemplates: [template] })
  const it = newPod(of, of.spec.template, 'r', 1)

  test.each([
    ['foo-1', 'foo', 1],
    ['a-b-20', 'a-b', 20],
    ['1-bar', '', -1],
    ['foo-99999999999', '', -1],
  ])('%s is of %s, number %i', (name, parent, ordinal) => {
    expect(parentAndOrdinal(name)).toEqual({ parent, ordinal })
  })

  test('a new pod is itself', () => expect([isItself(of, it), isMember(of, it)]).toEqual([true, true]))
  test.each([
    ['the wrong name', { ...it, metadata: { ...it.metadata, name: 'bar' } }],
    ['the wrong namespace', { ...it, metadata: { ...it.metadata, namespace: '' } }],
    ['the wrong name label', { ...it, metadata: { ...it.metadata, labels: {} } }],
    ['no volumes', { ...it, spec: { ...it.spec, volumes: [] } }],
    ['volumes without claims', { ...it, spec: { ...it.spec, volumes: [{ name: 'data' }] } }],
    [
      'another pod’s claim',
      { ...it, spec: { ...it.spec, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-foo-2' } }] } },
    ],
  ])('one with %s is not', (_, other) => expect(isItself(of, other)).toBe(false))

  test('a name without a number has no storage', () => {
    expect(storageMatches(of, { ...it, metadata: { ...it.metadata, name: 'bar' } })).toBe(false)
  })

  test('TestUpdateStorage: a volume of the claim’s name in the template gives way to it', () => {
    const spec = {
      ...of.spec.template.spec,
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'other', emptyDir: {} },
      ],
    }
    expect(newPod(of, { ...of.spec.template, spec }, 'r', 1).spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-foo-1' } },
      { name: 'other', emptyDir: {} },
    ])
  })
})
