/** Jobs, Deployments and ReplicaSets: their defaults and what may not change (pkg/apis/batch, pkg/apis/apps). */

import type { PodTemplateSpec } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { CONTROLLER_UID, JOB_NAME } from '../../kube/names.ts'
import type { LabelSelector } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import type { Deployment, Job, ReplicaSet } from '../../kube/workloads.ts'
import { type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { checkName, dnsLabel, labelValue, qualifiedName } from './names.ts'
import { templateDefaults } from './pod-defaults.ts'
import { notNegative, oneOf, validateTemplate } from './pod-validation.ts'

type Errors = readonly FieldError[]

const MAX_INT32 = 2 ** 31 - 1
const DEFAULT_BACKOFF_LIMIT = 6

export const JOB: Strategy<Job> = {
  hasGeneration: true,
  admit: withSelector,
  default: jobDefaults,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
}

/** A Job's pods are known by its uid, so that two Jobs never take each other's. Old and new names of the labels, as upstream. */
function withSelector(job: Job): Job {
  const { spec, metadata } = job
  if (!spec?.template || spec.manualSelector) return job
  const uid = metadata.uid ?? ''
  const name = metadata.name ?? ''
  const labels = { 'controller-uid': uid, 'job-name': name, [CONTROLLER_UID]: uid, [JOB_NAME]: name }
  const { template } = spec
  return {
    ...job,
    spec: {
      ...spec,
      selector: spec.selector ?? { matchLabels: { [CONTROLLER_UID]: uid } },
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
      },
    },
  }
}

function jobDefaults(job: Job): Job {
  const { spec } = job
  if (!spec) return job
  const isSingle = spec.completions === undefined && spec.parallelism === undefined
  const { podFailurePolicy } = spec as { podFailurePolicy?: unknown }
  return {
    ...job,
    spec: {
      ...(isSingle && { completions: 1 }),
      parallelism: 1,
      backoffLimit: spec.backoffLimitPerIndex === undefined ? DEFAULT_BACKOFF_LIMIT : MAX_INT32,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
      ...spec,
      template: templateDefaults(spec.template),
    },
  }
}

const JOB_RESTART_POLICIES = ['OnFailure', 'Never']

function validateJob({ metadata, spec }: Job): Errors {
  if (!spec) return [required('spec')]
  const isIndexed = spec.completionMode === 'Indexed'
  const lastHost = `${metadata.name}-${Math.max(0, (spec.completions ?? 1) - 1)}`
  return [
    ...notNegative(spec.completions, 'spec.completions'),
    ...notNegative(spec.parallelism, 'spec.parallelism'),
    ...notNegative(spec.backoffLimit, 'spec.backoffLimit'),
    ...notNegative(spec.activeDeadlineSeconds, 'spec.activeDeadlineSeconds'),
    ...notNegative(spec.ttlSecondsAfterFinished, 'spec.ttlSecondsAfterFinished'),
    ...oneOf(['NonIndexed', 'Indexed'], spec.completionMode, 'spec.completionMode'),
    ...(isIndexed && spec.completions === undefined
      ? [required('spec.completions', 'when completion mode is Indexed')]
      : []),
    // Pods of an Indexed Job are hosts by the name of the Job and their index.
    ...(isIndexed && dnsLabel(lastHost)
      ? [invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${lastHost}`)]
      : []),
    ...validateTemplate(spec.template, 'spec.template'),
    ...(spec.template?.spec?.restartPolicy === 'Always'
      ? [
          required(
            'spec.template.spec.restartPolicy',
            `valid values: ${JOB_RESTART_POLICIES.map(p => `"${p}"`).join(', ')}`,
          ),
        ]
      : []),
    ...matching(spec.selector, spec.template, 'spec.selector'),
  ]
}

function validateJobUpdate({ spec }: Job, { spec: old }: Job): Errors {
  const isElastic =
    old.completionMode === 'Indexed' &&
    spec.completions === spec.parallelism &&
    spec.completions !== undefined &&
    old.completions !== undefined
  return [
    ...(isElastic ? [] : immutable('spec.completions', spec.completions, old.completions)),
    ...immutable('spec.selector', spec.selector, old.selector),
    ...immutable('spec.completionMode', spec.completionMode, old.completionMode),
    ...immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.backoffLimitPerIndex),
    ...(old.suspend
      ? immutable('spec.template', scheduled(spec.template), scheduled(old.template))
      : immutable('spec.template', spec.template, old.template)),
  ]
}

/** What queues may still decide of a suspended Job: where its pods go. */
function scheduled({ spec }: PodTemplateSpec): object {
  const { schedulingGates: _, affinity: __, ...rest } = spec as PodTemplateSpec['spec'] & Record<string, unknown>
  return without(rest as PodTemplateSpec['spec'], ['nodeSelector', 'tolerations'])
}

const SURGE = { maxSurge: '25%', maxUnavailable: '25%' }

export const DEPLOYMENT: Strategy<Deployment> = {
  hasGeneration: true,
  default: deploymentDefaults,
  validate: deployment => validateReplicas(deployment, 'deployment'),
  validateUpdate: ({ spec }, old) => immutable('spec.selector', spec.selector, old.spec.selector),
}

function deploymentDefaults(deployment: Deployment): Deployment {
  const { spec } = deployment
  if (!spec) return deployment
  const strategy = { type: 'RollingUpdate' as const, ...spec.strategy }
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
      template: templateDefaults(spec.template),
    },
  }
}

export const REPLICA_SET: Strategy<ReplicaSet> = {
  hasGeneration: true,
  default: set =>
    set.spec ? { ...set, spec: { replicas: 1, ...set.spec, template: templateDefaults(set.spec.template) } } : set,
  validate: set => validateReplicas(set, 'replicaset'),
  validateUpdate: ({ spec }, old) => immutable('spec.selector', spec.selector, old.spec.selector),
}

function validateReplicas({ spec }: Deployment | ReplicaSet, kind: string): Errors {
  if (!spec) return [required('spec')]
  const policy = spec.template?.spec?.restartPolicy
  return [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(spec.selector
      ? isSame(spec.selector, {})
        ? [invalid('spec.selector', spec.selector, `empty selector is invalid for ${kind}`)]
        : [...validateSelector(spec.selector, 'spec.selector'), ...matchingTemplate(spec)]
      : [required('spec.selector')]),
    ...validateTemplate(spec.template, 'spec.template'),
    ...(policy !== undefined && policy !== 'Always'
      ? [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]
      : []),
  ]
}

export function validateSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector, field: string): Errors {
  return [
    ...Object.entries(matchLabels).flatMap(([key, value]) => [
      ...checkName(qualifiedName, `${field}.matchLabels`, key),
      ...checkName(labelValue, `${field}.matchLabels`, value),
    ]),
    ...matchExpressions.flatMap(({ key, operator, values = [] }, i) => {
      const at = `${field}.matchExpressions[${i}]`
      const needsValues = operator === 'In' || operator === 'NotIn'
      return [
        ...checkName(qualifiedName, `${at}.key`, key),
        ...(['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)
          ? []
          : [invalid(`${at}.operator`, operator, 'not a valid selector operator')]),
        ...(needsValues && values.length === 0
          ? [required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
          : []),
      ]
    }),
  ]
}

function matchingTemplate({ selector, template }: Deployment['spec']): Errors {
  const labels = template?.metadata?.labels ?? {}
  if (selects(selector, labels)) return []
  return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
}

function matching(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, field: string): Errors {
  if (!selector) return [required(field)]
  if (!template || selects(selector, template.metadata?.labels)) return []
  const labels = template.metadata?.labels ?? {}
  return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
}
