/** What limits others: limit ranges, quotas, disruption budgets, priorities, runtime classes (pkg/apis/core, policy, scheduling, node). */

import { isRecord, isSame } from '../../kube/equal.ts'
import type { KubeObject, LabelSelector, UnknownObject } from '../../kube/object.ts'
import { compareQuantities, formatQuantity, parseQuantity } from '../../kube/quantity.ts'
import { denied, duplicate, invalid, notSupported, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { type Fields, fieldsOf, listOf } from './fields.ts'
import { checkName, dnsLabel, qualifiedName } from './names.ts'
import { frozen } from './networking.ts'
import { validateSelector } from './selector-validation.ts'
import type { Errors } from './small-rules.ts'

const amounts = (value: unknown): Readonly<Record<string, string>> =>
  fieldsOf(value) as Readonly<Record<string, string>>

const isOver = (a: string, b: string): boolean => {
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return left !== undefined && right !== undefined && compareQuantities(left, right) > 0
}

/** Each pair names the smaller one first, as a limit range reads from the least to the most. */
const ORDER: readonly (readonly [less: string, more: string, lessName: string, moreName: string, at: string])[] = [
  ['min', 'max', 'min', 'max', 'min'],
  ['min', 'defaultRequest', 'min', 'default request', 'defaultRequest'],
  ['defaultRequest', 'max', 'default request', 'max', 'defaultRequest'],
  ['defaultRequest', 'default', 'default request', 'default', 'defaultRequest'],
  ['min', 'default', 'min', 'default', 'default'],
  ['default', 'max', 'default', 'max', 'default'],
]

function checkLimit(limit: Fields, field: string): Errors {
  const resources = new Set(
    ['max', 'min', 'default', 'defaultRequest'].flatMap(key => Object.keys(amounts(limit[key]))),
  )
  const isPod = limit.type === 'Pod'
  return [
    ...['default', 'defaultRequest'].flatMap(key =>
      isPod && Object.keys(amounts(limit[key])).length > 0
        ? [denied(`${field}.${key}`, "may not be specified when `type` is 'Pod'")]
        : [],
    ),
    ...[...resources].flatMap(name =>
      ORDER.flatMap(([less, more, lessName, moreName, at]) => {
        const [low, high] = [amounts(limit[less])[name], amounts(limit[more])[name]]
        if (low === undefined || high === undefined || !isOver(low, high)) return []
        const shown = at === 'defaultRequest' && less === 'min' ? high : low
        return [
          invalid(
            `${field}.${at}[${name}]`,
            shown,
            `${lessName} value ${low} is greater than ${moreName} value ${high}`,
          ),
        ]
      }),
    ),
  ]
}

export const LIMIT_RANGE: Strategy = {
  validate: ({ spec }) => {
    const limits = listOf(fieldsOf(spec).limits)
    return limits.flatMap((limit, i) => [
      ...(limits.slice(0, i).some(({ type }) => type === limit.type)
        ? [duplicate(`spec.limits[${i}].type`, limit.type)]
        : checkLimit(limit, `spec.limits[${i}]`)),
    ])
  },
}

const QUOTA_RESOURCES = new Set(
  `cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu limits.memory
limits.ephemeral-storage pods services replicationcontrollers resourcequotas secrets configmaps persistentvolumeclaims services.nodeports
services.loadbalancers`.split(/\s+/),
)
const COUNTED =
  /^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims)|^count\//
const SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]

function checkHard(name: string, amount: string): Errors {
  const field = `spec.hard[${name}]`
  const quantity = parseQuantity(amount)
  return [
    ...checkName(qualifiedName, field, name),
    ...(name.includes('/') || QUOTA_RESOURCES.has(name)
      ? []
      : [
          invalid(field, name, 'must be a standard resource type or fully qualified'),
          invalid(field, name, 'must be a standard resource for quota'),
        ]),
    ...(quantity && quantity.nanos < 0n ? [invalid(field, amount, 'must be greater than or equal to 0')] : []),
    ...(quantity && COUNTED.test(name) && quantity.nanos % 1_000_000_000n !== 0n
      ? [invalid(field, formatQuantity(quantity), 'must be an integer')]
      : []),
  ]
}

