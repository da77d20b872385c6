/**
 * What upstream's defaulting functions fill in, type by type (pkg/apis/GROUP/VERSION/defaults.go), wherever a value of the type stands.
 * Defaults that upstream declares on a field are in the table of types; those of pods, Services and workloads stand with their kinds.
 */
import type { Fields, TypeDefaults } from '../../kube/typed.ts'

/** Fills in what is missing; a function stands for a default that depends on the rest. The same object where nothing is missing. */
const missing =
  (defaults: Readonly<Record<string, unknown>>) =>
  (value: Fields): Fields => {
    const absent = Object.keys(defaults).filter(key => isAbsent(value[key]))
    if (absent.length === 0) return value
    const found = absent.flatMap(key => {
      const fallback = defaults[key]
      const filled = typeof fallback === 'function' ? (fallback as (value: Fields) => unknown)(value) : fallback
      return filled === undefined ? [] : [[key, filled] as const]
    })
    return found.length === 0 ? value : { ...value, ...Object.fromEntries(found) }
  }

const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

const RBAC = 'rbac.authorization.k8s.io'
const ROLE_REF = missing({ apiGroup: RBAC })
const ofKind = (value: Fields, kinds: readonly string[]): boolean => kinds.includes(String(value.kind))

const WEBHOOK = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
}

const CPU_AT_80_PERCENT = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}
const DOUBLE = { type: 'Percent', value: 100, periodSeconds: 15 }
const SCALE_UP = missing({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, DOUBLE],
})
const SCALE_DOWN = missing({ selectPolicy: 'Max', policies: [DOUBLE] })

const DEVICE_REQUEST = (value: Fields): Fields => {
  const { allocationMode = 'ExactCount' } = value
  const isCounted = (allocationMode || 'ExactCount') === 'ExactCount'
  return missing({ allocationMode: 'ExactCount', ...(isCounted && !value.count && { count: 1 }) })(
    value.count === 0 ? { ...value, count: undefined } : value,
  )
}

/** Limits of containers are defaults too, and defaults are requests. */
function limitRangeItem(value: Fields): Fields {
  if (value.type !== 'Container') return value
  const given = { ...(value.max as Fields), ...(value.default as Fields) }
  const requests = { ...(value.min as Fields), ...given, ...(value.defaultRequest as Fields) }
  const filled = {
    ...value,
    ...(Object.keys(given).length > 0 && { default: given }),
    ...(Object.keys(requests).length > 0 && { defaultRequest: requests }),
  }
  return filled
}

const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' }

export const TYPE_DEFAULTS: TypeDefaults = {
  'rbac/v1.RoleBinding': value => withField(value, 'roleRef', ROLE_REF),
  'rbac/v1.ClusterRoleBinding': value => withField(value, 'roleRef', ROLE_REF),
  'rbac/v1.Subject': value => (ofKind(value, ['User', 'Group']) ? ROLE_REF(value) : value),
  'admissionregistration/v1.ValidatingWebhook': missing(WEBHOOK),
  'admissionregistration/v1.MutatingWebhook': missing({ ...WEBHOOK, reinvocationPolicy: 'Never' }),
  'admissionregistration/v1.Rule': missing({ scope: '*' }),
  'admissionregistration/v1.RuleWithOperations': missing({ scope: '*' }),
  'admissionregistration/v1.NamedRuleWithOperations': missing({ scope: '*' }),
  'admissionregistration/v1.ServiceReference': missing({ port: 443 }),
  'admissionregistration/v1.ValidatingAdmissionPolicySpec': missing({ failurePolicy: 'Fail' }),
  'admissionregistration/v1.MutatingAdmissionPolicySpec': missing({ failurePolicy: 'Fail' }),
  'admissionregistration/v1.MatchResources': missing({
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
  }),
  'autoscaling/v1.HorizontalPodAutoscalerSpec': missing({ minReplicas: 1 }),
  'autoscaling/v2.HorizontalPodAutoscalerSpec': missing({ minReplicas: 1, metrics: [CPU_AT_80_PERCENT] }),
  'autoscaling/v2.HorizontalPodAutoscalerBehavior': value => ({
    ...value,
    scaleUp: SCALE_UP((value.scaleUp as Fields | undefined) ?? {}),
    scaleDown: SCALE_DOWN((value.scaleDown as Fields | undefined) ?? {}),
  }),
  'networking/v1.NetworkPolicyPort': missing({ protocol: 'TCP' }),
  'networking/v1.NetworkPolicySpec': missing({
    policyTypes: ({ egress }: Fields) =>
      Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'],
  }),
  'networking/v1.IngressClassParametersReference': missing({ scope: 'Cluster' }),
  'discovery/v1.EndpointPort': value =>
    missing({ protocol: 'TCP' })(value.name === undefined ? { ...value, name: '' } : value),
  'core/v1.EndpointPort': missing({ protocol: 'TCP' }),
  'core/v1.LimitRangeItem': limitRangeItem,
  'core/v1.PersistentVolumeSpec': missing({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  'core/v1.PersistentVolumeStatus': missing({ phase: 'Pending' }),
  'core/v1.PersistentVolumeClaimSpec': missing({ volumeMode: 'Filesystem' }),
  'core/v1.PersistentVolumeClaimStatus': missing({ phase: 'Pending' }),
  'core/v1.HostPathVolumeSource': value => (value.type === undefined ? { ...value, type: '' } : value),
  'core/v1.NodeStatus': missing({ allocatable: ({ capacity }: Fields) => capacity }),
  'apps/v1.StatefulSetSpec': value => {
    const claims = value.volumeClaimTemplates
    return Array.isArray(claims) && claims.some(claim => claim?.kind === undefined)
      ? { ...value, volumeClaimTemplates: claims.map(claim => ({ ...CLAIM, ...claim })) }
      : value
  },
  'storage/v1.StorageClass': missing({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'storage/v1.CSIDriverSpec': missing({
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: ['Persistent'],
    requiresRepublish: false,
    seLinuxMount: false,
    preventPodSchedulingIfMissing: false,
  }),
  'scheduling/v1.PriorityClass': missing({ preemptionPolicy: 'PreemptLowerPriority' }),
  'resource/v1.ExactDeviceRequest': DEVICE_REQUEST,
  'resource/v1.DeviceSubRequest': DEVICE_REQUEST,
}

function withField(value: Fields, name: string, change: (inner: Fields) => Fields): Fields {
  const inner = (value[name] as Fields | undefined) ?? {}
  const changed = change(inner)
  return changed === inner ? value : { ...value, [name]: changed }
}
