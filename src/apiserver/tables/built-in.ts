/** Which columns a built-in kind is printed with (kube-apiserver's printers/internalversion); all others show name and age. */

import * as cluster from './cluster.ts'
import { AGE, type Column, CREATED_AT, NAME } from './column.ts'
import * as network from './network.ts'
import { POD_COLUMNS } from './pods.ts'
import * as policy from './policy.ts'
import * as storage from './storage.ts'
import * as workloads from './workloads.ts'

const DEFAULT_COLUMNS: readonly Column[] = [NAME, AGE]
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
  limitranges: NAME_AND_CREATION,
  resourcequotas: policy.RESOURCE_QUOTA_COLUMNS,
  componentstatuses: policy.COMPONENT_STATUS_COLUMNS,
  persistentvolumes: storage.PERSISTENT_VOLUME_COLUMNS,
  persistentvolumeclaims: storage.PERSISTENT_VOLUME_CLAIM_COLUMNS,
  podtemplates: workloads.POD_TEMPLATE_COLUMNS,
  replicationcontrollers: workloads.REPLICATION_CONTROLLER_COLUMNS,
  'apps/statefulsets': workloads.STATEFUL_SET_COLUMNS,
  'apps/daemonsets': workloads.DAEMON_SET_COLUMNS,
  'apps/controllerrevisions': workloads.CONTROLLER_REVISION_COLUMNS,
  'batch/cronjobs': workloads.CRON_JOB_COLUMNS,
  'autoscaling/horizontalpodautoscalers': policy.AUTOSCALER_COLUMNS,
  'policy/poddisruptionbudgets': policy.DISRUPTION_BUDGET_COLUMNS,
  'networking.k8s.io/ingresses': network.INGRESS_COLUMNS,
  'networking.k8s.io/ingressclasses': network.INGRESS_CLASS_COLUMNS,
  'networking.k8s.io/networkpolicies': network.NETWORK_POLICY_COLUMNS,
  'networking.k8s.io/servicecidrs': network.SERVICE_CIDR_COLUMNS,
  'networking.k8s.io/ipaddresses': network.IP_ADDRESS_COLUMNS,
  'storage.k8s.io/storageclasses': storage.STORAGE_CLASS_COLUMNS,
  'storage.k8s.io/csidrivers': storage.CSI_DRIVER_COLUMNS,
  'storage.k8s.io/csinodes': storage.CSI_NODE_COLUMNS,
  'storage.k8s.io/csistoragecapacities': storage.CSI_STORAGE_CAPACITY_COLUMNS,
  'storage.k8s.io/volumeattachments': storage.VOLUME_ATTACHMENT_COLUMNS,
  'storage.k8s.io/volumeattributesclasses': storage.VOLUME_ATTRIBUTES_CLASS_COLUMNS,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': policy.WEBHOOK_COLUMNS,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': policy.WEBHOOK_COLUMNS,
  'admissionregistration.k8s.io/validatingadmissionpolicies': policy.VALIDATING_POLICY_COLUMNS,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': policy.POLICY_BINDING_COLUMNS,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': policy.MUTATING_POLICY_COLUMNS,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': policy.POLICY_BINDING_COLUMNS,
  'node.k8s.io/runtimeclasses': policy.RUNTIME_CLASS_COLUMNS,
  'resource.k8s.io/resourceclaims': policy.RESOURCE_CLAIM_COLUMNS,
  'resource.k8s.io/resourceslices': policy.RESOURCE_SLICE_COLUMNS,
  'resource.k8s.io/devicetaintrules': policy.DEVICE_TAINT_COLUMNS,
  'certificates.k8s.io/certificatesigningrequests': policy.CERTIFICATE_REQUEST_COLUMNS,
  'certificates.k8s.io/clustertrustbundles': policy.TRUST_BUNDLE_COLUMNS,
  'certificates.k8s.io/podcertificaterequests': policy.POD_CERTIFICATE_COLUMNS,
  'apiregistration.k8s.io/apiservices': policy.API_SERVICE_COLUMNS,
}

export const builtInColumns = (storedAs: string): readonly Column[] =>
  (COLUMNS[storedAs] as readonly Column[] | undefined) ?? DEFAULT_COLUMNS
