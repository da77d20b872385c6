/** The command line makes the code's ConfigMap before it knows the declaration's uid; from here on the code goes when the declaration goes. */
import type { ConfigMap } from '../../kube/core.ts'
import { controllerRef, type KubeObject, refOf } from '../../kube/object.ts'
import type { Action } from '../runtime/action.ts'

export function adoptCode(owner: KubeObject, code: ConfigMap | undefined): readonly Action[] {
  const owners = code?.metadata.ownerReferences ?? []
  if (!code || owners.some(({ uid }) => uid === owner.metadata.uid)) return []
  // Equal code of two jobs is one ConfigMap: each owns it, none controls it.
  const { controller: _, blockOwnerDeletion: __, ...reference } = controllerRef(owner)
  const { resourceVersion, uid } = code.metadata
  const patch = { metadata: { resourceVersion, uid, ownerReferences: [...owners, reference] } }
  return [{ kind: 'patch', ref: refOf({ ...code, apiVersion: 'v1', kind: 'ConfigMap' }), type: 'merge', patch }]
}
