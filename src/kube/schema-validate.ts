/**
 * Checks a value against a structural schema and returns everything that breaks it. The wording follows upstream's
 * (apiextensions-apiserver/pkg/apiserver/validation on top of kube-openapi's validation/errors), because people search for it;
 * `spec/` turns the same violations into sentences of its own.
 */
import { canonicalJson } from './canonical-json.ts'
import type { SchemaViolation, StructuralSchema } from './schema.ts'
import { type FieldPath, formatFieldPath } from './schema-path.ts'

/** All violations, in the order in which the fields stand in the value. */
export function validateSchema(schema: StructuralSchema, value: unknown): SchemaViolation[] {
  return check(schema, value, [])
}

/** The message of a `Status` cause: `Invalid value: "x": spec.a in body must be of type integer: "string"`. */
export function causeMessage({ reason, value, detail }: SchemaViolation): string {
  const shown = `${JSON.stringify(value) ?? 'null'}${detail ? `: ${detail}` : ''}`
  switch (reason) {
    case 'FieldValueRequired':
      return detail ? `Required value: ${detail}` : 'Required value'
    case 'FieldValueNotSupported':
      return `Unsupported value: ${shown}`
    case 'FieldValueForbidden':
      return detail ? `Forbidden: ${detail}` : 'Forbidden'
    case 'FieldValueDuplicate':
      return `Duplicate value: ${JSON.stringify(value)}`
    case 'FieldValueTooLong':
      return `Too long: ${detail}`
    case 'FieldValueTooMany':
      return `Too many: ${value}: ${detail}`
    case 'FieldValueInvalid':
    case 'FieldValueTypeInvalid':
      return `Invalid value: ${shown}`
  }
}

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

export function jsonTypeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as JsonType
}

type Check = (schema: StructuralSchema, value: unknown, path: FieldPath) => SchemaViolation[]

const check: Check = (schema, value, path) => {
  const type = jsonTypeOf(value)
  if (type === 'null' && schema.nullable) return []
  const wrongType = checkType(schema, type, path)
  if (wrongType) return [wrongType]
  const own = [...checkEnum(schema, value, path), ...(CHECKS[type]?.(schema, value, path) ?? [])]
  if (type === 'object' && schema['x-kubernetes-embedded-resource']) own.push(...checkEmbedded(value as Fields, path))
  return own
}

type Fields = Readonly<Record<string, unknown>>

const CHECKS: Partial<Record<JsonType, Check>> = {
  string: (schema, value, path) => checkString(schema, value as string, path),
  integer: (schema, value, path) => checkNumber(schema, value as number, path),
  number: (schema, value, path) => checkNumber(schema, value as number, path),
  array: (schema, value, path) => checkArray(schema, value as readonly unknown[], path),
  object: (schema, value, path) => checkObject(schema, value as Fields, path),
}

function checkType(schema: StructuralSchema, type: JsonType, path: FieldPath): SchemaViolation | undefined {
  if (schema['x-kubernetes-int-or-string']) {
    return type === 'integer' || type === 'string' ? undefined : typeViolation(path, 'integer,string', type)
  }
  if (schema.type === undefined) return undefined
  if (schema.type === type || (schema.type === 'number' && type === 'integer')) return undefined
  return typeViolation(path, schema.type, type)
}

const typeViolation = (path: FieldPath, wanted: string, type: JsonType): SchemaViolation => ({
  path,
  reason: 'FieldValueTypeInvalid',
  value: type,
  detail: `${inBody(path)} must be of type ${wanted}: "${type}"`,
})

const inBody = (path: FieldPath): string => (path.length === 0 ? '<nil>' : `${formatFieldPath(path)} in body`)

const invalid = (path: FieldPath, value: unknown, claim: string): SchemaViolation => ({
  path,
  reason: 'FieldValueInvalid',
  value,
  detail: `${inBody(path)} ${claim}`,
})

function checkEnum(schema: StructuralSchema, value: unknown, path: FieldPath): SchemaViolation[] {
  if (!schema.enum || schema.enum.some(allowed => sameJson(allowed, value))) return []
  const detail = `supported values: ${schema.enum.map(v => JSON.stringify(v)).join(', ')}`
  return [{ path, reason: 'FieldValueNotSupported', value, detail }]
}

