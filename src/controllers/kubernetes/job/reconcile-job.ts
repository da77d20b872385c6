/**
 * The Job controller's decision: a Job and its open pods to the pods to make or give up, the next status, and whose end may be forgotten.
 * Pure; a settled Job gives nothing (a `wake` aside). Follows syncJob in pkg/controller/job/job_controller.go.
 */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import type { Condition } from '../../../kube/object.ts'
import type { Job } from '../../../kube/workloads.ts'
import {
  type Action,
  create,
  dropFinalizer,
  normal,
  remove,
  updateStatus,
  wake,
  warning,
} from '../../runtime/action.ts'
import { conditionOf, isTrue, withCondition } from '../../runtime/conditions.ts'
import type { BackOff } from './back-off.ts'
import { isEnding, isFinished } from './conditions.ts'
import { formatIndexes } from './indexes.ts'
import { isIndexed, isReady, isTracked, JOB_TRACKING } from './job-pod.ts'
import { NO_CHANGES, type PodChanges, podsToChange } from './pods-to-change.ts'
import { type Tally, tallyOfEnd } from './tally.ts'
import { judge, type Verdict } from './verdict.ts'

export interface JobObserved {
  readonly job: Job
  /** The Job's pods that are active or carry the tracking finalizer. */
  readonly pods: readonly Pod[]
  readonly tally: Tally
  readonly backOff: BackOff
  /** The last attempt to make pods was refused: do not count on the next one. */
  readonly isRefused?: boolean
}

export function reconcileJob(observed: JobObserved, now: Instant): readonly Action[] {
  const { job, pods, backOff, isRefused = false } = observed
  if (isManagedElsewhere(job)) return expiry(job, now)
  if (isFinished(job)) return [...release(pods), ...expiry(job, now)]
  const verdict = judge(job, observed.tally, now)
  const isWanted = verdict.kind === 'running' && !job.metadata.deletionTimestamp
  const end = verdict.kind === 'failed' ? 'failed' : 'succeeded'
  const tally = isWanted ? observed.tally : tallyOfEnd(job, pods, observed.tally, end)
  const changes = isWanted ? podsToChange(job, tally, backOff, now) : { ...NO_CHANGES, remove: givenUp(tally, verdict) }
  const expected = isRefused ? { ...changes, create: [] } : changes
  const status = nextStatus(job, tally, verdict, expected, now)
  return [
    ...(isWanted ? changes.remove.filter(isTracked).map(pod => dropFinalizer(pod, JOB_TRACKING)) : []),
    ...changes.remove.map(pod => remove(pod, { about: job })),
    ...changes.create.map(pod => create(pod, job)),
    ...(isSame(status, job.status) ? [] : [updateStatus(job, status)]),
    ...tally.toRelease.map(pod => dropFinalizer(pod, JOB_TRACKING)),
    ...news(job, status, verdict),
    ...(changes.waitMs > 0 ? [wake(changes.waitMs)] : []),
    ...(verdict.kind === 'running' && verdict.deadlineInMs !== undefined ? [wake(verdict.deadlineInMs)] : []),
  ]
}

/** The pods of a Job that is judged are not needed any more, whatever it has come to. */
const givenUp = (tally: Tally, verdict: Verdict): readonly Pod[] => (verdict.kind === 'running' ? [] : tally.active)

/** Somebody else looks after the Job and its pods; only its time to live after its end is ours (KEP-4368). */
export const isManagedElsewhere = ({ spec: { managedBy } }: Job): boolean =>
  managedBy !== undefined && managedBy !== 'kubernetes.io/job-controller'

/** Pods whose Job is over or gone have nobody left to count them. */
export const release = (pods: readonly Pod[]): readonly Action[] =>
  pods.filter(isTracked).map(pod => dropFinalizer(pod, JOB_TRACKING))

function expiry(job: Job, now: Instant): readonly Action[] {
  const ttl = job.spec.ttlSecondsAfterFinished
  if (ttl === undefined || job.metadata.deletionTimestamp) return []
  if (!isFinished(job)) return []
  const end = isTrue(job, 'Complete') ? conditionOf(job, 'Complete') : conditionOf(job, 'Failed')
  const leftMs = Date.parse(end?.lastTransitionTime ?? '') + ttl * 1000 - now
  return leftMs > 0 ? [wake(leftMs)] : [remove(job, { policy: 'Foreground' })]
}

