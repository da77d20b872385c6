/** ConfigMaps, Secrets, ServiceAccounts, Namespaces, Nodes, Events, Leases, access rules: small rules of each kind. */

import type { ConfigMap, Namespace, Node, Secret } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { Lease, PodGroup, Role, RoleBinding, Workload } from '../../kube/workloads.ts'
import { denied, type FieldError, invalid, notSupported, required, tooLong } from '../resource/field-error.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { checkName, configKey, namespaceName, pathSegment, qualifiedName } from './names.ts'
import { validateQuantities } from './pod-validation.ts'

type Errors = readonly FieldError[]

const MAX_DATA_BYTES = 1024 * 1024

function checkKeys(maps: Readonly<Record<string, object | undefined>>): Errors {
  return Object.entries(maps).flatMap(([field, map]) =>
    Object.keys(map ?? {}).flatMap(key => checkName(configKey, `${field}[${key}]`, key)),
  )
}

const checkBase64 = (map: Readonly<Record<string, string>> | undefined, field: string): Errors =>
  Object.entries(map ?? {}).flatMap(([key, text]) =>
    typeof text === 'string' && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)
      ? []
      : [invalid(`${field}[${key}]`, '', 'must be base64')],
  )

const textBytes = (map: Readonly<Record<string, string>> | undefined): number =>
  Object.values(map ?? {}).reduce((sum, text) => sum + Buffer.byteLength(String(text)), 0)
const base64Bytes = (map: Readonly<Record<string, string>> | undefined): number =>
  Object.values(map ?? {}).reduce((sum, text) => sum + Buffer.byteLength(String(text), 'base64'), 0)

const WHEN_SET = 'field is immutable when `immutable` is set'

/** Once `immutable` is set there is no way back, and nothing may change. */
function frozenFields<T extends { readonly immutable?: boolean }>(
  next: T,
  old: T,
  fields: readonly (keyof T & string)[],
): Errors {
  if (!old.immutable) return []
  return [
    ...(next.immutable ? [] : [denied('immutable', WHEN_SET)]),
    ...fields.filter(field => !isSame(next[field], old[field])).map(field => denied(field, WHEN_SET)),
  ]
}

export const CONFIG_MAP: Strategy<ConfigMap> = {
  validate: ({ data, binaryData }) => [
    ...checkKeys({ data, binaryData }),
    ...checkBase64(binaryData, 'binaryData'),
    ...Object.keys(data ?? {})
      .filter(key => Object.hasOwn(binaryData ?? {}, key))
      .map(key => invalid(`data[${key}]`, key, `duplicate of key present in binaryData`)),
    ...(textBytes(data) + base64Bytes(binaryData) > MAX_DATA_BYTES ? [tooLong('', MAX_DATA_BYTES)] : []),
  ],
  validateUpdate: (next, old) => frozenFields(next, old, ['data', 'binaryData']),
}

export const SECRET: Strategy<Secret> = {
  default: ({ stringData, ...secret }) => ({
    type: 'Opaque',
    ...secret,
    ...(stringData && { data: { ...secret.data, ...encoded(stringData) } }),
  }),
  validate: secret => [
    ...checkKeys({ data: secret.data }),
    ...checkBase64(secret.data, 'data'),
    ...(base64Bytes(secret.data) > MAX_DATA_BYTES ? [tooLong('data', MAX_DATA_BYTES)] : []),
    ...checkType(secret),
  ],
  validateUpdate: (next, old) => [...immutable('type', next.type, old.type), ...frozenFields(next, old, ['data'])],
}

/** Keys without which a Secret of the type is none; of several alternatives (`|`) one is enough. */
const NEEDED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}
const BASIC_AUTH = ['username', 'password']
const ACCOUNT = 'kubernetes.io/service-account.name'

