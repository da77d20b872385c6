/**
 * The stages that every written object passes, in this order and by these names:
 *
 *     decode   text -> object               rest/decode.ts, kind and names checked here
 *     admit    what follows from others     admission/: the namespace exists, ServiceAccount, priority; addresses of kinds/
 *     default  what upstream fills in       kinds/ for built-in kinds, the schema for custom ones
 *     validate everything wrong, at once    422 with a cause a field
 *     persist  store.write                  optimistic concurrency, generation, managed fields; nothing where nothing changed
 *     notify   the store's watches          watch.ts
 *     encode   object -> text               rest/encode.ts: JSON, Table, metadata alone
 *
 * This file holds the pure ones in the middle; `write.ts` strings them together.
 */
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { applyDefaults } from '../../kube/schema-default.ts'
import { pruneUnknown } from '../../kube/schema-prune.ts'
import { typeOfKind } from '../../kube/type-table.ts'
import { asTyped } from '../../kube/typed.ts'
import { WrongType } from '../../kube/wrong-type.ts'
import { TYPE_DEFAULTS } from '../kinds/type-defaults.ts'
import { invalidObject } from './field-error.ts'
import { sameExcept, without } from './json.ts'
import { validateMetadata, validateMetadataUpdate } from './metadata.ts'
import type { Target } from './read.ts'
import { badRequest } from './refusals.ts'
import { hasSubresource, type Resource } from './resource.ts'

/** The body says what the URL says. */
export function checkDecoded({ resource, namespace, name }: Target, object: UnknownObject): void {
  const { apiVersion, kind, metadata } = object
  if (kind !== resource.info.kind || apiVersion !== resource.apiVersion) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.info.kind} in ${resource.apiVersion}, is ${kind} in ${apiVersion})`,
    )
  }
  if (metadata.namespace && metadata.namespace !== (namespace ?? '')) {
    throw badRequest(
      namespace === undefined
        ? 'namespace must not be set on a cluster-scoped object'
        : 'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  if (name && metadata.name && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
}

/** A custom resource's unknown fields are dropped and its defaults filled in by its schema; a built-in kind's type does the same. */
export function fillDefaults(resource: Resource, object: UnknownObject): UnknownObject {
  const { isCustom, schema, strategy } = resource
  const structural = isCustom ? schema() : undefined
  const filled = structural
    ? (applyDefaults(structural, pruneUnknown(structural, object).value) as UnknownObject)
    : typed(resource, object)
  return strategy.default?.(filled) ?? filled
}

/** What Go would leave out or write of its own accord (`status: {}`), for writers in this process too. */
function typed({ apiVersion, info }: Resource, object: UnknownObject): UnknownObject {
  const type = typeOfKind(apiVersion, info.kind)
  if (type === undefined) return object
  try {
    return asTyped(type, object, TYPE_DEFAULTS).value as UnknownObject
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(error.message)
    throw error
  }
}

export function validate(
  resource: Resource,
  object: UnknownObject,
  old?: UnknownObject,
  warn?: (text: string) => void,
): void {
  const errors = [
    ...validateMetadata(object, resource),
    ...(old ? validateMetadataUpdate(object, old) : []),
    ...(resource.strategy.validate?.(object, old, warn) ?? []),
    ...((old ? resource.strategy.validateUpdate?.(object, old) : resource.strategy.validateCreate?.(object)) ?? []),
  ]
  if (errors.length > 0) throw invalidObject(resource.info, object.metadata.name ?? '', errors)
}

/** The status of a new object is its controllers' to write. */
export function withoutStatus(resource: Resource, object: UnknownObject, now: number): UnknownObject {
  const { prepareCreate } = resource.strategy
  if (prepareCreate) return prepareCreate(object, now)
  return hasSubresource(resource, 'status') && 'status' in object ? without(object, ['status']) : object
}

/** `metadata.generation` counts what a client wants, not what controllers report. */
export function withGeneration(resource: Resource, old: UnknownObject, next: UnknownObject): UnknownObject {
  if (!resource.strategy.hasGeneration) return next
  const reported = hasSubresource(resource, 'status') ? ['status'] : []
  const isNoted = resource.strategy.countsAnnotations && !isSame(old.metadata.annotations, next.metadata.annotations)
  if (!isNoted && sameExcept(old, next, 'apiVersion', 'kind', 'metadata', ...reported)) return next
  return { ...next, metadata: { ...next.metadata, generation: (old.metadata.generation ?? 0) + 1 } }
}
