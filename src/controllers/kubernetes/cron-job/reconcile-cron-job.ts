/**
 * The CronJob controller's decision: its Jobs and the time to the Job to make, the old ones to delete, and the next status. Pure. Follows
 * syncCronJob in pkg/controller/cronjob/cronjob_controllerv2.go, but for one thing: a Job that was just made enters the status in the
 * next pass, when its uid is known; so a crash in between is an ordinary day.
 */
import { formatTime, type Instant } from '../../../base/clock.ts'
import { parseCronSchedule } from '../../../kube/cron-schedule.ts'
import { isSame } from '../../../kube/equal.ts'
import type { CronJob, Job, ObjectReference } from '../../../kube/workloads.ts'
import { type Action, create, normal, remove, updateStatus, wake, warning } from '../../runtime/action.ts'
import { isTrue } from '../../runtime/conditions.ts'
import { isFinished } from '../job/conditions.ts'
import { type DueTime, dueTime, NEVER_DUE, untilNextMs } from './due-time.ts'
import { jobNameOf, jobOf, scheduledTimeOf } from './job-of-cron-job.ts'

export interface CronJobObserved {
  readonly cronJob: CronJob
  /** Those that it controls. */
  readonly jobs: readonly Job[]
  /** Any Job of its namespace, whoever made it. */
  readonly jobNamed: (name: string) => Job | undefined
}

type Status = NonNullable<CronJob['status']>

export function reconcileCronJob({ cronJob, jobs, jobNamed }: CronJobObserved, now: Instant): readonly Action[] {
  const old = outlived(cronJob, jobs)
  const kept = jobs.filter(job => !old.includes(job))
  const { status, news } = observe(cronJob, kept)
  const next = start({ ...cronJob, status }, kept, jobNamed, now)
  return [
    ...old.map(job => remove(job, { about: cronJob })),
    ...news,
    ...next.before,
    ...(isSame(next.status, cronJob.status ?? {}) ? [] : [updateStatus(cronJob, next.status)]),
    ...next.after,
  ]
}

