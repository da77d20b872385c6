/**
 * Whose pods, ReplicaSets and revisions are whose (pkg/controller/controller_ref_manager.go): what matches a selector and belongs to nobody
 * is adopted, what no longer matches is let go. Pure; `mayAdopt` asks the server whether the owner is still there.
 */
import type { KubeApi } from '../../client/kube-api.ts'
import { controllerOf, controllerRef, type KubeObject, refOf } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import type { Action } from './action.ts'

export interface Claimed<T> {
  readonly owned: readonly T[]
  /** Adoptions, and releases. */
  readonly actions: readonly Action[]
  readonly adopts: boolean
}

/** `candidates`: of the owner's namespace, its own and those without a controller among them. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  candidates: readonly T[],
  matches: (candidate: T) => boolean,
): Claimed<T> {
  const isLeaving = owner.metadata.deletionTimestamp !== undefined
  const isMine = (each: T): boolean => controllerOf(each)?.uid === owner.metadata.uid
  const mine = candidates.filter(each => isMine(each) && matches(each))
  const strayed = isLeaving ? [] : candidates.filter(each => isMine(each) && !matches(each))
  const orphans = isLeaving
    ? []
    : candidates.filter(
        each => controllerOf(each) === undefined && matches(each) && each.metadata.deletionTimestamp === undefined,
      )
  return {
    owned: [...mine, ...orphans],
    actions: [...orphans.map(each => adopt(owner, each)), ...strayed.map(each => release(owner, each))],
    adopts: orphans.length > 0,
  }
}

const orphansOf = (namespace: string | undefined): string => `orphans of ${namespace}`

/** The keys of an index of what may be claimed: by the uid of whoever controls it, or by the namespace if nobody does. */
export const ownersKey = (object: KubeObject): readonly string[] => [
  controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace),
]

/** From such an index: its own, and those of nobody. */
export const candidatesFor = <T>(owner: KubeObject, index: (key: string) => readonly T[]): readonly T[] => [
  ...index(owner.metadata.uid ?? ''),
  ...index(orphansOf(owner.metadata.namespace)),
]

const adopt = (owner: KubeObject, object: KubeObject): Action => ownersPatch(object, [controllerRef(owner)])

const release = (owner: KubeObject, object: KubeObject): Action =>
  ownersPatch(object, [{ $patch: 'delete', uid: owner.metadata.uid }])

/** With the uid: never a later object of the name. */
const ownersPatch = (object: KubeObject, ownerReferences: readonly unknown[]): Action => ({
  kind: 'patch',
  ref: refOf(object),
  type: 'strategic',
  patch: { metadata: { uid: object.metadata.uid, ownerReferences } },
})

/** The view may be behind: an owner that goes, or is another of its name by now, adopts nothing. */
export async function mayAdopt(api: KubeApi, owner: KubeObject): Promise<boolean> {
  try {
    const { metadata } = await api.get(refOf(owner))
    return metadata.uid === owner.metadata.uid && metadata.deletionTimestamp === undefined
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false
    throw error
  }
}
