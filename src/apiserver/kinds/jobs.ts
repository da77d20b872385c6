/** Jobs: their defaults and what may not change (pkg/apis/batch). */
import type { PodTemplateSpec } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { CONTROLLER_UID, JOB_NAME } from '../../kube/names.ts'
import type { Condition } from '../../kube/object.ts'
import type { Job } from '../../kube/workloads.ts'
import { invalid, notSupported, required } from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { dnsLabel } from './names.ts'
import { templateDefaults } from './pod-defaults.ts'
import { validateTemplate } from './pod-validation.ts'
import { matchesTemplate, sortedByKey } from './selector-validation.ts'
import { type Errors, MAX_INT32, notNegative, oneOf, when } from './small-rules.ts'

const DEFAULT_BACKOFF_LIMIT = 6

export const JOB: Strategy<Job> = {
  hasGeneration: true,
  admit: withSelector,
  default: job =>
    job.spec ? withTemplateLabels({ ...job, spec: jobSpecDefaults(job.spec) as unknown as Job['spec'] }) : job,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatus: validateJobStatus,
}

type Fields = Readonly<Record<string, unknown>>
export type JobFields = Job['spec'] & {
  readonly podFailurePolicy?: { readonly rules?: readonly FailureRule[] }
  readonly successPolicy?: { readonly rules?: readonly unknown[] }
  readonly maxFailedIndexes?: number
  readonly podReplacementPolicy?: string
  readonly managedBy?: string
}
interface FailureRule {
  readonly action?: string
  readonly onExitCodes?: unknown
  readonly onPodConditions?: readonly Fields[]
}

/** A Job's pods are known by its uid, so that two Jobs never take each other's. Old and new names of the labels, as upstream. */
function withSelector(job: Job): Job {
  const { spec, metadata } = job
  if (!spec?.template || spec.manualSelector) return job
  const uid = metadata.uid ?? ''
  const name = metadata.name ?? ''
  const labels = { 'controller-uid': uid, 'job-name': name, [CONTROLLER_UID]: uid, [JOB_NAME]: name }
  const { template, selector } = spec
  return {
    ...job,
    spec: {
      ...{ manualSelector: false },
      ...spec,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [CONTROLLER_UID]: uid } },
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
      },
    },
  }
}

/** A Job without labels of its own has those of its pods. */
function withTemplateLabels(job: Job): Job {
  const labels = job.spec.template?.metadata?.labels
  if (!labels || Object.keys(labels).length === 0 || job.metadata.labels) return job
  return { ...job, metadata: { ...job.metadata, labels } }
}

function jobSpecDefaults(spec: JobFields): Fields {
  const isSingle = spec.completions === undefined && spec.parallelism === undefined
  const { podFailurePolicy } = spec
  return {
    ...(isSingle && { completions: 1 }),
    parallelism: 1,
    backoffLimit: spec.backoffLimitPerIndex === undefined ? DEFAULT_BACKOFF_LIMIT : MAX_INT32,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    ...spec,
    ...(podFailurePolicy && {
      podFailurePolicy: { ...podFailurePolicy, rules: (podFailurePolicy.rules ?? []).map(withConditionStatus) },
    }),
    ...(spec.template && { template: templateDefaults(spec.template) }),
  }
}

const withConditionStatus = (rule: FailureRule): FailureRule =>
  rule.onPodConditions
    ? { ...rule, onPodConditions: rule.onPodConditions.map(each => ({ ...each, status: each.status || 'True' })) }
    : rule

const RESTART_POLICIES = ['OnFailure', 'Never']
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const MAX_INDEXED_PARALLELISM = 100_000

