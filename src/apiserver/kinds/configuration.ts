/** ConfigMaps, Secrets, ServiceAccounts, Namespaces, Nodes, Events, Leases, access rules: small rules of each kind. */

import type { ConfigMap, Event, Namespace, Node, Secret } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Lease, PodGroup, Role, RoleBinding, Workload } from '../../kube/workloads.ts'
import { denied, type FieldError, invalid, notSupported, required, tooLong } from '../resource/field-error.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { checkName, configKey, dnsLabel, pathSegment } from './names.ts'
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
  validate: ({ data }) => [
    ...checkKeys({ data }),
    ...checkBase64(data, 'data'),
    ...(base64Bytes(data) > MAX_DATA_BYTES ? [tooLong('data', MAX_DATA_BYTES)] : []),
  ],
  validateUpdate: (next, old) => [...immutable('type', next.type, old.type), ...frozenFields(next, old, ['data'])],
}

const encoded = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))

export const NAMESPACE: Strategy<Namespace> = {
  nameRule: dnsLabel,
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
  onMarkedForDeletion: namespace => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  isHeld: ({ spec }) => (spec?.finalizers ?? []).length > 0,
}

/** A node agent brings the status of its node along. */
export const NODE: Strategy<Node> = {
  prepareCreate: node => node,
  validate: ({ status }) => [
    ...validateQuantities(status?.capacity ?? {}, 'status.capacity'),
    ...validateQuantities(status?.allocatable ?? {}, 'status.allocatable'),
  ],
}

export const EVENT: Strategy<Event> = {
  validate: ({ metadata, involvedObject }) => {
    if (!involvedObject) return [required('involvedObject')]
    const { namespace } = involvedObject
    // What has no namespace is spoken of in `default`.
    return namespace && namespace !== metadata.namespace
      ? [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')]
      : []
  },
}

export const LEASE: Strategy<Lease> = {
  validate: ({ spec }) =>
    spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0
      ? [invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')]
      : [],
}

export const ROLE: Strategy<Role> = {
  nameRule: pathSegment,
  validate: ({ rules }) =>
    (rules ?? []).flatMap((rule, i) =>
      rule.verbs?.length ? [] : [required(`rules[${i}].verbs`, 'verbs must contain at least one value')],
    ),
}

export const ROLE_BINDING: Strategy<RoleBinding> = {
  nameRule: pathSegment,
  default: binding => ({
    ...binding,
    ...(binding.roleRef && { roleRef: { ...binding.roleRef, apiGroup: binding.roleRef.apiGroup || RBAC_GROUP } }),
    ...(binding.subjects && { subjects: binding.subjects.map(withGroup) }),
  }),
  validate: ({ roleRef, subjects = [] }) => [
    ...(roleRef
      ? [
          ...(['Role', 'ClusterRole'].includes(roleRef.kind)
            ? []
            : [notSupported('roleRef.kind', roleRef.kind, ['ClusterRole', 'Role'])]),
          ...(roleRef.name ? [] : [required('roleRef.name')]),
        ]
      : [required('roleRef')]),
    ...subjects.flatMap(({ kind, name, namespace }, i) => [
      ...(['User', 'Group', 'ServiceAccount'].includes(kind)
        ? []
        : [notSupported(`subjects[${i}].kind`, kind, ['Group', 'ServiceAccount', 'User'])]),
      ...(name ? [] : [required(`subjects[${i}].name`)]),
      ...(kind === 'ServiceAccount' && !namespace ? [required(`subjects[${i}].namespace`)] : []),
    ]),
  ],
  validateUpdate: ({ roleRef }, old) =>
    isSame(roleRef, old.roleRef) ? [] : [invalid('roleRef', roleRef, 'cannot change roleRef')],
}

const RBAC_GROUP = 'rbac.authorization.k8s.io'
const withGroup = (subject: NonNullable<RoleBinding['subjects']>[number]) =>
  subject.kind === 'ServiceAccount' ? subject : { ...subject, apiGroup: subject.apiGroup || RBAC_GROUP }

type PriorityClass = KubeObject & { readonly value?: number; readonly preemptionPolicy?: string }

export const PRIORITY_CLASS: Strategy<PriorityClass> = {
  default: priority => ({ preemptionPolicy: 'PreemptLowerPriority', ...priority }),
  validateUpdate: (next, old) =>
    next.value === old.value ? [] : [invalid('value', next.value ?? 0, 'may not be changed in an update')],
}

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
