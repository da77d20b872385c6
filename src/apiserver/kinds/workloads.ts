/** Deployments, ReplicaSets, StatefulSets and DaemonSets: their defaults and what may not change (pkg/apis/apps). */
import type { PodTemplateSpec } from '../../kube/core.ts'
import type { KubeObject, LabelSelector } from '../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../kube/workloads.ts'
import { denied, invalid, notSupported } from '../resource/field-error.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { podSpecDefaults, templateDefaults } from './pod-defaults.ts'
import { validateTemplate } from './pod-validation.ts'
import { validateOwnSelector } from './selector-validation.ts'
import { atMostAll, checkCountOrShare, type Errors, notNegative, when } from './small-rules.ts'

export { CRON_JOB } from './cron-jobs.ts'
export { JOB } from './jobs.ts'

type Fields = Readonly<Record<string, unknown>>

/** A template as defaulting leaves it: a spec is always there, if only with what is filled in. */
const filledTemplate = (template: PodTemplateSpec | undefined): PodTemplateSpec =>
  template?.spec ? templateDefaults(template) : { ...template, spec: podSpecDefaults({} as PodTemplateSpec['spec']) }

interface Keeper {
  readonly selector?: LabelSelector | undefined
  readonly template?: PodTemplateSpec | undefined
  readonly minReadySeconds?: number
  readonly revisionHistoryLimit?: number
}

/** What all four share: they keep pods of a template alive. */
function validateTemplateOf({ template }: Keeper, what: string): Errors {
  const spec = template?.spec
  return [
    ...validateTemplate(template, 'spec.template'),
    ...when(
      spec?.restartPolicy !== undefined && spec.restartPolicy !== 'Always',
      notSupported('spec.template.spec.restartPolicy', spec?.restartPolicy, ['Always']),
    ),
    ...when(
      spec?.activeDeadlineSeconds !== undefined,
      denied('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${what} is not Supported`),
    ),
  ]
}

const SURGE = { maxSurge: '25%', maxUnavailable: '25%' }

export const DEPLOYMENT: Strategy<Deployment> = {
  hasGeneration: true,
  countsAnnotations: true,
  default: deploymentDefaults,
  validate: validateDeployment,
  validateUpdate: ({ spec }, old) => immutable('spec.selector', spec.selector, old.spec.selector),
  validateStatus: validateDeploymentStatus,
}

type Share = number | string | undefined
type DeploymentFields = Keeper & {
  readonly replicas?: number
  readonly progressDeadlineSeconds?: number
  readonly strategy?: {
    readonly type?: string
    readonly rollingUpdate?: { readonly maxSurge?: Share; readonly maxUnavailable?: Share }
  }
}

function deploymentDefaults(deployment: Deployment): Deployment {
  const spec = (deployment.spec ?? {}) as DeploymentFields
  const strategy = { ...spec.strategy, type: spec.strategy?.type || 'RollingUpdate' }
  const rollingUpdate = strategy.type === 'RollingUpdate' && {
    rollingUpdate: { ...SURGE, ...strategy.rollingUpdate },
  }
  return {
    ...deployment,
    spec: {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
      strategy: { ...strategy, ...rollingUpdate },
      template: filledTemplate(spec.template),
    } as Deployment['spec'],
  }
}

function validateDeployment(deployment: Deployment): Errors {
  const spec = deployment.spec as DeploymentFields
  const { minReadySeconds = 0, progressDeadlineSeconds: deadline, strategy } = spec
  return [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...validateOwnSelector(spec, 'deployment'),
    ...validateTemplateOf(spec, 'ReplicaSet'),
    ...validateStrategy(strategy ?? {}),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...notNegative(deadline, 'spec.progressDeadlineSeconds'),
    ...when(
      deadline !== undefined && deadline <= minReadySeconds,
      invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'),
    ),
  ]
}

const STRATEGIES = ['Recreate', 'RollingUpdate']

function validateStrategy({ type = '', rollingUpdate }: NonNullable<DeploymentFields['strategy']>): Errors {
  const field = 'spec.strategy.rollingUpdate'
  if (!STRATEGIES.includes(type))
    return [notSupported('spec.strategy', { Type: type, RollingUpdate: rollingUpdate ?? null }, STRATEGIES)]
  if (type === 'Recreate')
    return when(rollingUpdate, denied(field, "may not be specified when strategy `type` is 'Recreate'"))
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {}
  return [
    ...checkCountOrShare(maxUnavailable, `${field}.maxUnavailable`),
    ...checkCountOrShare(maxSurge, `${field}.maxSurge`),
    ...when(
      isNothing(maxUnavailable) && isNothing(maxSurge),
      invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    ),
    ...atMostAll(maxUnavailable, `${field}.maxUnavailable`),
  ]
}

const isNothing = (value: Share): boolean => value !== undefined && Number.parseInt(String(value), 10) === 0

const COUNTS = [
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'collisionCount',
]

function validateDeploymentStatus({ status }: Deployment): Errors {
  const given = (status ?? {}) as Readonly<Record<string, number | undefined>>
  const { replicas = 0, availableReplicas = 0, readyReplicas = 0 } = given
  return [
    ...COUNTS.flatMap(name => notNegative(given[name], `status.${name}`)),
    ...['updatedReplicas', 'readyReplicas', 'availableReplicas'].flatMap(name =>
      when(
        (given[name] ?? 0) > replicas,
        invalid(`status.${name}`, given[name] ?? 0, 'cannot be greater than status.replicas'),
      ),
    ),
    ...when(
      availableReplicas > readyReplicas,
      invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'),
    ),
  ]
}

export const REPLICA_SET: Strategy<ReplicaSet> = {
  hasGeneration: true,
  default: set => ({
    ...set,
    spec: { replicas: 1, ...set.spec, template: filledTemplate(set.spec?.template) } as ReplicaSet['spec'],
  }),
  validate: ({ spec }) => [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateOwnSelector(spec, 'deployment'),
    ...validateTemplateOf(spec, 'ReplicaSet'),
  ],
  validateUpdate: ({ spec }, old) => immutable('spec.selector', spec.selector, old.spec.selector),
}

interface StatefulSet extends KubeObject {
  readonly spec?: Keeper & {
    readonly replicas?: number
    readonly serviceName?: string
    readonly podManagementPolicy?: string
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: Fields }
    readonly persistentVolumeClaimRetentionPolicy?: Fields
    readonly volumeClaimTemplates?: readonly (Fields & { readonly spec?: Fields; readonly status?: Fields })[]
    readonly ordinals?: { readonly start?: number }
  }
}

