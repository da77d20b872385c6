/** What every cluster holds from its first moment: the system's namespaces and the `kubernetes` Service (kube-apiserver's bootstrap controllers). */
import { bootstrapRoles } from '../apiserver/auth/rbac/bootstrap-roles.ts'
import type { RoleRow } from '../apiserver/auth/rbac/built-in-roles.ts'
import type { KubeApi } from '../client/kube-api.ts'
import { SERVICE_NAME } from '../kube/names.ts'
import { type KubeObject, refOf } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export interface ApiAddress {
  /** First address of the Service range. */
  readonly service: string
  /** Where the server listens for pods. */
  readonly host: string
  readonly port: number
}

export async function bootstrap(api: KubeApi): Promise<void> {
  await Promise.all(NAMESPACES.map(name => ensure(api, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })))
  // The controller makes it in every namespace, a moment later: here whoever has just said `up` may create a pod at once.
  await ensure(api, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
}

/** The built-in roles and bindings. The administrator and the cluster's own parts need none of them: nobody waits for this. */
export async function bootstrapAccess(api: KubeApi, pause?: () => Promise<void>): Promise<void> {
  await Promise.all(PRIORITIES.map(priority => ensure(api, priority)))
  await bootstrapRoles(api, OWN_ROLES, pause)
}

const priorityClass = (name: string, value: number, must: string): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  ...{ value, description: `Used for system critical pods that must ${must}.` },
})

/** Upstream's two (pkg/apis/scheduling/v1/helpers.go). */
const PRIORITIES: readonly KubeObject[] = [
  priorityClass('system-node-critical', 2_000_001_000, 'not be moved from their current node'),
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'run in the cluster, but can be moved to another node if necessary',
  ),
]

const READ = 'get list watch'
const WRITE = 'create delete deletecollection patch update'
const GANGS = 'scheduling.k8s.io | podgroups workloads'

/** What whoever may edit or view a namespace may do with the kinds that upstream's roles do not know (or only behind a feature gate). */
const OWN_ROLES: readonly RoleRow[] = [
  { name: 'solvent:aggregate-to-edit', into: ['edit'], rules: [`${WRITE} | ${GANGS}`, `${WRITE} | solvent.dev | *`] },
  // metrics-server's.
  {
    name: 'system:aggregated-metrics-reader',
    into: ['view', 'edit', 'admin'],
    rules: ['get list watch | metrics.k8s.io | nodes pods'],
  },
  { name: 'solvent:aggregate-to-view', into: ['view'], rules: [`${READ} | ${GANGS}`, `${READ} | solvent.dev | *`] },
]

/** `kubernetes` in `default`, with the server's present place as its only endpoint. */
export async function publishApi(api: KubeApi, { service, host, port }: ApiAddress): Promise<void> {
  const metadata = { name: 'kubernetes', namespace: 'default' }
  const ports = [{ name: 'https', port: 443, targetPort: port, protocol: 'TCP' }]
  await ensure(api, { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: service, ports } } as KubeObject)
  const subsets = [{ addresses: [{ ip: host }], ports: [{ name: 'https', port, protocol: 'TCP' }] }]
  const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets } as KubeObject
  if (!(await ensure(api, endpoints))) await api.update(endpoints)
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { [SERVICE_NAME]: metadata.name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  } as KubeObject
  if (!(await ensure(api, slice))) await api.update(slice)
}

/** True when it was made now. Looks first: a Service whose address is taken is refused for that before its name is looked at. */
async function ensure(api: KubeApi, object: KubeObject): Promise<boolean> {
  if (await exists(api, object)) return false
  try {
    await api.create(object)
    return true
  } catch (error) {
    if (isApiError(error, 'AlreadyExists')) return false
    throw error
  }
}

const exists = (api: KubeApi, object: KubeObject): Promise<boolean> =>
  api.get(refOf(object)).then(
    () => true,
    error => {
      if (isApiError(error, 'NotFound')) return false
      throw error
    },
  )
