/**
 * How server-side apply looks at a value by its schema: an object whose fields are owned one by one, a list whose items are (told apart by
 * keys, or by value), or a leaf that is owned as a whole: a scalar, or what the schema calls atomic. Without a schema objects are taken
 * apart and lists are leaves, as structured-merge-diff does with types that it must deduce.
 */
import { canonicalJson } from '../canonical-json.ts'
import { isRecord, ownValue } from '../equal.ts'
import type { StructuralSchema } from '../schema.ts'
import { apiError } from '../status.ts'

export type Schema = StructuralSchema | undefined
type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown, schema: Schema): value is Json {
  return isRecord(value) && schema?.['x-kubernetes-map-type'] !== 'atomic'
}

export function isList(value: unknown, schema: Schema): value is readonly unknown[] {
  const type = schema?.['x-kubernetes-list-type']
  return Array.isArray(value) && (type === 'set' || type === 'map')
}

/** A field that the type names, against a key of a map: the latter is there only because somebody put it there. */
export const isNamedField = (schema: Schema, name: string): boolean =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name)

export function fieldSchema(schema: Schema, name: string): Schema {
  if (isNamedField(schema, name)) return schema!.properties![name]
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

const MAX_KEPT = 5000
const elements = new Map<string, string>()

/** Kept: the same few thousand names come again with every object. */
export function fieldElement(name: string): string {
  const known = elements.get(name)
  if (known !== undefined) return known
  const element = `f:${name}`
  if (elements.size < MAX_KEPT && name.length < 64) elements.set(name, element)
  return element
}

/** The path element of a list's item. Throws ApiError BadRequest for an item without any of its keys. */
export function itemElement(item: unknown, schema: Schema): string {
  const keys = schema?.['x-kubernetes-list-map-keys']
  if (schema?.['x-kubernetes-list-type'] !== 'map' || !keys) return `v:${canonicalJson(item)}`
  const values = keys.flatMap(key => {
    const value = (isRecord(item) ? ownValue(item, key) : undefined) ?? defaultOfKey(schema, key)
    return value === undefined ? [] : [[key, value] as const]
  })
  if (values.length === 0)
    throw apiError('BadRequest', `a list item has no ${keys.join(', ')}, by which its list is merged`)
  return `k:${canonicalJson(Object.fromEntries(values))}`
}

/** Ports are told apart by number and protocol, and whoever leaves the protocol out means TCP. */
function defaultOfKey(schema: StructuralSchema, key: string): unknown {
  const type = schema.items?.properties?.[key]
  return type?.default ?? (type !== undefined && key === 'protocol' ? 'TCP' : undefined)
}

/** The items of a list by their path elements; of two with the same element the first counts. */
export function itemsByElement(list: readonly unknown[], schema: Schema): ReadonlyMap<string, unknown> {
  const items = new Map<string, unknown>()
  for (const item of list) {
    const element = itemElement(item, schema)
    if (!items.has(element)) items.set(element, item)
  }
  return items
}
