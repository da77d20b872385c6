/** Lists whose items must differ: sets in all, maps in their keys (apiextensions-apiserver's schema/listtype). */
import { canonicalJson } from './canonical-json.ts'
import type { SchemaViolation, StructuralSchema } from './schema.ts'

type Fields = Readonly<Record<string, unknown>>
type Path = (string | number)[]

/** Each value that stands there more than once is told once, at its second place. */
export function validateLists(schema: StructuralSchema, value: unknown): SchemaViolation[] {
  if (!hasListTypes(schema)) return []
  const found: SchemaViolation[] = []
  walk(schema, value, [], found)
  return found
}

const known = new WeakMap<StructuralSchema, boolean>()

/** Most of a large schema has no such list: those parts of a value are not walked through. */
function hasListTypes(schema: StructuralSchema): boolean {
  const answer = known.get(schema)
  if (answer !== undefined) return answer
  const { properties = {}, additionalProperties, items } = schema
  const listType = schema['x-kubernetes-list-type']
  const has =
    listType === 'set' ||
    listType === 'map' ||
    Object.values(properties).some(hasListTypes) ||
    (typeof additionalProperties === 'object' && hasListTypes(additionalProperties)) ||
    (items !== undefined && hasListTypes(items))
  known.set(schema, has)
  return has
}

function walk(schema: StructuralSchema, value: unknown, path: Path, found: SchemaViolation[]): void {
  if (typeof value !== 'object' || value === null || !hasListTypes(schema)) return
  if (Array.isArray(value)) {
    checkDuplicates(schema, value, path, found)
    const { items } = schema
    if (!items || !hasListTypes(items)) return
    value.forEach((item, i) => {
      path.push(i)
      walk(items, item, path, found)
      path.pop()
    })
    return
  }
  const { properties = {}, additionalProperties } = schema
  for (const [name, field] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof known !== 'object') continue
    path.push(name)
    walk(known, field, path, found)
    path.pop()
  }
}

function checkDuplicates(
  schema: StructuralSchema,
  items: readonly unknown[],
  path: Path,
  found: SchemaViolation[],
): void {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== 'set' && listType !== 'map') return
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const identity = (item: unknown): unknown => (listType === 'set' ? item : keysOf(item, keys))
  const counts = new Map<string, number>()
  items.forEach((item, i) => {
    const key = listType === 'set' ? textOf(item) : keys.map(name => textOf((item as Fields | null)?.[name])).join(',')
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    if (count === 2)
      found.push({ path: [...path, i], reason: 'FieldValueDuplicate', value: identity(item), detail: '' })
  })
}

/** Equal values and no others have the same text; most are short strings. */
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object' && value !== null
      ? canonicalJson(value)
      : String(value)

/** The keys that an item has. */
export const keysOf = (item: unknown, keys: readonly string[]): Fields =>
  Object.fromEntries(
    keys.flatMap(key => {
      const value = (item as Fields | null)?.[key]
      return value === undefined ? [] : [[key, value]]
    }),
  )
