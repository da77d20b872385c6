/**
 * The objects that a declaration compiled to, as they stand in the cluster: which are missing, which names are taken by somebody else's.
 */
import { controllerOf, type KubeObject, type OwnerReference } from '../../kube/object.ts'
import type { Informers } from '../runtime/informers.ts'

export interface Children {
  /** Wanted and not there. */
  readonly missing: readonly KubeObject[]
  /** There under the wanted name, but of an earlier declaration of this name, which is still being cleared away. */
  readonly leftover: readonly KubeObject[]
  /** There under the wanted name, and nobody's or somebody else's. */
  readonly foreign: readonly KubeObject[]
}

export function childrenOf(owner: KubeObject, wanted: readonly KubeObject[], find: Find): Children {
  const missing: KubeObject[] = []
  const leftover: KubeObject[] = []
  const foreign: KubeObject[] = []
  for (const object of wanted) {
    const present = find(object)
    const controller = present && controllerOf(present)
    if (!present) missing.push(object)
    else if (controller?.uid === owner.metadata.uid) {
      if (present.metadata.deletionTimestamp) leftover.push(present)
    } else if (isNamesake(owner, controller)) leftover.push(present)
    else foreign.push(present)
  }
  return { missing, leftover, foreign }
}

export type Find = (object: KubeObject) => KubeObject | undefined

/** Looks where the informers look. */
export const finderOf =
  (informers: Informers): Find =>
  ({ apiVersion, kind, metadata: { namespace, name = '' } }) =>
    informers.of(apiVersion, kind).get(namespace, name)

const isNamesake = (owner: KubeObject, ref: OwnerReference | undefined): boolean =>
  ref !== undefined && ref.kind === owner.kind && ref.name === owner.metadata.name

/** Keys of the declarations of a kind that control this object. */
export function ownerKeysOf(kind: string, object: KubeObject): readonly string[] {
  const owner = controllerOf(object)
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : []
}

export const nameTaken = (foreign: readonly KubeObject[]): string =>
  foreign
    .map(({ kind, metadata }) => `${kind} "${metadata.name}" exists already and was not made for this declaration.`)
    .concat('Rename the declaration, or delete what is in its way.')
    .join(' ')