function checkString(schema: StructuralSchema, value: string, path: FieldPath): SchemaViolation[] {
  const found: SchemaViolation[] = []
  const { minLength, maxLength, pattern } = schema
  // OpenAPI counts characters, not UTF-16 units.
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) {
    found.push({ path, reason: 'FieldValueTooLong', value, detail: `may not be more than ${maxLength} bytes` })
  }
  if (minLength !== undefined && length < minLength) {
    found.push(invalid(path, value, `should be at least ${minLength} chars long`))
  }
  if (pattern !== undefined && !compiled(pattern).test(value)) {
    found.push(invalid(path, value, `should match '${pattern}'`))
  }
  return found
}

const patterns = new Map<string, RegExp>()
/** Go's RE2 and JavaScript agree on what schemas use; the few that only one of them knows are tried without the `u` flag. */
function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known) return known
  let regexp: RegExp
  try {
    regexp = new RegExp(pattern, 'u')
  } catch {
    regexp = new RegExp(pattern)
  }
  patterns.set(pattern, regexp)
  return regexp
}

function checkNumber(schema: StructuralSchema, value: number, path: FieldPath): SchemaViolation[] {
  const found: SchemaViolation[] = []
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    found.push(invalid(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`))
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    found.push(invalid(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`))
  }
  return found
}

function checkArray(schema: StructuralSchema, value: readonly unknown[], path: FieldPath): SchemaViolation[] {
  const found: SchemaViolation[] = []
  const { minItems, maxItems, items } = schema
  if (maxItems !== undefined && value.length > maxItems) {
    const detail = `must have at most ${maxItems} items`
    found.push({ path, reason: 'FieldValueTooMany', value: value.length, detail })
  }
  if (minItems !== undefined && value.length < minItems) {
    found.push(invalid(path, value.length, `should have at least ${minItems} items`))
  }
  if (items) value.forEach((item, i) => found.push(...check(items, item, [...path, i])))
  return [...found, ...checkDuplicates(schema, value, path)]
}

/** Items of a list of type `set` are distinct; those of type `map` are distinct in their keys. */
function checkDuplicates(schema: StructuralSchema, value: readonly unknown[], path: FieldPath): SchemaViolation[] {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (listType !== 'set' && listType !== 'map') return []
  const identity = (item: unknown): unknown =>
    listType === 'set' ? item : Object.fromEntries(keys.map(key => [key, (item as Fields | null)?.[key]]))
  const seen = new Set<string>()
  return value.flatMap((item, i): SchemaViolation[] => {
    const key = canonicalJson(identity(item))
    if (seen.has(key)) {
      return [{ path: [...path, i], reason: 'FieldValueDuplicate', value: identity(item), detail: '' }]
    }
    seen.add(key)
    return []
  })
}

function checkObject(schema: StructuralSchema, value: Fields, path: FieldPath): SchemaViolation[] {
  const found: SchemaViolation[] = []
  const { properties = {}, additionalProperties, required = [], minProperties, maxProperties } = schema
  const size = Object.keys(value).length
  if (maxProperties !== undefined && size > maxProperties) {
    found.push({ path, reason: 'FieldValueTooMany', value: size, detail: `must have at most ${maxProperties} items` })
  }
  if (minProperties !== undefined && size < minProperties) {
    found.push(invalid(path, size, `should have at least ${minProperties} properties`))
  }
  for (const name of required) {
    if (value[name] === undefined) {
      found.push({ path: [...path, name], reason: 'FieldValueRequired', detail: '' })
    }
  }
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof known === 'object') found.push(...check(known, field, [...path, name]))
  }
  return found
}

function checkEmbedded(value: Fields, path: FieldPath): SchemaViolation[] {
  return ['apiVersion', 'kind']
    .filter(name => typeof value[name] !== 'string' || value[name] === '')
    .map(name => ({ path: [...path, name], reason: 'FieldValueRequired' as const, detail: 'must not be empty' }))
}

const sameJson = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b)
