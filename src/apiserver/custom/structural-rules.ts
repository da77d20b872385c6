/**
 * What makes a schema structural (apiextensions-apiserver's schema/validation.go and complete.go): every place has one type, conditions
 * define nothing of their own, and what they speak of is defined outside of them.
 */
import { isRecord, isSame } from '../../kube/equal.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { patternProblem } from '../../kube/schema-pattern.ts'
import { denied, type FieldError, invalid, required } from '../resource/field-error.ts'

type Level = 'root' | 'item' | 'field'
type Errors = FieldError[]

export function structuralProblems(root: StructuralSchema, at: string): readonly FieldError[] {
  const found: Errors = []
  invariants(root, 'root', at, found)
  complete(root, root, at, at, found)
  return found.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

const text = ({ field, body }: FieldError): string => `${field}: ${body}`

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function invariants(schema: StructuralSchema, level: Level, at: string, found: Errors): void {
  if (!isRecord(schema)) {
    found.push(invalid(at, schema, 'must be an object'))
    return
  }
  const { type, properties, items, additionalProperties } = schema
  if (type === 'array' && !items) found.push(required(`${at}.items`, 'must be specified'))
  if (items) invariants(items, 'item', `${at}.items`, found)
  for (const [name, property] of Object.entries(properties ?? {})) {
    invariants(property, 'field', `${at}.properties[${name}]`, found)
  }
  if (additionalProperties !== undefined && additionalProperties !== false) {
    if (level === 'root') found.push(denied(`${at}.additionalProperties`, 'must not be used at the root'))
    if (isRecord(additionalProperties)) {
      invariants(additionalProperties as StructuralSchema, 'field', `${at}.additionalProperties`, found)
    }
  }
  extensions(schema, at, found)
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  conditions(schema, at, found, isIntOrString)
  typeProblems(schema, level, at, found)
  metadataProblems(schema, level, at, found)
}

function extensions(schema: StructuralSchema, at: string, found: Errors): void {
  if (!schema['x-kubernetes-int-or-string']) return
  for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[name]) found.push(invalid(`${at}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true'))
  }
}

function typeProblems(schema: StructuralSchema, level: Level, at: string, found: Errors): void {
  const { type, properties = {}, additionalProperties } = schema
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const keepsAll = schema['x-kubernetes-preserve-unknown-fields'] === true
  const mustBeObject = 'must be object if x-kubernetes-embedded-resource is true'
  if (isEmbedded && type !== 'object') {
    found.push(type ? invalid(`${at}.type`, type, mustBeObject) : required(`${at}.type`, mustBeObject))
  } else if (!type && !schema['x-kubernetes-int-or-string'] && !keepsAll) {
    found.push(required(`${at}.type`, EMPTY_TYPE[level]))
  }
  if (isEmbedded && additionalProperties !== undefined) {
    found.push(denied(`${at}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (level === 'root' && type && type !== 'object')
    found.push(invalid(`${at}.type`, type, 'must be object at the root'))
  if (isEmbedded && !keepsAll && Object.keys(properties).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    found.push(required(`${at}.properties`, why))
  }
}

function metadataProblems(schema: StructuralSchema, level: Level, at: string, found: Errors): void {
  const isWhole = level === 'root' || schema['x-kubernetes-embedded-resource'] === true
  if (!isWhole) return
  const { kind, apiVersion, metadata } = schema.properties ?? {}
  const typed = (name: string, property: StructuralSchema | undefined, type: string): void => {
    if (property && property.type !== type) {
      found.push(invalid(`${at}.properties[${name}].type`, property.type ?? '', `must be ${type}`))
    }
  }
  typed('kind', kind, 'string')
  typed('apiVersion', apiVersion, 'string')
  typed('metadata', metadata, 'object')
  if (!metadata || level !== 'root') return
  const { type: _, description: __, properties = {}, default: ___, ...rest } = metadata
  const others = Object.keys(properties).filter(name => name !== 'name' && name !== 'generateName')
  if (others.length > 0 || Object.keys(rest).length > 0) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    found.push(denied(`${at}.properties[metadata]`, why))
  }
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]

/** Conditions of a schema, or of a condition. */
function conditions(schema: StructuralSchema, at: string, found: Errors, isIntOrString = false): void {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema
  const isUsual = (schemas: readonly StructuralSchema[] | undefined): boolean =>
    isIntOrString && isSame(schemas, INT_OR_STRING)
  if (!isUsual(anyOf)) for (const [i, each] of anyOf.entries()) nested(each, `${at}.anyOf[${i}]`, found)
  for (const [i, each] of allOf.entries()) {
    nested(i === 0 && isUsual(each.anyOf) ? { ...each, anyOf: [] } : each, `${at}.allOf[${i}]`, found)
  }
  for (const [i, each] of oneOf.entries()) nested(each, `${at}.oneOf[${i}]`, found)
  if (not) nested(not, `${at}.not`, found)
  const problem = pattern === undefined ? undefined : patternProblem(pattern)
  if (problem) {
    found.push(invalid(`${at}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`))
  }
}

/** What a condition must leave to the schema around it, and upstream's word for it. */
const NOT_IN_CONDITIONS: readonly (readonly [keyof StructuralSchema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title' as keyof StructuralSchema, 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

function nested(schema: StructuralSchema, at: string, found: Errors): void {
  conditions(schema, at, found)
  if (schema.items) nested(schema.items, `${at}.items`, found)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    nested(property, `${at}.properties[${name}]`, found)
  }
  for (const [key, why] of NOT_IN_CONDITIONS) {
    if (schema[key] !== undefined && schema[key] !== '' && schema[key] !== false)
      found.push(denied(`${at}.${key}`, why))
  }
  if (schema.properties?.metadata) {
    found.push(denied(`${at}.properties[metadata]`, 'must not be specified in a nested context'))
  }
}

/** What a condition speaks of is defined by the schema that it belongs to. */
function complete(
  condition: StructuralSchema,
  schema: StructuralSchema | undefined,
  at: string,
  from: string,
  found: Errors,
): void {
  const { anyOf = [], allOf = [], oneOf = [], not } = condition
  if (not) completeNested(not, schema, at, `${from}.not`, found)
  const lists = { allOf, anyOf, oneOf }
  for (const [name, list] of Object.entries(lists)) {
    for (const [i, each] of list.entries()) completeNested(each, schema, at, `${from}.${name}[${i}]`, found)
  }
}

function completeNested(
  condition: StructuralSchema,
  schema: StructuralSchema | undefined,
  at: string,
  from: string,
  found: Errors,
): void {
  if (!schema) {
    found.push(required(at, `because it is defined in ${from}`))
    return
  }
  complete(condition, schema, at, from, found)
  if (condition.items) completeNested(condition.items, schema.items, `${at}.items`, `${from}.items`, found)
  for (const [name, property] of Object.entries(condition.properties ?? {})) {
    const defined = schema.properties?.[name]
    completeNested(property, defined, `${at}.properties[${name}]`, `${from}.properties[${name}]`, found)
  }
}
