/** The paths of a resource in OpenAPI: which verbs there are, for which kind, with which parameters and bodies. */
import { builtInTypeName } from '../../kube/built-in-schema.ts'
import { apiVersionOf, type SubresourceInfo, splitApiVersion } from '../../kube/kinds.ts'
import type { Resource } from '../resource/resource.ts'
import { pointer } from './schemas.ts'

const parameter = (name: string, type = 'string') => ({ name, in: 'query', schema: { type, uniqueItems: true } })
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } })

const WRITE = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation')]
const LIST = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue'),
  parameter('fieldSelector'),
  parameter('labelSelector'),
  parameter('limit', 'integer'),
  parameter('resourceVersion'),
  parameter('resourceVersionMatch'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
]
const DELETE = [
  parameter('dryRun'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy'),
]
const FORCE = parameter('force', 'boolean')
const PRETTY = parameter('pretty')

interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'patch' | 'delete'
  readonly action: string
  readonly parameters: readonly object[]
}

const GET: Operation = { method: 'get', action: 'get', parameters: [] }
const PUT: Operation = { method: 'put', action: 'put', parameters: WRITE }
const PATCH: Operation = { method: 'patch', action: 'patch', parameters: [...WRITE, FORCE] }
const POST: Operation = { method: 'post', action: 'post', parameters: WRITE }

/** By the verb that discovery names. */
const ON_COLLECTION: Readonly<Record<string, Operation>> = {
  list: { method: 'get', action: 'list', parameters: LIST },
  create: POST,
  deletecollection: { method: 'delete', action: 'deletecollection', parameters: [...LIST.slice(1, 9), ...DELETE] },
}
const ON_OBJECT: Readonly<Record<string, Operation>> = {
  get: GET,
  update: PUT,
  patch: PATCH,
  delete: { method: 'delete', action: 'delete', parameters: DELETE },
}
const ON_SUBRESOURCE: Readonly<Record<string, Operation>> = { get: GET, update: PUT, patch: PATCH, create: POST }

const PATCH_BODIES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

const ALL = 'ForAllNamespaces'

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface Subject {
  readonly own: Kind
  /** Of the body, where a subresource has one of its own. */
  readonly kind: Kind
  readonly schemaName: string
  readonly isCustom: boolean
  readonly subject: string
}

export function paths(resource: Resource, schemaName: string): Record<string, unknown> {
  const { info, apiVersion, isCustom } = resource
  const root = `/${info.group === '' ? 'api' : 'apis'}/${apiVersion}`
  const collection = `${root}${info.namespaced ? '/namespaces/{namespace}' : ''}/${info.plural}`
  const here = info.namespaced ? [inPath('namespace')] : []
  const scope = info.namespaced ? 'Namespaced' : ''
  const own: Kind = { group: info.group, version: info.version, kind: info.kind }
  const subresources: readonly SubresourceInfo[] =
    info.subresourceInfo ?? info.subresources.map(name => ({ name, verbs: ['get', 'patch', 'update'] }))
  const item = (
    table: Readonly<Record<string, Operation>>,
    verbs: readonly string[],
    parameters: readonly object[],
    kind: Kind,
    suffix: string,
  ) => ({
    parameters: [...parameters, PRETTY],
    ...Object.fromEntries(
      Object.entries(table).flatMap(([verb, operation]) =>
        verbs.includes(verb)
          ? [
              [
                operation.method,
                described(operation, {
                  own,
                  kind,
                  schemaName,
                  isCustom,
                  subject: suffix === ALL ? `${info.kind}${ALL}` : `${scope}${info.kind}${suffix}`,
                }),
              ],
            ]
          : [],
      ),
    ),
  })
  const verbs = info.verbs ?? ALL_VERBS
  const named = [...here, inPath('name')]
  return {
    ...(info.namespaced &&
      verbs.includes('list') && {
        [`${root}/${info.plural}`]: item(ON_COLLECTION, ['list'], [], own, ALL),
      }),
    [collection]: item(ON_COLLECTION, verbs, here, own, ''),
    ...(verbs.includes('get') && { [`${collection}/{name}`]: item(ON_OBJECT, verbs, named, own, '') }),
    ...Object.fromEntries(
      subresources.map(sub => [
        `${collection}/{name}/${sub.name}`,
        item(ON_SUBRESOURCE, sub.verbs, named, kindOf(sub, own), capital(sub.name)),
      ]),
    ),
  }
}

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const kindOf = (sub: { readonly apiVersion?: string; readonly kind?: string }, own: Kind): Kind =>
  sub.apiVersion !== undefined && sub.kind !== undefined ? { ...splitApiVersion(sub.apiVersion), kind: sub.kind } : own

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const VERB_WORDS: Readonly<Record<string, string>> = {
  get: 'read',
  list: 'list',
  post: 'create',
  put: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deleteCollection',
}

/** Generated clients name their methods after it: `createAppsV1NamespacedDeployment`. */
function operationId(action: string, { group, version }: Kind, subject: string): string {
  const name = group === '' ? 'core' : (group.split('.')[0] ?? '')
  const [verb, ...rest] = action === 'deletecollection' ? ['delete', 'Collection'] : [VERB_WORDS[action] ?? action]
  return `${verb}${capital(name)}${capital(version)}${rest.join('')}${subject}`
}

function described({ method, action, parameters }: Operation, { own, kind, schemaName, isCustom, subject }: Subject) {
  const name = (kind !== own && builtInTypeName(apiVersionOf(kind), kind.kind)) || schemaName
  const schema = pointer(action === 'list' ? `${name}List` : name)
  const status = pointer(`${META}.Status`)
  const answer = {
    description: 'OK',
    content: { 'application/json': { schema: action.startsWith('delete') ? status : schema } },
  }
  return {
    tags: [`${own.group.split('.')[0] || 'core'}_${own.version}`],
    operationId: operationId(action, own, subject),
    parameters,
    ...bodyOf(method, schema, isCustom),
    responses: {
      200: answer,
      ...((method === 'post' || method === 'put' || method === 'patch') && {
        201: { ...answer, description: 'Created' },
      }),
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

function bodyOf(method: Operation['method'], schema: object, isCustom: boolean) {
  const content = (types: readonly string[], each: object) => ({
    requestBody: { content: Object.fromEntries(types.map(type => [type, { schema: each }])), required: true },
  })
  switch (method) {
    case 'get':
      return {}
    case 'delete':
      return content(['*/*'], pointer(`${META}.DeleteOptions`))
    case 'patch':
      return content(isCustom ? PATCH_BODIES.slice(0, 3) : PATCH_BODIES, pointer(`${META}.Patch`))
    default:
      return content(['*/*'], schema)
  }
}
