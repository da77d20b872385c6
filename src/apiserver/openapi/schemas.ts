/** The schemas of a document: its kinds, their lists, and all that they refer to. */
import { builtInTypeName, type PublishedSchema, publishedType } from '../../kube/built-in-schema.ts'
import { splitApiVersion } from '../../kube/kinds.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { typedKinds } from '../../kube/type-table.ts'
import type { Resource } from '../resource/resource.ts'
import { described } from './descriptions.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const OBJECT_META = `${META}.ObjectMeta`
const LIST_META = `${META}.ListMeta`
/** What bodies and answers of every kind refer to. */
const COMMON_KINDS = ['APIResourceList', 'DeleteOptions', 'Status', 'WatchEvent']
const ALWAYS = [OBJECT_META, LIST_META, ...COMMON_KINDS.map(kind => `${META}.${kind}`)]
const PATCH = `${META}.Patch`

export const pointer = (name: string) => ({ $ref: `#/components/schemas/${name}` })

export function schemas(
  resources: readonly Resource[],
  nameOf: (resource: Resource) => string,
): Readonly<Record<string, unknown>> {
  const needed = new Set<string>(ALWAYS)
  const own: Record<string, unknown> = {}
  for (const resource of resources) {
    const name = nameOf(resource)
    const schema = resource.isCustom ? customSchema(resource) : builtIn(name, needed)
    own[name] = { ...schema, ...groupVersionKind(resource, resource.info.kind) }
    if (resource.info.verbs?.includes('list') ?? true) own[`${name}List`] = listSchema(resource, name)
    for (const { apiVersion, kind } of resource.info.subresourceInfo ?? []) {
      const body = apiVersion && kind && builtInTypeName(apiVersion, kind)
      if (body) needed.add(body)
    }
  }
  const shared: Record<string, unknown> = { [PATCH]: { type: 'object' } }
  // The set grows while it is walked.
  for (const name of needed) if (!(name in own)) shared[name] = builtIn(name, needed)
  return { ...shared, ...own }
}

const groupVersionKind = ({ info: { group, version } }: Resource, kind: string) => ({
  'x-kubernetes-group-version-kind': [{ group, kind, version }],
})

const listSchema = (resource: Resource, name: string) => ({
  type: 'object',
  required: ['items'],
  properties: {
    apiVersion: { type: 'string' },
    items: { type: 'array', items: pointer(name) },
    kind: { type: 'string' },
    metadata: { default: {}, allOf: [pointer(LIST_META)] },
  },
  ...groupVersionKind(resource, `${resource.info.kind}List`),
})

function builtIn(name: string, needed: Set<string>): Record<string, unknown> {
  const schema = described(name, published(publishedType(name) ?? { type: 'object' }, needed))
  const kind = kindOfType().get(name)
  return kind ? { ...schema, 'x-kubernetes-group-version-kind': [kind] } : schema
}

let kinds: ReadonlyMap<string, object> | undefined

/** Published name to group-version-kind; kinds of every group stand in the core one. */
function kindOfType(): ReadonlyMap<string, object> {
  kinds ??= new Map([
    ...typedKinds().map((key): [string, object] => {
      const [apiVersion = '', kind = ''] = key.split(' ')
      const { group, version } = splitApiVersion(apiVersion)
      return [builtInTypeName(apiVersion, kind) ?? '', { group, kind, version }]
    }),
    ...COMMON_KINDS.map((kind): [string, object] => [`${META}.${kind}`, { group: '', kind, version: 'v1' }]),
  ])
  return kinds
}

/** References become JSON pointers; what they name is needed too. */
function published(schema: PublishedSchema, needed: Set<string>): Record<string, unknown> {
  const { $ref, properties, items, additionalProperties, ...own } = schema
  if ($ref !== undefined) {
    needed.add($ref)
    return pointer($ref)
  }
  return {
    ...publishedScalar(own),
    ...(items && { items: published(items, needed) }),
    ...(properties && { properties: mapValues(properties, each => publishedField(each, needed)) }),
    ...(additionalProperties && { additionalProperties: published(additionalProperties, needed) }),
  }
}

/** Beside a reference nothing counts, so a field's own words are joined with it. */
function publishedField(schema: PublishedSchema, needed: Set<string>): Record<string, unknown> {
  const { $ref, ...own } = schema
  return $ref === undefined ? published(schema, needed) : { ...own, allOf: [published({ $ref }, needed)] }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

/** Quantities and int-or-strings as upstream publishes them; what may hold anything has no mark of ours. */
function publishedScalar(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (schema.format === 'quantity') return { oneOf: [{ type: 'string' }, { type: 'number' }] }
  if (schema['x-kubernetes-int-or-string'] === true)
    return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
  const { 'x-kubernetes-preserve-unknown-fields': _, ...rest } = schema
  return rest
}

const DESCRIPTIONS = {
  apiVersion: 'Version of the schema in which this object is written.',
  kind: 'Kind of this object.',
}

function customSchema({ schema }: Resource): Record<string, unknown> {
  const { properties, ...rest } = (schema() ?? {}) as StructuralSchema
  return {
    ...rest,
    properties: {
      ...properties,
      apiVersion: { type: 'string', description: DESCRIPTIONS.apiVersion },
      kind: { type: 'string', description: DESCRIPTIONS.kind },
      metadata: { allOf: [pointer(OBJECT_META)] },
    },
  }
}
