/** Columns of Jobs, Deployments, ReplicaSets and gangs. */
import type { PodTemplateSpec } from '../../kube/core.ts'
import type { LabelSelector } from '../../kube/object.ts'
import type { Deployment, Job, PodGroup, ReplicaSet } from '../../kube/workloads.ts'
import { AGE, type Column, integer, NAME, NONE, text, wide } from './column.ts'
import { humanDuration } from './duration.ts'

/** `app=web,tier in (a,b)`, as metav1.FormatLabelSelector writes it. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const terms = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
      operator === 'Exists'
        ? key
        : operator === 'DoesNotExist'
          ? `!${key}`
          : `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`,
    ),
  ]
  return terms.length === 0 ? NONE : terms.sort().join(',')
}

interface HasTemplate {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Job['metadata']
  readonly spec: { readonly template: PodTemplateSpec; readonly selector?: LabelSelector }
}

const TEMPLATE_COLUMNS: readonly Column<HasTemplate>[] = [
  wide(text('Containers', o => o.spec.template.spec.containers.map(c => c.name).join(','))),
  wide(text('Images', o => o.spec.template.spec.containers.map(c => c.image ?? '').join(','))),
  wide(text('Selector', o => formatSelector(o.spec.selector))),
]

/** The first condition that holds names the state; none means that the Job runs. */
const JOB_STATES = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet']

export function jobState(job: Job): string {
  const held = JOB_STATES.find(type => job.status?.conditions?.some(c => c.type === type && c.status === 'True'))
  const isOver = held === 'Complete' || held === 'Failed'
  return job.metadata.deletionTimestamp && !isOver ? 'Terminating' : (held ?? 'Running')
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}

export const JOB_COLUMNS: readonly Column<Job>[] = [
  NAME,
  text('Status', jobState),
  text('Completions', completions),
  text('Duration', jobDuration),
  AGE,
  ...TEMPLATE_COLUMNS,
]

export const DEPLOYMENT_COLUMNS: readonly Column<Deployment>[] = [
  NAME,
  text('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  integer('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
  integer('Available', ({ status }) => status?.availableReplicas ?? 0),
  AGE,
  ...TEMPLATE_COLUMNS,
]

export const REPLICA_SET_COLUMNS: readonly Column<ReplicaSet>[] = [
  NAME,
  integer('Desired', ({ spec }) => spec.replicas ?? 0),
  integer('Current', ({ status }) => status?.replicas ?? 0),
  integer('Ready', ({ status }) => status?.readyReplicas ?? 0),
  AGE,
  ...TEMPLATE_COLUMNS,
]

function gangState({ status }: PodGroup): string {
  const condition = (type: string) => status?.conditions?.find(c => c.type === type)
  const disrupted = condition('DisruptionTarget')
  if (disrupted) return disrupted.reason ?? 'DisruptionTarget'
  const scheduled = condition('PodGroupInitiallyScheduled')
  return scheduled ? (scheduled.status === 'True' ? 'Scheduled' : 'Unschedulable') : 'Pending'
}

export const POD_GROUP_COLUMNS: readonly Column<PodGroup>[] = [
  NAME,
  text('Policy', ({ spec }) => (spec.schedulingPolicy.gang ? 'Gang' : 'Basic')),
  text('Workload', ({ spec }) => spec.workloadRef?.workloadName ?? NONE),
  text('Status', gangState),
  AGE,
]
