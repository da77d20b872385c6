/** Who may do what: Roles and ClusterRoles by their bindings (plugin/pkg/auth/authorizer/rbac). Rules only allow; what none allows is refused. */

import { apiError } from '../../kube/status.ts'
import type { PolicyRule, Role, RoleBinding } from '../../kube/workloads.ts'
import { forbidden } from '../resource/refusals.ts'
import type { Store } from '../store/store.ts'
import { AUTHENTICATED, MASTERS, type User } from './user.ts'

export interface ResourceAttributes {
  readonly kind: 'resource'
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  /** Absent at the cluster scope. */
  readonly namespace?: string
  readonly name?: string
}

export type Attributes = ResourceAttributes | { readonly kind: 'path'; readonly verb: string; readonly path: string }

const RBAC = 'rbac.authorization.k8s.io'

/** What everybody with a token may do (upstream's ClusterRoles system:discovery and system:basic-user). */
const FOR_EVERYONE: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: [
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/readyz',
      '/openapi',
      '/openapi/*',
      '/version',
      '/version/',
    ],
  },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
]

export function isAllowed(store: Store, user: User, attributes: Attributes): boolean {
  if (user.groups.includes(MASTERS)) return true
  if (user.groups.includes(AUTHENTICATED) && FOR_EVERYONE.some(rule => covers(rule, attributes))) return true
  return rulesFor(store, user, attributes).some(rule => covers(rule, attributes))
}

/** Cluster-wide bindings, and those of the namespace. */
function rulesFor(store: Store, user: User, attributes: Attributes): readonly PolicyRule[] {
  const namespace = attributes.kind === 'resource' ? attributes.namespace : undefined
  return [
    ...bindings(store, 'clusterrolebindings').filter(binding => names(binding, user, '')),
    ...(namespace === undefined
      ? []
      : bindings(store, 'rolebindings', namespace).filter(binding => names(binding, user, namespace))),
  ].flatMap(binding => rulesOf(store, binding))
}

const bindings = (store: Store, plural: string, namespace?: string): readonly RoleBinding[] =>
  store.list({ resource: `${RBAC}/${plural}`, ...(namespace !== undefined && { namespace }) })
    .items as unknown as readonly RoleBinding[]

const names = ({ subjects = [] }: RoleBinding, user: User, defaultNamespace: string): boolean =>
  subjects.some(({ kind, name, namespace = defaultNamespace }) =>
    kind === 'ServiceAccount'
      ? user.name === `system:serviceaccount:${namespace}:${name}`
      : kind === 'Group'
        ? user.groups.includes(name)
        : user.name === name,
  )

function rulesOf(store: Store, { roleRef, metadata }: RoleBinding): readonly PolicyRule[] {
  const isCluster = roleRef.kind === 'ClusterRole'
  const key = isCluster
    ? { resource: `${RBAC}/clusterroles`, namespace: '', name: roleRef.name }
    : { resource: `${RBAC}/roles`, namespace: metadata.namespace ?? '', name: roleRef.name }
  return (store.get(key) as Role | undefined)?.rules ?? []
}

const has = (list: readonly string[] | undefined, ...wanted: readonly string[]): boolean =>
  list?.some(entry => entry === '*' || wanted.includes(entry)) ?? false

export function covers(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (attributes.kind === 'path') return rule.nonResourceURLs?.some(url => coversPath(url, attributes.path)) ?? false
  const { group, resource, subresource, name } = attributes
  const resources = subresource === undefined ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`]
  return (
    has(rule.apiGroups, group) &&
    has(rule.resources, ...resources) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  )
}

const coversPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** Throws ApiError Forbidden, in upstream's words. */
export function authorize(store: Store, user: User, attributes: Attributes): void {
  if (isAllowed(store, user, attributes)) return
  const who = `User ${JSON.stringify(user.name)} cannot`
  if (attributes.kind === 'path') {
    throw apiError('Forbidden', `forbidden: ${who} ${attributes.verb} path ${JSON.stringify(attributes.path)}`)
  }
  const { verb, group, resource, subresource, namespace, name = '' } = attributes
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  throw forbidden(
    { group, plural: resource, kind: resource },
    name,
    `${who} ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`,
  )
}
