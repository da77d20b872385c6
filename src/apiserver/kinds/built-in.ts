/** The built-in kinds as the engine takes them: each row of `kube/kinds.ts` with its schema, columns and what is special about it. */

import { builtInSchema } from '../../kube/built-in-schema.ts'
import { apiVersionOf, BUILT_IN_KINDS, type KindInfo } from '../../kube/kinds.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { kindKey, type Resource, type ScalePaths, type Strategy, storedAs } from '../resource/resource.ts'
import { builtInColumns } from '../tables/built-in.ts'
import type { Column } from '../tables/column.ts'
import { validateBinding, validatePolicy, webhookConditionProblems } from '../webhooks/configuration-rules.ts'
import { AUTOSCALER, AUTOSCALER_CONVERSION } from './autoscaler.ts'
import * as configuration from './configuration.ts'
import { EVENT, EVENT_CONVERSION, NEW_EVENT } from './events.ts'
import * as extensions from './extensions.ts'
import * as networking from './networking.ts'
import { POD } from './pod.ts'
import * as policies from './policies.ts'
import { SELECTABLE_FIELDS } from './selectable-fields.ts'
import { SERVICE } from './service.ts'
import * as storage from './storage.ts'
import * as workloads from './workloads.ts'

const WEBHOOKS: Strategy = {
  ...extensions.WEBHOOK_CONFIGURATION,
  validate: object => [
    ...(extensions.WEBHOOK_CONFIGURATION.validate?.(object) ?? []),
    ...webhookConditionProblems(object),
  ],
}

/** By `group/plural`; each fits the type of its kind. A kind that is missing here has no rules of its own. */
const STRATEGIES: Readonly<Record<string, object>> = {
  namespaces: configuration.NAMESPACE,
  nodes: configuration.NODE,
  pods: POD,
  services: SERVICE,
  configmaps: configuration.CONFIG_MAP,
  secrets: configuration.SECRET,
  events: EVENT,
  'apps/deployments': workloads.DEPLOYMENT,
  'apps/replicasets': workloads.REPLICA_SET,
  'apps/statefulsets': workloads.STATEFUL_SET,
  'apps/daemonsets': workloads.DAEMON_SET,
  'batch/jobs': workloads.JOB,
  'batch/cronjobs': workloads.CRON_JOB,
  'coordination.k8s.io/leases': configuration.LEASE,
  'rbac.authorization.k8s.io/roles': configuration.ROLE,
  'rbac.authorization.k8s.io/clusterroles': configuration.ROLE,
  'rbac.authorization.k8s.io/rolebindings': configuration.ROLE_BINDING,
  'rbac.authorization.k8s.io/clusterrolebindings': configuration.ROLE_BINDING,
  'scheduling.k8s.io/priorityclasses': policies.PRIORITY_CLASS,
  endpoints: networking.ENDPOINTS,
  limitranges: policies.LIMIT_RANGE,
  resourcequotas: policies.RESOURCE_QUOTA,
  persistentvolumes: storage.PERSISTENT_VOLUME,
  persistentvolumeclaims: storage.PERSISTENT_VOLUME_CLAIM,
  podtemplates: extensions.POD_TEMPLATE,
  replicationcontrollers: extensions.REPLICATION_CONTROLLER,
  'apps/controllerrevisions': extensions.CONTROLLER_REVISION,
  'autoscaling/horizontalpodautoscalers': AUTOSCALER,
  'policy/poddisruptionbudgets': policies.DISRUPTION_BUDGET,
  'networking.k8s.io/ingresses': networking.INGRESS,
  'networking.k8s.io/ingressclasses': networking.INGRESS_CLASS,
  'networking.k8s.io/networkpolicies': networking.NETWORK_POLICY,
  'discovery.k8s.io/endpointslices': networking.ENDPOINT_SLICE,
  'storage.k8s.io/storageclasses': storage.STORAGE_CLASS,
  'storage.k8s.io/csidrivers': storage.CSI_DRIVER,
  'storage.k8s.io/volumeattachments': storage.VOLUME_ATTACHMENT,
  'storage.k8s.io/volumeattributesclasses': storage.VOLUME_ATTRIBUTES_CLASS,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': WEBHOOKS,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': WEBHOOKS,
  'admissionregistration.k8s.io/validatingadmissionpolicies': { ...extensions.COUNTED, validate: validatePolicy },
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': {
    ...extensions.COUNTED,
    validate: validateBinding,
  },
  'admissionregistration.k8s.io/mutatingadmissionpolicies': extensions.COUNTED,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': extensions.COUNTED,
  'node.k8s.io/runtimeclasses': policies.RUNTIME_CLASS,
  'resource.k8s.io/resourceclaims': extensions.RESOURCE_CLAIM,
  'resource.k8s.io/resourceclaimtemplates': extensions.RESOURCE_CLAIM_TEMPLATE,
  'resource.k8s.io/deviceclasses': extensions.DEVICE_CLASS,
  'resource.k8s.io/resourceslices': extensions.COUNTED,
  'certificates.k8s.io/certificatesigningrequests': extensions.CERTIFICATE_REQUEST,
  'scheduling.k8s.io/workloads': configuration.WORKLOAD,
  'scheduling.k8s.io/podgroups': configuration.POD_GROUP,
}

const SCALE: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
}

/** Columns read the stored form: what two versions print is the same. */
const ofStored = (columns: readonly Column[], toStored: (object: UnknownObject) => UnknownObject): readonly Column[] =>
  columns.map(column => ({
    ...column,
    cell: (object, now) => column.cell(toStored(object as UnknownObject), now),
  }))

function builtIn(info: KindInfo): Resource {
  const apiVersion = apiVersionOf(info)
  const isEventsView = info.group === 'events.k8s.io'
  const isOldAutoscaler = apiVersion === 'autoscaling/v1'
  const place = isEventsView ? 'events' : storedAs(info)
  const conversion = isEventsView ? EVENT_CONVERSION : isOldAutoscaler ? AUTOSCALER_CONVERSION : undefined
  return {
    info,
    apiVersion,
    storedAs: place,
    storedVersion: isEventsView ? 'v1' : isOldAutoscaler ? 'autoscaling/v2' : apiVersion,
    isCustom: false,
    strategy: isEventsView ? NEW_EVENT : ((STRATEGIES[place] ?? {}) as Strategy),
    columns: () => (conversion ? ofStored(builtInColumns(place), conversion.toStored) : builtInColumns(place)),
    schema: () => builtInSchema(apiVersion, info.kind),
    ...(info.subresources.includes('scale') && { scale: SCALE }),
    selectableFields: SELECTABLE_FIELDS[kindKey(info)] ?? {},
    ...(conversion && { conversion }),
  }
}

/** What lies outside this folder comes by `special`: the rules of CustomResourceDefinitions. */
export const builtInResources = (special: Readonly<Record<string, Partial<Resource>>> = {}): readonly Resource[] =>
  BUILT_IN_KINDS.map(builtIn).map(resource => ({ ...resource, ...special[resource.storedAs] }))
