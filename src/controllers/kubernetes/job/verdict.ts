/** What a Job has come to, judged on its tally; the order of the checks is upstream's (syncJob). */
import type { Instant } from '../../../base/clock.ts'
import type { Job } from '../../../kube/workloads.ts'
import { conditionOf, isTrue } from '../../runtime/conditions.ts'
import { countIndexes } from './indexes.ts'
import { isIndexed, restartsOf } from './job-pod.ts'
import { successByPolicy } from './success-policy.ts'
import type { Tally } from './tally.ts'

export type Verdict =
  | { readonly kind: 'running'; readonly deadlineInMs?: number }
  | { readonly kind: 'succeeded'; readonly reason: string; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }

export function judge(job: Job, tally: Tally, now: Instant): Verdict {
  return (
    alreadyJudged(job) ??
    failureByPolicy(tally) ??
    failure(job, tally, now) ??
    successOfIndexes(job, tally) ??
    success(job, tally) ??
    running(job, now)
  )
}

/** What was said once holds, whatever comes after. */
function alreadyJudged(job: Job): Verdict | undefined {
  const type = ['SuccessCriteriaMet', 'FailureTarget'].find(each => isTrue(job, each))
  if (type === undefined) return undefined
  const { reason = '', message = '' } = conditionOf(job, type) ?? {}
  return { kind: type === 'FailureTarget' ? 'failed' : 'succeeded', reason, message }
}

function failureByPolicy({ failures, rulingOn }: Tally): Verdict | undefined {
  for (const pod of failures) {
    const { failsJob } = rulingOn(pod)
    if (failsJob !== undefined) return { kind: 'failed', reason: 'PodFailurePolicy', message: failsJob }
  }
  return undefined
}

function failure(job: Job, tally: Tally, now: Instant): Verdict | undefined {
  if (exceedsBackoffLimit(job, tally)) {
    return { kind: 'failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  const deadlineInMs = deadlineOf(job, now)
  if (deadlineInMs !== undefined && deadlineInMs <= 0) {
    return { kind: 'failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  }
  const numFailedIndexes = countIndexes(tally.failedIndexes)
  const maxFailed = job.spec.maxFailedIndexes
  if (maxFailed !== undefined && numFailedIndexes > maxFailed) {
    const message = 'Job has exceeded the specified maximal number of failed indexes'
    return { kind: 'failed', reason: 'MaxFailedIndexesExceeded', message }
  }
  const isDecided = numFailedIndexes > 0 && tally.succeeded + numFailedIndexes >= (job.spec.completions ?? 0)
  return isDecided ? { kind: 'failed', reason: 'FailedIndexes', message: 'Job has failed indexes' } : undefined
}

function exceedsBackoffLimit(job: Job, tally: Tally): boolean {
  const limit = job.spec.backoffLimit ?? (job.spec.backoffLimitPerIndex === undefined ? 6 : Number.POSITIVE_INFINITY)
  if (tally.failed > limit) return true
  if (job.spec.template.spec.restartPolicy !== 'OnFailure') return false
  const restarts = [...tally.active, ...tally.terminating]
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .reduce((sum, pod) => sum + restartsOf(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

function successOfIndexes(job: Job, { completedIndexes }: Tally): Verdict | undefined {
  const message = isIndexed(job) ? successByPolicy(job, completedIndexes) : undefined
  return message === undefined ? undefined : { kind: 'succeeded', reason: 'SuccessPolicy', message }
}

function success(job: Job, { succeeded, active }: Tally): Verdict | undefined {
  const { completions } = job.spec
  const isReached = completions === undefined ? succeeded > 0 : succeeded >= completions
  if (!isReached || active.length > 0 || (completions === undefined && isIndexed(job))) return undefined
  return { kind: 'succeeded', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

function running(job: Job, now: Instant): Verdict {
  const deadlineInMs = deadlineOf(job, now)
  return deadlineInMs === undefined ? { kind: 'running' } : { kind: 'running', deadlineInMs }
}

/** A suspended Job's clock stands still: its start time is cleared. */
function deadlineOf(job: Job, now: Instant): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec
  if (activeDeadlineSeconds === undefined || suspend || !job.status?.startTime) return undefined
  return Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000 - now
}
