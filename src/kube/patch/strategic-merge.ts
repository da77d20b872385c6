/**
 * Strategic merge patch, which kubectl sends for built-in kinds: as a merge patch, but lists merge by the key that the kind's schema names,
 * and directives (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say what values alone cannot. Follows
 * apimachinery's util/strategicpatch/patch.go, except that directives inside something new are obeyed there too, never stored.
 */
import { isRecord, isSame, ownValue } from '../equal.ts'
import type { StructuralSchema } from '../schema.ts'
import { badPatch } from './bad-patch.ts'
import { mergeLists, orderAs } from './strategic-list.ts'

type Json = Readonly<Record<string, unknown>>

const ORDER = '$setElementOrder/'
const DELETE_FROM = '$deleteFromPrimitiveList/'

/** Without a schema objects merge and lists are replaced. Throws ApiError BadRequest for a patch that makes no sense. */
export function applyStrategicMergePatch(document: unknown, patch: unknown, schema?: StructuralSchema): unknown {
  if (!isRecord(patch)) throw badPatch('it is no object')
  return mergeObjects(isRecord(document) ? document : {}, patch, schema)
}

function mergeObjects(original: Json, patch: Json, schema: StructuralSchema | undefined): Json {
  switch (patch.$patch) {
    case undefined:
    case 'merge':
      break
    case 'replace':
      return mergeObjects({}, fieldsOf(patch), schema)
    case 'delete':
      return {}
    default:
      throw badPatch(`$patch is ${JSON.stringify(patch.$patch)}, which is none of delete, merge and replace`)
  }
  const merged = new Map(Object.entries(retained(original, patch)))
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) deleteFrom(merged, key.slice(DELETE_FROM.length), value)
  }
  for (const [key, value] of Object.entries(fieldsOf(patch))) {
    if (value === null) merged.delete(key)
    // A directive about what is not there: upstream drops it with all that stands beside it.
    else if (!merged.has(key) && isRecord(value) && Object.hasOwn(value, '$patch')) continue
    else merged.set(key, mergeField(merged.get(key), value, fieldSchema(schema, key)))
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) setOrder(merged, original, key.slice(ORDER.length), order, patch, schema)
  }
  return Object.fromEntries(merged)
}

/** What of a patch is no directive. */
const fieldsOf = (patch: Json): Json => Object.fromEntries(Object.entries(patch).filter(([key]) => !isDirective(key)))

const isDirective = (key: string): boolean =>
  key === '$patch' || key === '$retainKeys' || key.startsWith(ORDER) || key.startsWith(DELETE_FROM)

const fieldSchema = (schema: StructuralSchema | undefined, key: string): StructuralSchema | undefined => {
  const named = schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
  return named ?? (typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined)
}

function mergeField(original: unknown, patch: unknown, schema: StructuralSchema | undefined): unknown {
  const strategies = schema?.['x-kubernetes-patch-strategy']?.split(',') ?? []
  if (isRecord(patch)) {
    return mergeObjects(isRecord(original) && !strategies.includes('replace') ? original : {}, patch, schema)
  }
  if (!Array.isArray(patch) || !strategies.includes('merge')) return patch
  const mergeItems = (item: Json, change: Json): Json => mergeObjects(item, change, schema?.items)
  return mergeLists(Array.isArray(original) ? original : [], patch, keyOf(schema), mergeItems)
}

const keyOf = (schema: StructuralSchema | undefined): string | undefined => schema?.['x-kubernetes-patch-merge-key']

/** `$retainKeys`: of the original only these fields stay, such as the one kind that a volume is of. */
function retained(original: Json, patch: Json): Json {
  if (!Object.hasOwn(patch, '$retainKeys')) return original
  const keys = listOf(patch.$retainKeys, '$retainKeys')
  const stray = Object.keys(fieldsOf(patch)).find(key => patch[key] !== null && !keys.includes(key))
  if (stray !== undefined) throw badPatch(`it sets "${stray}", which its $retainKeys leaves out`)
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)))
}

/** `$deleteFromPrimitiveList/finalizers: [a]`. */
function deleteFrom(merged: Map<string, unknown>, key: string, values: unknown): void {
  const gone = listOf(values, DELETE_FROM + key)
  const list = merged.get(key)
  if (Array.isArray(list)) {
    merged.set(
      key,
      list.filter(item => !gone.some(value => isSame(value, item))),
    )
  }
}

/** `$setElementOrder/containers: [{name: a}, …]`: items that the patch does not know keep their place among the others. */
function setOrder(
  merged: Map<string, unknown>,
  original: Json,
  key: string,
  order: unknown,
  patch: Json,
  schema: StructuralSchema | undefined,
): void {
  const list = merged.get(key)
  if (!Array.isArray(list)) return
  const before = ownValue(original, key)
  const inPatch = ownValue(patch, key)
  const mergeKey = keyOf(fieldSchema(schema, key))
  const ordered = orderAs(list, listOf(order, ORDER + key), Array.isArray(before) ? before : [], mergeKey, inPatch)
  merged.set(key, ordered)
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badPatch(`${name} is no list`)
  return value
}
