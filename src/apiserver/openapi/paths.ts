/** The paths of a resource in OpenAPI, as far as clients look: which verbs there are, for which kind, with which parameters. */
import type { Resource } from '../resource/resource.ts'

const parameter = (name: string, type = 'string') => ({ name, in: 'query', schema: { type, uniqueItems: true } })
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } })

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation'].map(name => parameter(name))
const LIST = ['labelSelector', 'fieldSelector', 'continue', 'resourceVersion', 'resourceVersionMatch'].map(name =>
  parameter(name),
)

/** Action to HTTP method and parameters. */
const ON_COLLECTION = [
  ['get', 'list', LIST],
  ['post', 'post', WRITE],
  ['delete', 'deletecollection', LIST],
] as const

const ON_OBJECT = [
  ['get', 'get', []],
  ['put', 'put', WRITE],
  ['patch', 'patch', [...WRITE, parameter('force', 'boolean')]],
  ['delete', 'delete', [parameter('dryRun')]],
] as const

const PATCH_BODIES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

type Operation = readonly [method: string, action: string, parameters: readonly object[]]

export function paths(resource: Resource, schemaName: string): Record<string, unknown> {
  const { info, apiVersion, isCustom } = resource
  const root = `/${info.group === '' ? 'api' : 'apis'}/${apiVersion}`
  const collection = `${root}${info.namespaced ? '/namespaces/{namespace}' : ''}/${info.plural}`
  const here = info.namespaced ? [inPath('namespace')] : []
  const patches = isCustom ? PATCH_BODIES.slice(0, 3) : PATCH_BODIES
  const item = (operations: readonly Operation[], parameters: readonly object[]) => ({
    ...Object.fromEntries(operations.map(each => [each[0], operation(resource, schemaName, each, patches)])),
    parameters,
  })
  return {
    ...(info.namespaced && { [`${root}/${info.plural}`]: item([ON_COLLECTION[0]], []) }),
    [collection]: item(ON_COLLECTION, here),
    [`${collection}/{name}`]: item(ON_OBJECT, [...here, inPath('name')]),
    ...(info.subresources.includes('status') && {
      [`${collection}/{name}/status`]: item(ON_OBJECT.slice(0, 3), [...here, inPath('name')]),
    }),
  }
}

function operation(
  { info }: Resource,
  schemaName: string,
  [method, action, parameters]: Operation,
  patches: readonly string[],
) {
  const schema = { $ref: `#/components/schemas/${schemaName}` }
  const types = method === 'patch' ? patches : ['application/json']
  const takesBody = method === 'post' || method === 'put' || method === 'patch'
  return {
    tags: [`${info.group || 'core'}_${info.version}`],
    parameters,
    ...(takesBody && {
      requestBody: {
        content: Object.fromEntries(
          types.map(type => [type, { schema: method === 'patch' ? { type: 'object' } : schema }]),
        ),
      },
    }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: info.group, version: info.version, kind: info.kind },
  }
}
