/**
 * Drops what a structural schema does not know, as upstream does before it stores a custom resource
 * (apiextensions-apiserver/pkg/apiserver/schema/pruning), and says what it dropped, so that strict clients can refuse it.
 */
import type { StructuralSchema } from './schema.ts'
import type { FieldPath } from './schema-path.ts'

export interface Pruned {
  readonly value: unknown
  readonly unknown: readonly FieldPath[]
}

/** Where the walk is: one array, copied only for what is dropped. */
type Path = (string | number)[]

/** Every object carries these; the schema need not name them. */
const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata'])

/** `value` is a whole object: its `apiVersion`, `kind` and `metadata` are kept whatever the schema says. */
export function pruneUnknown(schema: StructuralSchema, value: unknown): Pruned {
  const unknown: FieldPath[] = []
  return { value: prune(schema, value, [], true, unknown), unknown }
}

function prune(schema: StructuralSchema, value: unknown, path: Path, isObject: boolean, unknown: FieldPath[]) {
  if (Array.isArray(value)) {
    const items = schema.items
    return items ? mapSame(value, (item, i) => pruneInside(items, item, path, i, unknown)) : value
  }
  if (value === null || typeof value !== 'object') return value
  return pruneObject(schema, value as Record<string, unknown>, path, isObject, unknown)
}

function pruneInside(
  schema: StructuralSchema,
  value: unknown,
  path: Path,
  step: string | number,
  unknown: FieldPath[],
): unknown {
  if (typeof value !== 'object' || value === null) return value
  path.push(step)
  const kept = prune(schema, value, path, schema['x-kubernetes-embedded-resource'] === true, unknown)
  path.pop()
  return kept
}

function pruneObject(
  schema: StructuralSchema,
  value: Record<string, unknown>,
  path: Path,
  isObject: boolean,
  unknown: FieldPath[],
): Record<string, unknown> {
  const { properties = {}, additionalProperties } = schema
  const kept: Record<string, unknown> = {}
  let same = true
  for (const [name, field] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (isObject && OBJECT_FIELDS.has(name)) kept[name] = field
    else if (typeof known === 'object') kept[name] = pruneInside(known, field, path, name, unknown)
    else if (known === true || schema['x-kubernetes-preserve-unknown-fields']) kept[name] = field
    else unknown.push([...path, name])
    same &&= kept[name] === field
  }
  return same ? value : kept
}

/** `map` that gives back the same array when nothing changed. */
function mapSame(values: unknown[], change: (value: unknown, index: number) => unknown): unknown[] {
  const changed = values.map(change)
  return changed.some((value, i) => value !== values[i]) ? changed : values
}
