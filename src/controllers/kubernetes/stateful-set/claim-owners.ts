/**
 * Who owns the volume claims of a StatefulSet, so that they go with it, with a pod that is scaled away, or with nobody
 * (persistentVolumeClaimRetentionPolicy; isClaimOwnerUpToDate and its kin in pkg/controller/statefulset/stateful_set_utils.go).
 */
import type { StatefulSet } from '../../../kube/apps.ts'
import { controllerRef, type KubeObject, type OwnerReference } from '../../../kube/object.ts'
import { isInRange, parentAndOrdinal } from './stateful-pod.ts'

type Claim = KubeObject
const ownersOf = ({ metadata }: KubeObject): readonly OwnerReference[] => metadata.ownerReferences ?? []

/** By name, whatever its uid. */
const names = (ref: OwnerReference, object: KubeObject): boolean =>
  ref.apiVersion === object.apiVersion && ref.kind === object.kind && ref.name === object.metadata.name

const owns = (claim: Claim, owner: KubeObject): boolean => ownersOf(claim).some(({ uid }) => uid === owner.metadata.uid)

/** It was an earlier set's or pod's of the name. */
export const hasStaleOwner = (claim: Claim, owner: KubeObject): boolean =>
  ownersOf(claim).some(ref => names(ref, owner) && ref.uid !== owner.metadata.uid)

const retains = ({ spec }: StatefulSet) => {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec.persistentVolumeClaimRetentionPolicy ?? {}
  return { deleted: whenDeleted === 'Retain', scaled: whenScaled === 'Retain' }
}

/** Somebody else rules over it; where nothing is ever deleted, that does not matter. */
export function hasForeignController(claim: Claim, set: StatefulSet, pod: KubeObject): boolean {
  const { deleted, scaled } = retains(set)
  if (deleted && scaled) return false
  return ownersOf(claim).some(ref => {
    for (const own of [set, pod]) if (names(ref, own)) return ref.uid !== own.metadata.uid
    return ref.controller === true
  })
}

const hasNonController = (claim: Claim, set: StatefulSet, pod: KubeObject): boolean =>
  ownersOf(claim).some(
    ({ uid, controller }) => (uid === set.metadata.uid || uid === pod.metadata.uid) && controller !== true,
  )

/** Which of the two should own it. */
function wantedOwners(set: StatefulSet, pod: KubeObject): { readonly set: boolean; readonly pod: boolean } {
  const { deleted, scaled } = retains(set)
  const isScaledAway = !isInRange(set, parentAndOrdinal(pod.metadata.name).ordinal)
  if (scaled) return { set: !deleted, pod: false }
  return { set: !deleted && !isScaledAway, pod: isScaledAway }
}

/** True also of claims that are better left alone. */
export function isOwnerUpToDate(claim: Claim, set: StatefulSet, pod: KubeObject): boolean {
  if (hasStaleOwner(claim, set) || hasStaleOwner(claim, pod)) return true
  if (hasForeignController(claim, set, pod)) return !owns(claim, set) && !owns(claim, pod)
  if (hasNonController(claim, set, pod)) return false
  const wanted = wantedOwners(set, pod)
  return owns(claim, set) === wanted.set && owns(claim, pod) === wanted.pod
}

export function withOwners<T extends Claim>(claim: T, set: StatefulSet, pod: KubeObject): T {
  const others = ownersOf(claim).filter(ref => !names(ref, set) && !names(ref, pod))
  const wanted = hasForeignController(claim, set, pod) ? { set: false, pod: false } : wantedOwners(set, pod)
  const ownerReferences = [
    ...others,
    ...(wanted.set ? [controllerRef(set)] : []),
    ...(wanted.pod ? [controllerRef(pod)] : []),
  ]
  return { ...claim, metadata: { ...claim.metadata, ownerReferences } }
}

/** A claim that still goes with an earlier pod: the new one waits until it is gone. */
export const isClaimStale = (claim: Claim, set: StatefulSet, pod: KubeObject): boolean =>
  !retains(set).scaled && hasStaleOwner(claim, pod)