function validateJob({ metadata, spec }: Job, old?: Job): Errors {
  if (!spec) return [required('spec')]
  const { selector, template } = spec
  const isOwn = spec.manualSelector || isSame(selector?.matchLabels, { [CONTROLLER_UID]: metadata.uid })
  const lastHost = `${metadata.name}-${Math.max(0, (spec.completions ?? 1) - 1)}`
  return [
    ...validateJobSpec(spec, 'spec'),
    ...when(!selector, required('spec.selector')),
    ...when(
      selector && !isOwn && !old,
      invalid(
        'spec.selector',
        { ...selector, matchLabels: sortedByKey(selector?.matchLabels ?? {}) },
        '`selector` not auto-generated',
      ),
    ),
    // A Job's template has labels, be they none.
    ...(selector && template ? matchesTemplate(selector, labelled(template)) : []),
    // Pods of an Indexed Job are hosts by the name of the Job and their index.
    ...when(
      spec.completionMode === 'Indexed' && spec.completions !== undefined && dnsLabel(lastHost),
      invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${lastHost}`),
    ),
  ]
}

export function validateJobSpec(spec: JobFields, field: string): Errors {
  const isIndexed = spec.completionMode === 'Indexed'
  const { podFailurePolicy, successPolicy, managedBy = '' } = spec
  const restartPolicy = spec.template?.spec?.restartPolicy
  const indexedOnly = 'requires indexed completion mode'
  return [
    ...notNegative(spec.parallelism, `${field}.parallelism`),
    ...notNegative(spec.completions, `${field}.completions`),
    ...notNegative(spec.activeDeadlineSeconds, `${field}.activeDeadlineSeconds`),
    ...notNegative(spec.backoffLimit, `${field}.backoffLimit`),
    ...notNegative(spec.ttlSecondsAfterFinished, `${field}.ttlSecondsAfterFinished`),
    ...notNegative(spec.backoffLimitPerIndex, `${field}.backoffLimitPerIndex`),
    ...when(
      spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined,
      required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'),
    ),
    ...when(
      managedBy && !/^[^/\s]+\/[^/\s]+$/.test(managedBy),
      invalid(`${field}.managedBy`, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'),
    ),
    ...oneOf(['NonIndexed', 'Indexed'], spec.completionMode, `${field}.completionMode`),
    ...when(
      isIndexed && spec.completions === undefined,
      required(`${field}.completions`, 'when completion mode is Indexed'),
    ),
    ...when(
      isIndexed && (spec.parallelism ?? 0) > MAX_INDEXED_PARALLELISM,
      invalid(
        `${field}.parallelism`,
        spec.parallelism,
        `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`,
      ),
    ),
    ...when(
      !isIndexed && spec.backoffLimitPerIndex !== undefined,
      invalid(`${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, indexedOnly),
    ),
    ...when(
      !isIndexed && spec.maxFailedIndexes !== undefined,
      invalid(`${field}.maxFailedIndexes`, spec.maxFailedIndexes, indexedOnly),
    ),
    ...when(
      !isIndexed && successPolicy,
      invalid(`${field}.successPolicy`, { Rules: successPolicy?.rules ?? [] }, indexedOnly),
    ),
    ...(podFailurePolicy?.rules ?? []).flatMap((rule, i) =>
      validateFailureRule(rule, `${field}.podFailurePolicy.rules[${i}]`),
    ),
    ...oneOf(['Failed', 'TerminatingOrFailed'], spec.podReplacementPolicy, `${field}.podReplacementPolicy`),
    ...validateTemplate(spec.template, `${field}.template`),
    ...when(
      restartPolicy === 'Always' || (spec.template && restartPolicy === undefined),
      required(
        `${field}.template.spec.restartPolicy`,
        `valid values: ${RESTART_POLICIES.map(p => `"${p}"`).join(', ')}`,
      ),
    ),
    ...when(
      podFailurePolicy && restartPolicy === 'OnFailure',
      invalid(
        `${field}.template.spec.restartPolicy`,
        restartPolicy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    ),
  ]
}

const validateFailureRule = ({ action = '', onExitCodes, onPodConditions }: FailureRule, field: string): Errors => [
  ...when(!ACTIONS.includes(action), notSupported(`${field}.action`, action, ACTIONS)),
  ...when(!onExitCodes && !onPodConditions, {
    field,
    reason: 'FieldValueInvalid',
    body: 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
  }),
]

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
      ? immutable('spec.template.spec', scheduled(spec.template), scheduled(old.template))
      : immutable('spec.template', spec.template, old.template)),
  ]
}

/** What queues may still decide of a suspended Job: where its pods go. */
function scheduled({ spec }: PodTemplateSpec): object {
  const { schedulingGates: _, affinity: __, ...rest } = spec as PodTemplateSpec['spec'] & Fields
  return without(rest as PodTemplateSpec['spec'], ['nodeSelector', 'tolerations'])
}

const plain = (field: string, why: string) => ({ field, reason: 'FieldValueInvalid', body: `Invalid value: ${why}` })

function validateJobStatus({ status }: Job): Errors {
  const {
    active = 0,
    succeeded = 0,
    failed = 0,
    conditions = [],
    completionTime,
  } = (status ?? {}) as Fields & {
    readonly active?: number
    readonly succeeded?: number
    readonly failed?: number
    readonly conditions?: readonly Condition[]
    readonly completionTime?: string
  }
  const is = (type: string): boolean => conditions.some(each => each.type === type && each.status === 'True')
  const [isComplete, isFailed] = [is('Complete'), is('Failed')]
  return [
    ...notNegative(active, 'status.active'),
    ...notNegative(succeeded, 'status.succeeded'),
    ...notNegative(failed, 'status.failed'),
    ...when(isComplete && isFailed, plain('status.conditions', 'cannot set Complete=True and Failed=true conditions')),
    ...when(
      isComplete && !completionTime,
      required('status.completionTime', 'completionTime is required for Complete jobs'),
    ),
    ...when(
      isFailed && !is('FailureTarget'),
      plain('status.conditions', 'cannot set Failed=True condition without the FailureTarget=true condition'),
    ),
    ...when(
      isComplete && !is('SuccessCriteriaMet'),
      plain('status.conditions', 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
    ),
    ...when(
      (isComplete || isFailed) && active > 0,
      invalid('status.active', active, 'active>0 is invalid for finished job'),
    ),
  ]
}

const labelled = (template: PodTemplateSpec): PodTemplateSpec => ({
  ...template,
  metadata: { labels: {}, ...template.metadata },
})
