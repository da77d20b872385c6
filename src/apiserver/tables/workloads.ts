/** Columns of Jobs, Deployments, ReplicaSets and gangs. */
import type { PodTemplateSpec } from '../../kube/core.ts'
import type { LabelSelector } from '../../kube/object.ts'
import type { Deployment, Job, PodGroup, ReplicaSet } from '../../kube/workloads.ts'
import { AGE, type Column, integer, NAME, NONE, text, wide } from './column.ts'
import { humanDuration, since } from './duration.ts'
import { at, field, labelsText, listAt, textAt, typed } from './field.ts'

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

function jobState(job: Job): string {
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

export const STATEFUL_SET_COLUMNS: readonly Column[] = [
  NAME,
  text('Ready', set => `${textAt(set, 'status.readyReplicas', '0')}/${textAt(set, 'spec.replicas', '0')}`),
  AGE,
  ...(TEMPLATE_COLUMNS.slice(0, 2) as readonly Column[]),
]

const number = (name: string, path: string): Column => integer(name, object => Number(at(object, path) ?? 0))

export const DAEMON_SET_COLUMNS: readonly Column[] = [
  NAME,
  number('Desired', 'status.desiredNumberScheduled'),
  number('Current', 'status.currentNumberScheduled'),
  number('Ready', 'status.numberReady'),
  number('Up-to-date', 'status.updatedNumberScheduled'),
  number('Available', 'status.numberAvailable'),
  text('Node Selector', set => labelsText(at(set, 'spec.template.spec.nodeSelector'))),
  AGE,
  ...(TEMPLATE_COLUMNS as readonly Column[]),
]

const containerCells = (path: string, key: string) => (object: unknown) =>
  listAt(object, `${path}.spec.containers`)
    .map(container => String(container[key] ?? ''))
    .join(',')

export const CRON_JOB_COLUMNS: readonly Column[] = [
  NAME,
  field('Schedule', 'spec.schedule'),
  field('Timezone', 'spec.timeZone', NONE),
  // Upstream calls it a boolean and prints a text.
  typed('Suspend', 'boolean', job => ({ true: 'True', false: 'False' })[String(at(job, 'spec.suspend'))] ?? '<unset>'),
  integer('Active', job => listAt(job, 'status.active').length),
  text('Last Schedule', (job, now) => {
    const last = textAt(job, 'status.lastScheduleTime')
    return last === '' ? NONE : since(last, now)
  }),
  AGE,
  wide(text('Containers', containerCells('spec.jobTemplate.spec.template', 'name'))),
  wide(text('Images', containerCells('spec.jobTemplate.spec.template', 'image'))),
  wide(text('Selector', job => formatSelector(at(job, 'spec.jobTemplate.spec.selector') as LabelSelector | undefined))),
]

export const REPLICATION_CONTROLLER_COLUMNS: readonly Column[] = [
  NAME,
  number('Desired', 'spec.replicas'),
  number('Current', 'status.replicas'),
  number('Ready', 'status.readyReplicas'),
  AGE,
  wide(text('Containers', containerCells('spec.template', 'name'))),
  wide(text('Images', containerCells('spec.template', 'image'))),
  wide(text('Selector', object => labelsText(at(object, 'spec.selector')))),
]

export const POD_TEMPLATE_COLUMNS: readonly Column[] = [
  NAME,
  text('Containers', containerCells('template', 'name')),
  text('Images', containerCells('template', 'image')),
  text('Pod Labels', object => labelsText(at(object, 'template.metadata.labels'))),
]

export const CONTROLLER_REVISION_COLUMNS: readonly Column[] = [
  NAME,
  text('Controller', ({ metadata: { ownerReferences = [] } }) => {
    const owner = ownerReferences.find(({ controller }) => controller)
    if (!owner) return NONE
    const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
    return `${owner.kind}${group}`.toLowerCase().concat(`/${owner.name}`)
  }),
  text('Revision', revision => Number(at(revision, 'revision') ?? 0)),
  AGE,
]