function nextStatus(job: Job, tally: Tally, verdict: Verdict, changes: PodChanges, now: Instant): Job['status'] {
  const gone = new Set(changes.remove)
  const stays = tally.active.filter(pod => !gone.has(pod))
  const active = stays.length + changes.create.length
  const suspend = job.spec.suspend === true
  const ending = withVerdict(withSuspension(job, verdict, now), verdict, now)
  const isOver = isEnding(job) && tally.isSettled && stays.length === 0 && tally.terminating.length === 0
  const conditions = isOver ? withEnd(ending, verdict, now) : ending
  const startTime = suspend && verdict.kind === 'running' ? undefined : (job.status?.startTime ?? formatTime(now))
  const { completionTime: _, startTime: __, ...rest } = job.status ?? {}
  return {
    ...rest,
    active: active || undefined,
    ready: stays.filter(isReady).length,
    terminating: tally.terminating.length + changes.remove.length,
    succeeded: tally.counted.succeeded || undefined,
    failed: tally.counted.failed || undefined,
    completedIndexes: (isIndexed(job) && formatIndexes(tally.completedIndexes)) || undefined,
    failedIndexes: job.spec.backoffLimitPerIndex === undefined ? undefined : formatIndexes(tally.failedIndexes),
    uncountedTerminatedPods: {
      ...(tally.uncounted.succeeded.length > 0 ? { succeeded: tally.uncounted.succeeded } : {}),
      ...(tally.uncounted.failed.length > 0 ? { failed: tally.uncounted.failed } : {}),
    },
    startTime,
    ...(isOver && verdict.kind === 'succeeded' ? { completionTime: formatTime(now) } : {}),
    ...(conditions && conditions.length > 0 ? { conditions } : {}),
  }
}

function withSuspension(job: Job, verdict: Verdict, now: Instant): readonly Condition[] | undefined {
  const conditions = job.status?.conditions
  if (verdict.kind !== 'running' || job.metadata.deletionTimestamp) return conditions
  if (job.spec.suspend) {
    const condition = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' } as const
    return withCondition(conditions, condition, now)
  }
  if (!isTrue(job, 'Suspended')) return conditions
  const condition = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' } as const
  return withCondition(conditions, condition, now)
}

/** First what the Job has come to; `Complete` or `Failed` only when no pod of it runs any more. */
function withVerdict(conditions: readonly Condition[] | undefined, verdict: Verdict, now: Instant) {
  if (verdict.kind === 'running') return conditions
  const type = verdict.kind === 'failed' ? 'FailureTarget' : 'SuccessCriteriaMet'
  const { reason, message } = verdict
  return withCondition(conditions, { type, status: 'True', reason, message }, now)
}

function withEnd(conditions: readonly Condition[] | undefined, verdict: Verdict, now: Instant) {
  if (verdict.kind === 'running') return conditions
  const type = verdict.kind === 'failed' ? 'Failed' : 'Complete'
  const { reason, message } = verdict
  return withCondition(conditions, { type, status: 'True', reason, message }, now)
}

function news(job: Job, next: Job['status'], verdict: Verdict): readonly Action[] {
  const after = { ...job, status: next }
  const became = (type: string): boolean => isTrue(after, type) && !isTrue(job, type)
  const hasTooMany = (next?.succeeded ?? 0) > (job.spec.completions ?? Number.POSITIVE_INFINITY)
  return [
    ...(became('Suspended') ? [normal(job, 'Suspended', 'Job suspended')] : []),
    ...(isTrue(job, 'Suspended') && !isTrue(after, 'Suspended') ? [normal(job, 'Resumed', 'Job resumed')] : []),
    ...(became('Complete') && hasTooMany ? [warning(job, 'TooManySucceededPods', TOO_MANY)] : []),
    ...(became('Complete') ? [normal(job, 'Completed', 'Job completed')] : []),
    ...(became('Failed') && verdict.kind === 'failed' ? [warning(job, verdict.reason, verdict.message)] : []),
  ]
}
const TOO_MANY = 'Too many succeeded pods running after completion count reached'