export const STATEFUL_SET: Strategy<StatefulSet> = {
  hasGeneration: true,
  default: statefulSetDefaults,
  validate: validateStatefulSet,
  validateUpdate: ({ spec }, { spec: old }) =>
    ['serviceName', 'podManagementPolicy', 'selector', 'volumeClaimTemplates'].flatMap(name =>
      immutable(`spec.${name}`, (spec as Fields)[name], (old as Fields)[name]),
    ),
}

function statefulSetDefaults(set: StatefulSet): StatefulSet {
  const { spec = {} } = set
  const type = spec.updateStrategy?.type || 'RollingUpdate'
  const rollingUpdate = type === 'RollingUpdate' && {
    rollingUpdate: { partition: 0, maxUnavailable: 1, ...spec.updateStrategy?.rollingUpdate },
  }
  return {
    ...set,
    spec: {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      ...spec,
      updateStrategy: { ...spec.updateStrategy, type, ...rollingUpdate },
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: 'Retain',
        whenScaled: 'Retain',
        ...spec.persistentVolumeClaimRetentionPolicy,
      },
      ...(spec.volumeClaimTemplates && {
        volumeClaimTemplates: spec.volumeClaimTemplates.map(claim => ({
          kind: 'PersistentVolumeClaim',
          apiVersion: 'v1',
          ...claim,
          spec: { volumeMode: 'Filesystem', ...claim.spec },
          status: { phase: 'Pending', ...claim.status },
        })),
      }),
      template: filledTemplate(spec.template),
    },
  }
}

function validateStatefulSet({ spec = {} }: StatefulSet): Errors {
  const { podManagementPolicy: policy, updateStrategy: { type = '', rollingUpdate = null } = {} } = spec
  return [
    ...when(
      !['OrderedReady', 'Parallel'].includes(policy ?? ''),
      invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"),
    ),
    ...when(
      !['RollingUpdate', 'OnDelete'].includes(type),
      invalid(
        'spec.updateStrategy',
        { Type: type, RollingUpdate: rollingUpdate },
        "must be 'RollingUpdate' or 'OnDelete'",
      ),
    ),
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.ordinals?.start, 'spec.ordinals.start'),
    ...validateOwnSelector(spec, 'statefulset'),
    ...validateTemplateOf(spec, 'StatefulSet'),
  ]
}

interface DaemonSet extends KubeObject {
  readonly spec?: Keeper & { readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: Fields } }
}

export const DAEMON_SET: Strategy<DaemonSet> = {
  hasGeneration: true,
  default: daemonSetDefaults,
  validate: validateDaemonSet,
  validateUpdate: ({ spec }, old) => immutable('spec.selector', spec?.selector, old.spec?.selector),
}

function daemonSetDefaults(set: DaemonSet): DaemonSet {
  const { spec = {} } = set
  const type = spec.updateStrategy?.type || 'RollingUpdate'
  const rollingUpdate = type === 'RollingUpdate' && {
    rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...spec.updateStrategy?.rollingUpdate },
  }
  // A field of old versions, which lives on as this.
  const generation = { 'deprecated.daemonset.template.generation': '1' }
  return {
    ...set,
    metadata: { ...set.metadata, annotations: { ...generation, ...set.metadata.annotations } },
    spec: {
      revisionHistoryLimit: 10,
      ...spec,
      updateStrategy: { ...spec.updateStrategy, type, ...rollingUpdate },
      template: filledTemplate(spec.template),
    },
  }
}

function validateDaemonSet({ spec = {} }: DaemonSet): Errors {
  const { type = '', rollingUpdate = null } = spec.updateStrategy ?? {}
  // Upstream takes an absent selector for one that picks nothing, and says only that.
  const wrongSelector = validateOwnSelector(spec, 'daemonset').filter(({ reason }) => reason !== 'FieldValueRequired')
  return [
    ...wrongSelector,
    ...validateTemplateOf(spec, 'DaemonSet'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...when(
      !['RollingUpdate', 'OnDelete'].includes(type),
      notSupported('spec.updateStrategy', { Type: type, RollingUpdate: rollingUpdate }, ['RollingUpdate', 'OnDelete']),
    ),
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ]
}
