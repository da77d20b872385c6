/** Which columns a built-in kind is printed with (kube-apiserver's printers/internalversion); all others show name and age. */

import * as cluster from './cluster.ts'
import { AGE, type Column, CREATED_AT, NAME } from './column.ts'
import * as network from './network.ts'
import { POD_COLUMNS } from './pods.ts'
import * as workloads from './workloads.ts'

export const DEFAULT_COLUMNS: readonly Column[] = [NAME, AGE]
const NAME_AND_CREATION: readonly Column[] = [NAME, CREATED_AT]

/** By the kind's place in the store (`group/plural`). Each list fits the type of its kind, which the key names. */
const COLUMNS: Readonly<Record<string, readonly Column<never>[]>> = {
  namespaces: cluster.NAMESPACE_COLUMNS,
  nodes: cluster.NODE_COLUMNS,
  pods: POD_COLUMNS,
  services: network.SERVICE_COLUMNS,
  endpoints: network.ENDPOINTS_COLUMNS,
  configmaps: cluster.CONFIG_MAP_COLUMNS,
  secrets: cluster.SECRET_COLUMNS,
  events: cluster.EVENT_COLUMNS,
  'apps/deployments': workloads.DEPLOYMENT_COLUMNS,
  'apps/replicasets': workloads.REPLICA_SET_COLUMNS,
  'batch/jobs': workloads.JOB_COLUMNS,
  'discovery.k8s.io/endpointslices': network.ENDPOINT_SLICE_COLUMNS,
  'coordination.k8s.io/leases': cluster.LEASE_COLUMNS,
  'rbac.authorization.k8s.io/roles': NAME_AND_CREATION,
  'rbac.authorization.k8s.io/clusterroles': NAME_AND_CREATION,
  'rbac.authorization.k8s.io/rolebindings': cluster.ROLE_BINDING_COLUMNS,
  'rbac.authorization.k8s.io/clusterrolebindings': cluster.ROLE_BINDING_COLUMNS,
  'scheduling.k8s.io/priorityclasses': cluster.PRIORITY_CLASS_COLUMNS,
  'scheduling.k8s.io/podgroups': workloads.POD_GROUP_COLUMNS,
  'apiextensions.k8s.io/customresourcedefinitions': NAME_AND_CREATION,
}

export const builtInColumns = (storedAs: string): readonly Column[] =>
  (COLUMNS[storedAs] as readonly Column[] | undefined) ?? DEFAULT_COLUMNS
