/**
 * Fills in a structural schema's defaults, as upstream does on every read and write of a custom resource
 * (apiextensions-apiserver/pkg/apiserver/schema/defaulting). What is given stays; unchanged parts are shared, never copied.
 */
import type { StructuralSchema } from './schema.ts'

export function applyDefaults(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? defaultItems(schema.items, value) : value
  if (value === null || typeof value !== 'object') return value
  return defaultFields(schema, value as Readonly<Record<string, unknown>>)
}

function defaultItems(items: StructuralSchema, values: readonly unknown[]): readonly unknown[] {
  const filled = values.map(value => applyDefaults(items, orDefault(items, value)))
  return filled.some((value, i) => value !== values[i]) ? filled : values
}

function defaultFields(schema: StructuralSchema, value: Readonly<Record<string, unknown>>): unknown {
  const changes: Record<string, unknown> = {}
  const { properties = {}, additionalProperties } = schema
  const fill = (name: string, field: StructuralSchema): void => {
    const given = Object.hasOwn(value, name) ? value[name] : undefined
    const filled = applyDefaults(field, orDefault(field, given))
    if (filled !== given) changes[name] = filled
  }
  for (const [name, field] of Object.entries(properties)) fill(name, field)
  if (typeof additionalProperties === 'object') {
    for (const name of Object.keys(value)) if (!Object.hasOwn(properties, name)) fill(name, additionalProperties)
  }
  return Object.keys(changes).length === 0 ? value : { ...value, ...changes }
}

/** A null where null is not allowed counts as absent when there is a default (upstream: PruneNonNullableNullsWithoutDefaults' twin). */
function orDefault(schema: StructuralSchema, given: unknown): unknown {
  const absent = given === undefined || (given === null && !schema.nullable)
  return absent && schema.default !== undefined ? structuredClone(schema.default) : given
}