export const RESOURCE_QUOTA: Strategy = {
  validate: ({ spec }) => {
    const { hard, scopes } = fieldsOf(spec)
    const given = (scopes as readonly string[] | undefined) ?? []
    return [
      ...Object.entries(amounts(hard)).flatMap(([name, amount]) => checkHard(name, amount)),
      ...(given.every(scope => SCOPES.includes(scope)) ? [] : [invalid('spec.scopes', given, 'unsupported scope')]),
    ]
  },
  validateUpdate: ({ spec }, old) => {
    const [now, before] = [fieldsOf(spec).scopes, fieldsOf(old.spec).scopes]
    return isSame(now, before) ? [] : [invalid('spec.scopes', now ?? [], 'field is immutable')]
  },
}

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

function checkAmount(value: unknown, field: string): Errors {
  if (typeof value === 'number') return value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : []
  if (typeof value !== 'string') return []
  if (!/^[0-9]+%$/.test(value)) return [invalid(field, value, PERCENT)]
  return Number.parseInt(value, 10) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : []
}

export const DISRUPTION_BUDGET: Strategy = {
  hasGeneration: true,
  validate: ({ spec }) => {
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = fieldsOf(spec)
    const policies = ['AlwaysAllow', 'IfHealthyBudget']
    if (minAvailable !== undefined && maxUnavailable !== undefined) {
      // Upstream shows its internal type here.
      const shown = {
        MinAvailable: minAvailable,
        Selector: selector ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
      }
      return [invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set')]
    }
    return [
      ...checkAmount(minAvailable, 'spec.minAvailable'),
      ...checkAmount(maxUnavailable, 'spec.maxUnavailable'),
      ...(isRecord(selector) ? validateSelector(selector as unknown as LabelSelector, 'spec.selector') : []),
      ...(unhealthyPodEvictionPolicy === undefined || policies.includes(String(unhealthyPodEvictionPolicy))
        ? []
        : [notSupported('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, policies)]),
    ]
  },
}

type PriorityClass = KubeObject & { readonly value?: number; readonly preemptionPolicy?: string }

const SYSTEM_CLASSES = new Set(['system-cluster-critical', 'system-node-critical'])
const reserved = (name: string): string =>
  `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`

const HIGHEST_OF_USERS = 1_000_000_000
const PREEMPTION = ['PreemptLowerPriority', 'Never']

export const PRIORITY_CLASS: Strategy<PriorityClass> = {
  hasGeneration: true,
  validate: ({ metadata, value = 0, preemptionPolicy }) => [
    ...(metadata.name?.startsWith('system-') && !SYSTEM_CLASSES.has(metadata.name)
      ? [denied('metadata.name', reserved(metadata.name))]
      : []),
    ...(value > HIGHEST_OF_USERS && !metadata.name?.startsWith('system-')
      ? [denied('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`)]
      : []),
    ...(preemptionPolicy === undefined || PREEMPTION.includes(preemptionPolicy)
      ? []
      : [notSupported('preemptionPolicy', preemptionPolicy, PREEMPTION)]),
  ],
  validateUpdate: (next, old) => [
    ...((next.value ?? 0) === (old.value ?? 0) ? [] : [denied('value', 'may not be changed in an update.')]),
    ...(next.preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid('preemptionPolicy', next.preemptionPolicy, 'field is immutable')]),
  ],
}

export const RUNTIME_CLASS: Strategy = {
  validate: ({ handler, overhead }: UnknownObject) => [
    ...(handler ? checkName(dnsLabel, 'handler', String(handler)) : [required('handler')]),
    ...Object.entries(amounts(fieldsOf(overhead).podFixed)).flatMap(([name, amount]) =>
      (parseQuantity(amount)?.nanos ?? 0n) < 0n
        ? [invalid(`overhead.limits[${name}]`, amount, 'must be greater than or equal to 0')]
        : [],
    ),
  ],
  validateUpdate: (next, old) => frozen('handler', next.handler, old.handler),
}
