/** encode: an object or a list in the form that the client asked for. */
import type { KubeList, KubeObject, UnknownObject } from '../../kube/object.ts'
import type { Resource } from '../resource/resource.ts'
import { type IncludeObject, partialObject, tableOf } from '../tables/table.ts'
import type { Form } from './accept.ts'

export interface EncodeOptions {
  readonly form: Form
  readonly includeObject: IncludeObject
  readonly now: number
}

/** Answers that are no objects of a kind (Status, Scale, tokens) have no other form. */
export const isPlain = ({ kind }: { readonly kind: string }, { info }: Resource): boolean => kind !== info.kind

export function encodeObject(resource: Resource, object: UnknownObject, options: EncodeOptions): unknown {
  const { form, includeObject, now } = options
  if (form.kind === 'object' || form.kind === 'discovery' || isPlain(object, resource)) return object
  if (form.kind === 'metadata') return partialObject(object, form.version)
  const { resourceVersion } = object.metadata
  return tableOf(resource.columns(), [object], { resourceVersion }, { version: form.version, includeObject, now })
}

export function encodeList(resource: Resource, list: KubeList, { form, includeObject, now }: EncodeOptions): unknown {
  if (form.kind === 'object' || form.kind === 'discovery') return list
  if (form.kind === 'table') {
    return tableOf(resource.columns(), list.items, list.metadata, { version: form.version, includeObject, now })
  }
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: list.metadata,
    items: list.items.map((item: KubeObject) => partialObject(item, form.version)),
  }
}
