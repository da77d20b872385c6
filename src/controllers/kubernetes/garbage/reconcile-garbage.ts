/**
 * Garbage collection, decided: what to do with an object whose owners went, and with an owner that waits for its dependents
 * (attemptToDeleteItem and processDeletingDependentsItem in pkg/controller/garbagecollector/garbagecollector.go).
 */
import { type KubeObject, type OwnerReference, refOf } from '../../../kube/object.ts'
import { type Action, remove } from '../../runtime/action.ts'

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** How an owner stands, as far as its dependents care. */
export type OwnerState = 'present' | 'absent' | 'waits-for-dependents'

export interface GarbageObserved {
  readonly object: KubeObject
  readonly stateOf: (owner: OwnerReference) => OwnerState
  readonly dependents: readonly KubeObject[]
}

export const holds = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) ?? false

export const isWaitingForDependents = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && holds(object, FOREGROUND)

export function reconcileGarbage(observed: GarbageObserved): readonly Action[] {
  const { object, dependents } = observed
  if (object.metadata.deletionTimestamp === undefined) return collect(observed)
  if (holds(object, ORPHAN)) return orphan(object, dependents)
  if (holds(object, FOREGROUND)) return awaitDependents(object, dependents)
  return []
}

/** An object lives as long as one of its owners does. */
function collect({ object, stateOf, dependents }: GarbageObserved): readonly Action[] {
  const owners = object.metadata.ownerReferences ?? []
  if (owners.length === 0) return []
  const alive = owners.filter(owner => stateOf(owner) === 'present')
  if (alive.length > 0) return alive.length === owners.length ? [] : [withOwners(object, alive)]
  const isAwaited = owners.some(owner => stateOf(owner) === 'waits-for-dependents')
  // Whoever waits for this one also waits for what hangs from it; otherwise the object's own wish stands.
  const policy =
    isAwaited && dependents.length > 0
      ? 'Foreground'
      : holds(object, ORPHAN)
        ? 'Orphan'
        : holds(object, FOREGROUND)
          ? 'Foreground'
          : 'Background'
  // In a circle each would wait for the next: this one no longer blocks its owners.
  const isCircle = isAwaited && dependents.some(isWaitingForDependents)
  const blocking = owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion)
  const freed = owners.map(owner => ({ ...owner, blockOwnerDeletion: false }))
  return [...(isCircle && blocking ? [withOwners(object, freed)] : []), remove(object, { policy })]
}

/** The dependents become nobody's, then the owner may go. */
function orphan(object: KubeObject, dependents: readonly KubeObject[]): readonly Action[] {
  const { uid } = object.metadata
  return [
    ...dependents.map(each =>
      withOwners(
        each,
        (each.metadata.ownerReferences ?? []).filter(owner => owner.uid !== uid),
      ),
    ),
    withoutFinalizer(object, ORPHAN),
  ]
}

function awaitDependents(object: KubeObject, dependents: readonly KubeObject[]): readonly Action[] {
  const { uid } = object.metadata
  const isBlocking = ({ metadata }: KubeObject): boolean =>
    metadata.ownerReferences?.some(owner => owner.uid === uid && owner.blockOwnerDeletion === true) ?? false
  return dependents.some(isBlocking) ? [] : [withoutFinalizer(object, FOREGROUND)]
}

/** With the version that was read: lists merge as a whole, so a write in between must win. */
const withOwners = (object: KubeObject, ownerReferences: readonly OwnerReference[]): Action =>
  metadataPatch(object, { ownerReferences: ownerReferences.length > 0 ? ownerReferences : null })

function withoutFinalizer(object: KubeObject, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter(name => name !== finalizer)
  return metadataPatch(object, { finalizers: finalizers.length > 0 ? finalizers : null })
}

function metadataPatch(object: KubeObject, change: Record<string, unknown>): Action {
  const { uid, resourceVersion } = object.metadata
  return { kind: 'patch', ref: refOf(object), type: 'merge', patch: { metadata: { uid, resourceVersion, ...change } } }
}
