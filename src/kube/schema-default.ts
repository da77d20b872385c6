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
  let numDropped = 0
  const fill = (name: string, field: StructuralSchema): void => {
    if (!Object.hasOwn(value, name) && field.default === undefined) return
    const given = Object.hasOwn(value, name) ? value[name] : undefined
    const filled = applyDefaults(field, orDefault(field, given))
    // A null that may not be one and that no default replaces counts as absent.
    if (filled === null && !field.nullable) {
      changes[name] = undefined
      numDropped++
    } else if (filled !== given) changes[name] = filled
  }
  for (const name in properties) fill(name, properties[name] as StructuralSchema)
  if (typeof additionalProperties === 'object') {
    for (const name of Object.keys(value)) if (!Object.hasOwn(properties, name)) fill(name, additionalProperties)
  }
  for (const _ in changes) return merged(value, changes, numDropped)
  return value
}

function merged(value: object, changes: Record<string, unknown>, numDropped: number): unknown {
  const all = { ...value, ...changes }
  return numDropped === 0 ? all : Object.fromEntries(Object.entries(all).filter(([, field]) => field !== undefined))
}

/** A null where null is not allowed counts as absent when there is a default (upstream: PruneNonNullableNullsWithoutDefaults' twin). */
function orDefault(schema: StructuralSchema, given: unknown): unknown {
  const absent = given === undefined || (given === null && !schema.nullable)
  return absent && schema.default !== undefined ? structuredClone(schema.default) : given
}
