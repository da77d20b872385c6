/** The kinds that CustomResourceDefinitions add, by which collections are listed and watched. */
import type { CustomResourceDefinition } from '../../kube/workloads.ts'

export interface Served {
  readonly apiVersion: string
  readonly kind: string
}

/** One of a definition's versions is enough: all show the same objects. The stored one, which is never converted, if it is served. */
export function customKindsOf({ spec, metadata }: CustomResourceDefinition): readonly Served[] {
  if (metadata.deletionTimestamp) return []
  const version = spec.versions.find(({ served, storage }) => served && storage) ?? spec.versions.find(v => v.served)
  return version ? [{ apiVersion: `${spec.group}/${version.name}`, kind: spec.names.kind }] : []
}
