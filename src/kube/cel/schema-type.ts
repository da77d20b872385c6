/** The type that a structural schema gives to a value in CEL (apiserver's pkg/cel/common/schemas.go). */
import type { StructuralSchema } from '../schema.ts'
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  type Field,
  INT,
  listOf,
  mapOf,
  objectType,
  STRING,
  TIMESTAMP,
} from './types.ts'

const FORMATS: Readonly<Record<string, CelType>> = {
  byte: BYTES,
  duration: DURATION,
  date: TIMESTAMP,
  'date-time': TIMESTAMP,
}

/** Undefined where rules cannot see a value: no type is declared. `isRoot`: a whole object, with what every object has. */
export function schemaType(schema: StructuralSchema, name: string, isRoot = false): CelType | undefined {
  if (schema['x-kubernetes-int-or-string']) return DYN
  switch (schema.type) {
    case 'array': {
      const item = schema.items && schemaType(schema.items, `${name}.@idx`, isEmbedded(schema.items))
      return item && listOf(item)
    }
    case 'object':
      return objectSchemaType(schema, name, isRoot)
    case 'string':
      return FORMATS[schema.format ?? ''] ?? STRING
    case 'boolean':
      return BOOL
    case 'number':
      return DOUBLE
    case 'integer':
      return INT
    default:
      return undefined
  }
}

const isEmbedded = (schema: StructuralSchema): boolean => schema['x-kubernetes-embedded-resource'] === true

const OBJECT_META: StructuralSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
}

function objectSchemaType(schema: StructuralSchema, name: string, isRoot: boolean): CelType | undefined {
  const { properties = {}, additionalProperties } = schema
  if (typeof additionalProperties === 'object' && !isRoot) {
    const value = schemaType(additionalProperties, `${name}.@elem`, isEmbedded(additionalProperties))
    return value && mapOf(STRING, value)
  }
  const all: Readonly<Record<string, StructuralSchema>> = isRoot
    ? { ...properties, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: OBJECT_META }
    : properties
  const fields = new Map<string, Field>()
  for (const [jsonName, property] of Object.entries(all)) {
    const celName = escapeField(jsonName)
    const type = celName && schemaType(property, `${name}.${celName}`, isEmbedded(property))
    if (celName && type) fields.set(celName, { type, jsonName })
  }
  return objectType(name, fields)
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const ESCAPES: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** How CEL writes a field; undefined for one that it cannot write. */
export function escapeField(name: string): string | undefined {
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(name)) return undefined
  if (RESERVED.has(name)) return `__${name}__`
  return name.replace(/__|[.\-/]/g, part => ESCAPES[part] ?? part)
}