/** Ended Jobs beyond the history limits, the oldest first. */
function outlived({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const beyond = (type: string, limit: number | undefined): readonly Job[] => {
    const ended = jobs.filter(job => isTrue(job, type)).sort(byStart)
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [...beyond('Complete', spec.successfulJobsHistoryLimit), ...beyond('Failed', spec.failedJobsHistoryLimit)]
}

/** One that has not started counts as the youngest. */
function byStart(a: Job, b: Job): number {
  const start = (job: Job): number => Date.parse(job.status?.startTime ?? '') || Number.MAX_SAFE_INTEGER
  return start(a) - start(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
}

/** What became of its Jobs since the status was written. */
function observe(
  cronJob: CronJob,
  jobs: readonly Job[],
): { readonly status: Status; readonly news: readonly Action[] } {
  const news: Action[] = []
  const { active: listed = [], ...rest } = cronJob.status ?? {}
  let status: Status = rest
  const active: ObjectReference[] = []
  for (const job of jobs) {
    const isListed = listed.some(({ uid }) => uid === job.metadata.uid)
    const isNew = !isListed && isUnregistered(cronJob, job)
    if (isNew) status = { ...status, lastScheduleTime: later(status.lastScheduleTime, timeFor(cronJob, job)) }
    if (!isFinished(job)) {
      if (isNew) active.push(referenceTo(job))
      else if (!isListed) news.push(warning(cronJob, 'UnexpectedJob', `${UNEXPECTED}: ${job.metadata.name}`))
      continue
    }
    const end = isTrue(job, 'Complete') ? 'Complete' : 'Failed'
    const completed = `Saw completed job: ${job.metadata.name}, condition: ${end}`
    if (isListed || isNew) news.push(normal(cronJob, 'SawCompletedJob', completed))
    if (end === 'Failed') continue
    const lastSuccessfulTime = later(status.lastSuccessfulTime, job.status?.completionTime)
    if (lastSuccessfulTime) status = { ...status, lastSuccessfulTime }
  }
  const running = new Set(jobs.filter(job => !isFinished(job)).map(job => job.metadata.uid))
  for (const { uid, name } of listed) {
    if (jobs.some(({ metadata }) => metadata.uid === uid)) continue
    news.push(normal(cronJob, 'MissingJob', `Active job went missing: ${name}`))
  }
  return { status: withActive(status, [...listed.filter(({ uid }) => running.has(uid)), ...active]), news }
}

const UNEXPECTED = 'Saw a job that the controller did not create or forgot'

/** We made it, and the status does not know yet. */
function isUnregistered(cronJob: CronJob, job: Job): boolean {
  const at = scheduledTimeOf(cronJob, job)
  return at !== undefined && at > (Date.parse(cronJob.status?.lastScheduleTime ?? '') || 0)
}

const timeFor = (cronJob: CronJob, job: Job): string => formatTime(scheduledTimeOf(cronJob, job) ?? 0)

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && Date.parse(b) > Date.parse(a)) ? b : a

const withActive = ({ active: _, ...status }: Status, active: readonly ObjectReference[]): Status =>
  active.length > 0 ? { ...status, active } : status

const referenceTo = ({ apiVersion, kind, metadata }: Job): ObjectReference => ({
  ...{ apiVersion, kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
  resourceVersion: metadata.resourceVersion,
})

interface Start {
  readonly before: readonly Action[]
  readonly status: Status
  readonly after: readonly Action[]
}

/** Whether a start is due, and may be made. `cronJob` has the status that was just observed. */
function start(
  cronJob: CronJob & { readonly status: Status },
  jobs: readonly Job[],
  jobNamed: CronJobObserved['jobNamed'],
  now: Instant,
): Start {
  const { spec, status, metadata } = cronJob
  const nothing = (...after: readonly Action[]): Start => ({ before: [], status, after })
  const parsed = parseCronSchedule(spec.schedule, spec.timeZone)
  if (metadata.deletionTimestamp) return nothing()
  if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone)) {
    const message = `invalid timeZone: ${JSON.stringify(spec.timeZone)}: unknown time zone ${spec.timeZone}`
    return nothing(warning(cronJob, 'UnknownTimeZone', message))
  }
  if (spec.suspend) return nothing()
  if (parsed.kind === 'invalid') {
    const message = `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${parsed.message}`
    return nothing(warning(cronJob, 'UnparseableSchedule', message))
  }
  const due = dueTime(cronJob, now, parsed.schedule, true)
  if (!due) return nothing(warning(cronJob, 'InvalidSchedule', `invalid schedule: ${spec.schedule} : ${NEVER_DUE}`))
  const zoned = spec.schedule.includes('TZ')
    ? [warning(cronJob, 'UnsupportedSchedule', unsupported(spec.schedule))]
    : []
  const again = wake(untilNextMs(cronJob, now, parsed.schedule))
  if (due.mostRecent === undefined) return nothing(again)
  const at = due.mostRecent
  const { told, mayStart } = permission(cronJob, due, at, now)
  if (!mayStart || jobNamed(jobNameOf(cronJob, at))) return nothing(...told, again)
  const replaced = spec.concurrencyPolicy === 'Replace' ? jobs.filter(job => isActive(status, job)) : []
  return {
    before: [...zoned, ...told, ...replaced.map(job => remove(job, { about: cronJob }))],
    status: replaced.length > 0 ? withActive(status, []) : status,
    after: [create(jobOf(cronJob, at), cronJob), again],
  }
}

const isActive = ({ active = [] }: Status, { metadata: { uid } }: Job): boolean => active.some(each => each.uid === uid)

function permission(cronJob: CronJob, due: DueTime, at: Instant, now: Instant) {
  const { spec, status } = cronJob
  const told = due.missed === 'many' ? [warning(cronJob, 'TooManyMissedTimes', TOO_MANY)] : []
  const no = (...more: readonly Action[]) => ({ told: [...told, ...more], mayStart: false })
  const { startingDeadlineSeconds: deadline } = spec
  if (deadline !== undefined && at + deadline * 1000 < now) {
    const message = `Missed scheduled time to start a job: ${rfc1123(at)}`
    return no(warning(cronJob, 'MissSchedule', message))
  }
  if (Date.parse(status?.lastScheduleTime ?? '') === at) return no()
  if (spec.concurrencyPolicy === 'Forbid' && (status?.active ?? []).length > 0) {
    return no(normal(cronJob, 'JobAlreadyActive', ALREADY_ACTIVE))
  }
  return { told, mayStart: true }
}

const TOO_MANY = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
const ALREADY_ACTIVE = 'Not starting job because prior execution is running and concurrency policy is Forbid'

const unsupported = (schedule: string): string =>
  `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`

const rfc1123 = (at: Instant): string => new Date(at).toUTCString().replace(/GMT$/, 'UTC')

const isTimeZone = (name: string): boolean => parseCronSchedule('@daily', name).kind === 'schedule'
