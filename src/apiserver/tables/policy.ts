/** Columns of what governs others: autoscalers, disruption budgets, quotas, webhooks, admission policies, devices, certificates. */
import { AGE, type Column, integer, NAME, NONE, text } from './column.ts'
import { humanDuration } from './duration.ts'
import { at, field, listAt, textAt, typed } from './field.ts'

type Metric = Readonly<Record<string, unknown>>

/** Each type of metric keeps its numbers under a field of its own. */
const METRIC_FIELDS: Readonly<Record<string, string>> = {
  Resource: 'resource',
  ContainerResource: 'containerResource',
  Pods: 'pods',
  Object: 'object',
  External: 'external',
}

const UNKNOWN = '<unknown>'

function metricText(spec: Metric, status: Metric | undefined): string {
  const key = METRIC_FIELDS[String(spec.type)]
  if (key === undefined) return '<unknown type>'
  const target = (name: string): unknown => at(spec, `${key}.target.${name}`)
  const current = (name: string): string => textAt(status, `${key}.current.${name}`, UNKNOWN)
  if (key === 'resource' || key === 'containerResource') {
    const name = textAt(spec, `${key}.name`)
    if (target('averageValue') !== undefined) return `${name}: ${current('averageValue')}/${target('averageValue')}`
    const used = current('averageUtilization')
    const wanted = target('averageUtilization')
    return `${name}: ${used === UNKNOWN ? used : `${used}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`
  }
  if (key === 'pods') return `${current('averageValue')}/${target('averageValue')}`
  return target('averageValue') === undefined
    ? `${current('value')}/${target('value')}`
    : `${current('averageValue')}/${target('averageValue')} (avg)`
}

const SHOWN_METRICS = 2

/** Of the second version, in which autoscalers are stored. */
function targets(object: unknown): string {
  const specs = listAt(object, 'spec.metrics')
  const states = listAt(object, 'status.currentMetrics')
  if (specs.length === 0) return NONE
  const all = specs.map((spec, i) => metricText(spec, states[i]))
  const shown = all.slice(0, SHOWN_METRICS).join(', ')
  return all.length > SHOWN_METRICS ? `${shown} + ${all.length - SHOWN_METRICS} more...` : shown
}

const count = (path: string) => (object: unknown) => Number(at(object, path) ?? 0)

export const AUTOSCALER_COLUMNS: readonly Column[] = [
  NAME,
  text('Reference', hpa => `${textAt(hpa, 'spec.scaleTargetRef.kind')}/${textAt(hpa, 'spec.scaleTargetRef.name')}`),
  text('Targets', targets),
  field('MinPods', 'spec.minReplicas', '<unset>'),
  text('MaxPods', count('spec.maxReplicas')),
  text('Replicas', count('status.currentReplicas')),
  AGE,
]

export const DISRUPTION_BUDGET_COLUMNS: readonly Column[] = [
  NAME,
  field('Min Available', 'spec.minAvailable', 'N/A'),
  field('Max Unavailable', 'spec.maxUnavailable', 'N/A'),
  integer('Allowed Disruptions', count('status.disruptionsAllowed')),
  AGE,
]

const quotas =
  (areLimits: boolean) =>
  (quota: unknown): string =>
    Object.entries((at(quota, 'status.hard') ?? {}) as Readonly<Record<string, string>>)
      .filter(([name]) => name.startsWith('limits.') === areLimits)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, hard]) => {
        const used = (at(quota, 'status.used') as Readonly<Record<string, string>> | undefined)?.[name]
        return `${name}: ${used ?? '0'}/${hard}`
      })
      .join(', ')

export const RESOURCE_QUOTA_COLUMNS: readonly Column[] = [
  NAME,
  text('Request', quotas(false)),
  text('Limit', quotas(true)),
  AGE,
]

const size = (name: string, path: string): Column => integer(name, object => listAt(object, path).length)

export const WEBHOOK_COLUMNS: readonly Column[] = [NAME, size('Webhooks', 'webhooks'), AGE]

const PARAM_KIND = text('ParamKind', policy =>
  at(policy, 'spec.paramKind')
    ? `${textAt(policy, 'spec.paramKind.apiVersion')}/${textAt(policy, 'spec.paramKind.kind')}`
    : '<unset>',
)

export const VALIDATING_POLICY_COLUMNS: readonly Column[] = [
  NAME,
  size('Validations', 'spec.validations'),
  PARAM_KIND,
  AGE,
]
export const MUTATING_POLICY_COLUMNS: readonly Column[] = [NAME, size('Mutations', 'spec.mutations'), PARAM_KIND, AGE]

export const POLICY_BINDING_COLUMNS: readonly Column[] = [
  NAME,
  field('PolicyName', 'spec.policyName'),
  text('ParamRef', binding => {
    const name = textAt(binding, 'spec.paramRef.name')
    return name === '' ? '<unset>' : `${textAt(binding, 'spec.paramRef.namespace', '*')}/${name}`
  }),
  AGE,
]

export const RUNTIME_CLASS_COLUMNS: readonly Column[] = [NAME, field('Handler', 'handler'), AGE]

export const RESOURCE_CLAIM_COLUMNS: readonly Column[] = [
  NAME,
  text('State', claim => {
    const isDeleted = claim.metadata.deletionTimestamp !== undefined
    const states = isDeleted ? ['deleted'] : []
    if (at(claim, 'status.allocation') === undefined) return [...states, ...(isDeleted ? [] : ['pending'])].join(',')
    return [...states, 'allocated', ...(listAt(claim, 'status.reservedFor').length > 0 ? ['reserved'] : [])].join(',')
  }),
  AGE,
]

export const RESOURCE_SLICE_COLUMNS: readonly Column[] = [
  NAME,
  text('Node', slice =>
    at(slice, 'spec.allNodes') === true
      ? '<all>'
      : textAt(slice, 'spec.nodeName', at(slice, 'spec.nodeSelector') ? '<selector>' : '<unset>'),
  ),
  field('Driver', 'spec.driver'),
  field('Pool', 'spec.pool.name'),
  AGE,
]

function requestState(request: unknown): string {
  const types = new Set(listAt(request, 'status.conditions').map(condition => condition.type))
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  const isIssued = textAt(request, 'status.certificate') !== ''
  return `${decision}${types.has('Failed') ? ',Failed' : ''}${isIssued ? ',Issued' : ''}`
}

export const CERTIFICATE_REQUEST_COLUMNS: readonly Column[] = [
  NAME,
  AGE,
  field('SignerName', 'spec.signerName', NONE),
  field('Requestor', 'spec.username'),
  text('RequestedDuration', request => {
    const seconds = at(request, 'spec.expirationSeconds')
    return typeof seconds === 'number' ? humanDuration(seconds * 1000) : NONE
  }),
  text('Condition', requestState),
]

export const TRUST_BUNDLE_COLUMNS: readonly Column[] = [NAME, field('SignerName', 'spec.signerName', NONE)]

export const API_SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  text('Service', service => {
    const name = textAt(service, 'spec.service.name')
    return name === '' ? 'Local' : `${textAt(service, 'spec.service.namespace')}/${name}`
  }),
  text('Available', service => {
    const condition = listAt(service, 'status.conditions').find(({ type }) => type === 'Available')
    if (condition === undefined) return 'Unknown'
    return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`
  }),
  AGE,
]

const healthy =
  (key: string) =>
  (status: unknown): string =>
    textAt(
      listAt(status, 'conditions').find(({ type }) => type === 'Healthy'),
      key,
    )

export const COMPONENT_STATUS_COLUMNS: readonly Column[] = [
  NAME,
  text('Status', status => ({ True: 'Healthy', '': 'Unknown' })[healthy('status')(status)] ?? 'Unhealthy'),
  text('Message', healthy('message')),
  text('Error', healthy('error')),
]

export const DEVICE_TAINT_COLUMNS: readonly Column[] = [
  NAME,
  field('Key', 'spec.taint.key'),
  field('Value', 'spec.taint.value'),
  field('Effect', 'spec.taint.effect'),
  AGE,
]

export const POD_CERTIFICATE_COLUMNS: readonly Column[] = [
  NAME,
  field('PodName', 'spec.podName'),
  field('ServiceAccountName', 'spec.serviceAccountName'),
  field('NodeName', 'spec.nodeName'),
  field('SignerName', 'spec.signerName'),
  typed('State', 'string', request => String(listAt(request, 'status.conditions').at(-1)?.type ?? 'Pending')),
]
