/**
 * The built-in kinds as data: what discovery says, how a path is built, what a client may abbreviate. One row a kind; adding a kind
 * is adding a row. Source: each type's REST storage in k8s.io/kubernetes/pkg/registry.
 */

export interface KindInfo {
  /** `''` is the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** `status`, `scale`, `log`, `binding`, `token`, `finalize`, … */
  readonly subresources: readonly string[]
}

type Row = readonly [
  apiVersion: string,
  kind: string,
  plural: string,
  namespaced: boolean,
  shortNames?: string,
  subresources?: string,
  categories?: string,
]

const ROWS: readonly Row[] = [
  ['v1', 'Namespace', 'namespaces', false, 'ns', 'status finalize'],
  ['v1', 'Node', 'nodes', false, 'no', 'status'],
  ['v1', 'Pod', 'pods', true, 'po', 'status log binding eviction', 'all'],
  ['v1', 'Service', 'services', true, 'svc', 'status', 'all'],
  ['v1', 'Endpoints', 'endpoints', true, 'ep'],
  ['v1', 'ConfigMap', 'configmaps', true, 'cm'],
  ['v1', 'Secret', 'secrets', true],
  ['v1', 'ServiceAccount', 'serviceaccounts', true, 'sa', 'token'],
  ['v1', 'Event', 'events', true, 'ev'],
  ['events.k8s.io/v1', 'Event', 'events', true, 'ev'],
  ['apps/v1', 'Deployment', 'deployments', true, 'deploy', 'status scale', 'all'],
  ['apps/v1', 'ReplicaSet', 'replicasets', true, 'rs', 'status scale', 'all'],
  ['batch/v1', 'Job', 'jobs', true, '', 'status', 'all'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', true],
  ['coordination.k8s.io/v1', 'Lease', 'leases', true],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles', true],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', true],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false, 'pc'],
  ['scheduling.k8s.io/v1beta1', 'Workload', 'workloads', true, '', 'status'],
  ['scheduling.k8s.io/v1beta1', 'PodGroup', 'podgroups', true, '', 'status'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false, 'crd crds', 'status'],
]

const words = (text = ''): readonly string[] => text.split(' ').filter(Boolean)

export const BUILT_IN_KINDS: readonly KindInfo[] = ROWS.map(
  ([apiVersion, kind, plural, namespaced, shortNames, subresources, categories]) => ({
    ...splitApiVersion(apiVersion),
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: words(shortNames),
    categories: words(categories),
    namespaced,
    subresources: words(subresources),
  }),
)

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export const apiVersionOf = ({ group, version }: { readonly group: string; readonly version: string }): string =>
  group === '' ? version : `${group}/${version}`

const byKind = new Map(BUILT_IN_KINDS.map(info => [`${apiVersionOf(info)} ${info.kind}`, info]))

export const builtInKind = (apiVersion: string, kind: string): KindInfo | undefined =>
  byKind.get(`${apiVersion} ${kind}`)
