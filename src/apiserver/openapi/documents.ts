/**
 * OpenAPI v3, a document a group version, as `kubectl apply`, `diff` and `explain` read them: schemas with their group-version-kind, and
 * paths whose PATCH names `dryRun` and `fieldValidation`. Made when somebody asks, kept while the catalogue stays the same.
 */
import { createHash } from 'node:crypto'
import { builtInTypeName, type PublishedSchema, publishedType } from '../../kube/built-in-schema.ts'
import { apiVersionOf } from '../../kube/kinds.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import type { Catalog } from '../resource/catalog.ts'
import type { Resource } from '../resource/resource.ts'
import { paths } from './paths.ts'

export interface OpenApi {
  /** The index, with a hash of each document in its URL so that clients may keep it. */
  index(): string
  /** `api/v1`, `apis/batch/v1`; undefined where there is no such group version. */
  document(path: string): string | undefined
}

export function createOpenApi(catalog: Catalog): OpenApi {
  let version = -1
  let documents = new Map<string, string>()
  const fresh = (): Map<string, string> => {
    if (version !== catalog.version) {
      version = catalog.version
      documents = makeDocuments(catalog)
    }
    return documents
  }
  return {
    index: () =>
      JSON.stringify({
        paths: Object.fromEntries(
          [...fresh()].map(([path, text]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash(text)}` }]),
        ),
      }),
    document: path => fresh().get(path),
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase()

function makeDocuments(catalog: Catalog): Map<string, string> {
  const byVersion = new Map<string, Resource[]>()
  for (const resource of catalog.all()) {
    const root = resource.info.group === '' ? 'api' : 'apis'
    const path = `${root}/${resource.apiVersion}`
    byVersion.set(path, [...(byVersion.get(path) ?? []), resource])
  }
  return new Map([...byVersion].map(([path, resources]) => [path, JSON.stringify(document(resources))]))
}

const document = (resources: readonly Resource[]) => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'v1.35.0' },
  paths: Object.assign({}, ...resources.map(resource => paths(resource, schemaName(resource)))),
  components: { schemas: schemas(resources) },
})

/** `io.k8s.api.core.v1.Pod`; of a custom resource `dev.solvent.v1alpha1.BatchJob`. */
export function schemaName({ info, isCustom }: Resource): string {
  const name = isCustom ? undefined : builtInTypeName(apiVersionOf(info), info.kind)
  return name ?? `${info.group.split('.').reverse().join('.')}.${info.version}.${info.kind}`
}

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const reference = (name: string) => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] })

function schemas(resources: readonly Resource[]): Record<string, unknown> {
  const needed = new Set<string>([OBJECT_META])
  const own = Object.fromEntries(
    resources.map(resource => {
      const name = schemaName(resource)
      const { group, version, kind } = resource.info
      const schema = resource.isCustom ? customSchema(resource) : published(publishedType(name) ?? {}, needed)
      return [name, { ...(schema as object), 'x-kubernetes-group-version-kind': [{ group, version, kind }] }]
    }),
  )
  const shared: Record<string, unknown> = {}
  for (const name of needed) if (!(name in own)) shared[name] = published(publishedType(name) ?? {}, needed)
  return { ...shared, ...own }
}

/** References become JSON pointers; what they name is needed too. */
function published(schema: PublishedSchema, needed: Set<string>): Record<string, unknown> {
  const { $ref, properties, items, additionalProperties, ...own } = schema
  if ($ref !== undefined) {
    needed.add($ref)
    return { ...own, ...reference($ref) }
  }
  return {
    ...publishedScalar(own),
    ...(properties && { properties: mapValues(properties, each => published(each, needed)) }),
    ...(items && { items: published(items, needed) }),
    ...(additionalProperties && { additionalProperties: published(additionalProperties, needed) }),
  }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

/** Quantities and int-or-strings as upstream publishes them. */
function publishedScalar(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (schema.format === 'quantity') return { oneOf: [{ type: 'string' }, { type: 'number' }] }
  if (schema['x-kubernetes-int-or-string'] === true)
    return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
  return schema
}

const DESCRIPTIONS = {
  apiVersion: 'Version of the schema in which this object is written.',
  kind: 'Kind of this object.',
}

function customSchema({ schema }: Resource): unknown {
  const { properties, ...rest } = (schema() ?? {}) as StructuralSchema
  return {
    ...rest,
    properties: {
      ...properties,
      apiVersion: { type: 'string', description: DESCRIPTIONS.apiVersion },
      kind: { type: 'string', description: DESCRIPTIONS.kind },
      metadata: reference(OBJECT_META),
    },
  }
}