function checkType({ type = '', data = {}, metadata }: Secret): Errors {
  const missing = (keys: readonly string[]): Errors =>
    keys.filter(key => data[key] === undefined).map(key => required(`data[${key}]`))
  switch (type) {
    case 'kubernetes.io/basic-auth':
      return BASIC_AUTH.some(key => data[key] !== undefined) ? [] : missing(BASIC_AUTH)
    case 'kubernetes.io/service-account-token':
      return metadata.annotations?.[ACCOUNT] ? [] : [required(`metadata.annotations[${ACCOUNT}]`)]
    case 'kubernetes.io/dockerconfigjson':
    case 'kubernetes.io/dockercfg': {
      const [key = ''] = NEEDED_KEYS[type] ?? []
      return data[key] === undefined ? missing([key]) : checkJson(data[key] ?? '', `data[${key}]`)
    }
    default:
      return missing(NEEDED_KEYS[type] ?? [])
  }
}

function checkJson(base64: string, field: string): Errors {
  const text = Buffer.from(base64, 'base64').toString()
  try {
    JSON.parse(text)
    return []
  } catch {
    const first = text.trim().charAt(0)
    const why =
      first === '' ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`
    return [invalid(field, '<secret contents redacted>', why)]
  }
}

const encoded = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))

export const NAMESPACE: Strategy<Namespace> = {
  nameRule: namespaceName,
  prepareCreate: namespace => ({
    ...namespace,
    // What empties the namespace takes this away, through the `finalize` subresource.
    spec: { ...namespace.spec, finalizers: [...new Set([...(namespace.spec?.finalizers ?? []), 'kubernetes'])] },
    status: { phase: 'Active' },
  }),
  default: namespace => ({
    ...namespace,
    metadata: {
      ...namespace.metadata,
      labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name ?? '' },
    },
  }),
  prepareUpdate: (namespace, old) => ({
    ...namespace,
    spec: { ...namespace.spec, finalizers: old.spec?.finalizers ?? [] },
  }),
  validateStatus: ({ metadata, status }) => {
    const [wanted, when] = metadata.deletionTimestamp ? ['Terminating', 'not empty'] : ['Active', 'empty']
    const why = `may only be '${wanted}' if \`deletionTimestamp\` is ${when}`
    return status?.phase === wanted ? [] : [invalid('status.Phase', status?.phase ?? '', why)]
  },
  // A namespace is given no time: it takes what emptying it takes.
  onMarkedForDeletion: ({ metadata, ...namespace }) => {
    const { deletionGracePeriodSeconds: _, ...rest } = metadata
    return { ...namespace, metadata: rest, status: { ...namespace.status, phase: 'Terminating' } }
  },
  validate: ({ spec }) =>
    (spec?.finalizers ?? []).flatMap(name =>
      name === 'kubernetes' || name.includes('/')
        ? checkName(qualifiedName, 'spec.finalizers', name)
        : [invalid('spec.finalizers', name, 'name is neither a standard finalizer name nor is it fully qualified')],
    ),
  isHeld: ({ spec }) => (spec?.finalizers ?? []).length > 0,
}

interface Taint {
  readonly key?: string
  readonly effect?: string
}

const CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** Upstream names the field so. */
const checkTaints = (taints: readonly Taint[]): Errors =>
  taints.flatMap(({ key = '', effect = '' }, i) => [
    ...checkName(qualifiedName, `metadata.taints[${i}].key`, key),
    ...(EFFECTS.includes(effect) ? [] : [notSupported(`metadata.taints[${i}].effect`, effect, EFFECTS)]),
  ])

/** A node agent brings the status of its node along. */
export const NODE: Strategy<Node> = {
  prepareCreate: node => node,
  validate: ({ spec, status }) => [
    ...checkTaints((spec as { taints?: readonly Taint[] } | undefined)?.taints ?? []),
    ...((spec as { podCIDRs?: readonly string[] } | undefined)?.podCIDRs ?? []).flatMap((range, i) =>
      /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(range) ? [] : [invalid(`spec.podCIDRs[${i}]`, range, CIDR)],
    ),
    ...validateQuantities(status?.capacity ?? {}, 'status.capacity'),
    ...validateQuantities(status?.allocatable ?? {}, 'status.allocatable'),
  ],
}

