/**
 * Schemas of the built-in kinds as structural schemas, made from the table of types: what is a known field, what type it has, by which keys
 * lists merge (strategic merge patch and server-side apply). Made at the first question, then shared: equal types are one object.
 */
import type { StructuralSchema } from './schema.ts'
import {
  jsonFields,
  publishedName,
  type Scalar,
  type TypeField,
  type TypeRef,
  type TypeRow,
  typeOfKind,
  typeOfPublishedName,
  typeRow,
} from './type-table.ts'

/** A schema that refers to others by their published names, as OpenAPI documents do. */
export type PublishedSchema = Omit<StructuralSchema, 'properties' | 'items' | 'additionalProperties'> & {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, PublishedSchema>>
  readonly items?: PublishedSchema
  readonly additionalProperties?: PublishedSchema
  readonly 'x-kubernetes-unions'?: readonly unknown[]
}

/** The whole object's schema, metadata included. */
export function builtInSchema(apiVersion: string, kind: string): StructuralSchema | undefined {
  const type = typeOfKind(apiVersion, kind)
  return type === undefined ? undefined : linkedType(type)
}

/** Every object's metadata. */
export const objectMetaSchema = (): StructuralSchema => linkedType('meta/v1.ObjectMeta')

export function builtInTypeName(apiVersion: string, kind: string): string | undefined {
  const type = typeOfKind(apiVersion, kind)
  return type === undefined ? undefined : publishedName(type)
}

/** A type by its published name, its fields' types as references. */
export function publishedType(published: string): PublishedSchema | undefined {
  const name = typeOfPublishedName(published)
  return name === undefined ? undefined : schemaOf(name, reference)
}

type Resolve = (name: string) => PublishedSchema

/** What stands for a scalar, a list or a map has no name of its own in OpenAPI. */
const reference: Resolve = name => {
  const row = typeRow(name)
  return row?.kind === 'alias' ? schemaOf(name, reference) : { $ref: publishedName(name) }
}

/** Where a type contains itself the inner one keeps whatever it is given. */
const KEEPS_ALL: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const ANYTHING: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true }

/** Types whose JSON is not their fields, and the schema of schemas, which definitions' own rules read. */
const SPECIAL: Readonly<Record<string, StructuralSchema>> = {
  'meta/v1.Time': { type: 'string', format: 'date-time' },
  'meta/v1.MicroTime': { type: 'string', format: 'date-time' },
  'meta/v1.Duration': { type: 'string' },
  'meta/v1.FieldsV1': KEEPS_ALL,
  'runtime.RawExtension': KEEPS_ALL,
  'intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
  'resource.Quantity': { format: 'quantity' },
  'apiextensions/v1.JSONSchemaProps': KEEPS_ALL,
}

const linked = new Map<string, StructuralSchema>()

function linkedType(name: string): StructuralSchema {
  const known = linked.get(name)
  if (known) return known
  linked.set(name, KEEPS_ALL)
  const schema = (SPECIAL[name] ?? schemaOf(name, linkedType as Resolve)) as StructuralSchema
  linked.set(name, schema)
  return schema
}

function schemaOf(name: string, resolve: Resolve): PublishedSchema {
  const row = typeRow(name)
  switch (row?.kind) {
    case 'struct':
      return structSchema(row, resolve)
    case 'alias':
      return { ...typeSchema(row.of, resolve), ...(row.values && { enum: row.values }) }
    default:
      return (SPECIAL[name] as PublishedSchema | undefined) ?? (ANYTHING as PublishedSchema)
  }
}

function structSchema(row: TypeRow & { readonly kind: 'struct' }, resolve: Resolve): PublishedSchema {
  const fields = jsonFields(row)
  const required = fields.filter(field => field.isRequired).map(field => field.json)
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: {
      ...(row.isObject && { apiVersion: { type: 'string' }, kind: { type: 'string' } }),
      ...Object.fromEntries(fields.map(field => [field.json, fieldSchema(field, resolve)])),
    },
    ...(row.mapType && { 'x-kubernetes-map-type': row.mapType }),
    ...(row.unions && { 'x-kubernetes-unions': row.unions }),
  }
}

function fieldSchema(field: TypeField, resolve: Resolve): PublishedSchema {
  const { listType, listKeys, mapType, mergeKey, strategy } = field
  const own: PublishedSchema = {
    ...('default' in field && { default: field.default }),
    ...(listType && { 'x-kubernetes-list-type': listType }),
    ...(listKeys && { 'x-kubernetes-list-map-keys': listKeys }),
    ...(mapType && { 'x-kubernetes-map-type': mapType }),
    ...(mergeKey && { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(strategy && { 'x-kubernetes-patch-strategy': strategy }),
  }
  const type = typeSchema(field.type, resolve)
  return Object.keys(own).length === 0 ? type : { ...type, ...own }
}

const SCALARS: Readonly<Record<Scalar, PublishedSchema>> = {
  s: { type: 'string' },
  y: { type: 'string', format: 'byte' },
  b: { type: 'boolean' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  u: { type: 'integer', format: 'int64' },
  n: { type: 'integer', format: 'int32' },
  d: { type: 'number', format: 'double' },
}

function typeSchema(type: TypeRef, resolve: Resolve): PublishedSchema {
  switch (type.kind) {
    case 'scalar':
      return SCALARS[type.scalar]
    case 'list':
      return { type: 'array', items: typeSchema(type.of, resolve) }
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.of, resolve) }
    case 'named':
      return resolve(type.name)
  }
}
