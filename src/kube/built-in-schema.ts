/**
 * Schemas of the built-in kinds as structural schemas, from the generated table: what is a known field, what type it has, by which keys
 * lists merge (strategic merge patch and server-side apply). Parsed at the first question, then shared: equal types are one object.
 */
import { BUILT_IN_SCHEMAS } from './generated/built-in-schemas.ts'
import type { StructuralSchema } from './schema.ts'

interface Table {
  /** `apps/v1 Deployment` to the name of its type. */
  readonly kinds: Readonly<Record<string, string>>
  readonly types: Readonly<Record<string, TypeRow>>
}

type TypeRow = Omit<StructuralSchema, 'properties' | 'items' | 'additionalProperties'> & {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, TypeRow>>
  readonly items?: TypeRow
  readonly additionalProperties?: TypeRow
}

let table: Table | undefined
const linked = new Map<string, StructuralSchema>()

const readTable = (): Table => {
  table ??= JSON.parse(BUILT_IN_SCHEMAS) as Table
  return table
}

/** The whole object's schema, metadata included. */
export function builtInSchema(apiVersion: string, kind: string): StructuralSchema | undefined {
  const type = readTable().kinds[`${apiVersion} ${kind}`]
  return type === undefined ? undefined : namedType(type)
}

/** Every object's metadata. */
export const objectMetaSchema = (): StructuralSchema => namedType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')

/** The types by their published names, for documents that refer to them by name. */
export const builtInTypes = (): Table['types'] => readTable().types
export const builtInTypeName = (apiVersion: string, kind: string): string | undefined =>
  readTable().kinds[`${apiVersion} ${kind}`]

/** Where a type contains itself (templates within templates of a Workload) the inner one keeps whatever it is given. */
const KEEPS_ALL: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

function namedType(name: string): StructuralSchema {
  const known = linked.get(name)
  if (known) return known
  linked.set(name, KEEPS_ALL)
  const schema = link(readTable().types[name] ?? {})
  linked.set(name, schema)
  return schema
}

/** The row with every reference replaced by the type; what stands beside a reference (merge keys) is kept. */
function link(row: TypeRow): StructuralSchema {
  const { $ref, properties, items, additionalProperties, ...own } = row
  if ($ref !== undefined) return Object.keys(own).length === 0 ? namedType($ref) : { ...namedType($ref), ...own }
  return {
    ...own,
    ...(properties && { properties: mapValues(properties, link) }),
    ...(items && { items: link(items) }),
    ...(additionalProperties && { additionalProperties: link(additionalProperties) }),
  }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
