/** What every object has that a declaration becomes: its namespace, labels that say whose it is, and the owner that takes it along. */

import { FIELD_MANAGER, MANAGED_BY, OWNER_KIND, OWNER_NAME } from '../kube/names.ts'
import { controllerRef, type ObjectMeta } from '../kube/object.ts'
import type { Declaration } from '../spec/kinds.ts'

export const nameOf = ({ metadata }: Declaration): string => metadata.name ?? ''
export const namespaceOf = ({ metadata }: Declaration): string => metadata.namespace ?? 'default'

/** Selects every pod of the declaration. */
export const ownerLabels = (declaration: Declaration): Readonly<Record<string, string>> => ({
  [OWNER_KIND]: declaration.kind.toLowerCase(),
  [OWNER_NAME]: nameOf(declaration),
})

export const labelsFor = (
  declaration: Declaration,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => ({ [MANAGED_BY]: FIELD_MANAGER, ...ownerLabels(declaration), ...more })

/** Without a uid (compiled from a file, not from the API) nothing owns it. */
export function metadataFor(
  declaration: Declaration,
  name: string,
  more: Readonly<Record<string, string>> = {},
): ObjectMeta {
  const { uid } = declaration.metadata
  return {
    name,
    namespace: namespaceOf(declaration),
    labels: labelsFor(declaration, more),
    ...(uid === undefined ? {} : { ownerReferences: [controllerRef(declaration)] }),
  }
}