export const LEASE: Strategy<Lease> = {
  validate: ({ spec }) => {
    const { leaseDurationSeconds: seconds, leaseTransitions: changes } = (spec ?? {}) as Record<string, unknown>
    return [
      ...(typeof seconds === 'number' && seconds <= 0
        ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
        : []),
      ...(typeof changes === 'number' && changes < 0
        ? [invalid('spec.leaseTransitions', changes, 'must be greater than or equal to 0')]
        : []),
    ]
  },
}

type Rule = NonNullable<Role['rules']>[number] & {
  readonly nonResourceURLs?: readonly string[]
  readonly resources?: readonly string[]
  readonly apiGroups?: readonly string[]
}

function checkRule(rule: Rule, field: string, isNamespaced: boolean): Errors {
  const verbs = rule.verbs?.length ? [] : [required(`${field}.verbs`)]
  if (rule.nonResourceURLs?.length) {
    const urls = `${field}.nonResourceURLs`
    if (isNamespaced)
      return [...verbs, invalid(urls, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')]
    const isMixed = rule.apiGroups?.length || rule.resources?.length
    return [
      ...verbs,
      ...(isMixed
        ? [invalid(urls, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')]
        : []),
    ]
  }
  return [
    ...(rule.apiGroups?.length
      ? []
      : [required(`${field}.apiGroups`, 'resource rules must supply at least one api group')]),
    ...(rule.resources?.length
      ? []
      : [required(`${field}.resources`, 'resource rules must supply at least one resource')]),
    ...verbs,
  ]
}

export const ROLE: Strategy<Role> = {
  nameRule: pathSegment,
  validate: ({ kind, rules }) =>
    (rules ?? []).flatMap((rule, i) => checkRule(rule as Rule, `rules[${i}]`, kind === 'Role')),
}

const ROLE_KINDS = ['Role', 'ClusterRole']
const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group']

export const ROLE_BINDING: Strategy<RoleBinding> = {
  nameRule: pathSegment,
  validate: ({ kind, roleRef, subjects = [] }) => {
    const kinds = kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ROLE_KINDS
    return [
      ...(roleRef.apiGroup === RBAC_GROUP ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup, [RBAC_GROUP])]),
      ...(kinds.includes(roleRef.kind) ? [] : [notSupported('roleRef.kind', roleRef.kind, kinds)]),
      ...subjects.flatMap(({ kind: who, name, namespace }, i) => [
        ...(SUBJECT_KINDS.includes(who) ? [] : [notSupported(`subjects[${i}].kind`, who, SUBJECT_KINDS)]),
        ...(name ? [] : [required(`subjects[${i}].name`)]),
        ...(who === 'ServiceAccount' && !namespace ? [required(`subjects[${i}].namespace`)] : []),
      ]),
      ...(roleRef.name ? [] : [required('roleRef.name')]),
    ]
  },
  validateUpdate: ({ roleRef }, old) =>
    isSame(roleRef, old.roleRef) ? [] : [invalid('roleRef', shownRole(roleRef), 'field is immutable')],
}

const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** As upstream's internal type is printed. */
const shownRole = ({ apiGroup, kind, name }: RoleBinding['roleRef']) => ({ APIGroup: apiGroup, Kind: kind, Name: name })

const gangCount = (count: unknown, field: string): Errors =>
  count === undefined || (typeof count === 'number' && count > 0)
    ? []
    : [invalid(field, count, 'must be greater than 0')]

export const WORKLOAD: Strategy<Workload> = {
  validate: ({ spec }) =>
    spec?.podGroupTemplates?.length
      ? spec.podGroupTemplates.flatMap((template, i) =>
          gangCount(
            template.schedulingPolicy?.gang?.minCount,
            `spec.podGroupTemplates[${i}].schedulingPolicy.gang.minCount`,
          ),
        )
      : [required('spec.podGroupTemplates')],
}

export const POD_GROUP: Strategy<PodGroup> = {
  validate: ({ spec }) =>
    spec?.schedulingPolicy
      ? gangCount(spec.schedulingPolicy.gang?.minCount, 'spec.schedulingPolicy.gang.minCount')
      : [required('spec.schedulingPolicy')],
}
