/**
 * Counting a Job's pods so that each counts once, whenever we crash and whoever deletes pods (KEP-2307, trackJobStatusAndRemoveFinalizers
 * in pkg/controller/job/job_controller.go). Every pod carries a finalizer. A pod that ended is first written into the status (its uid
 * as uncounted, or its index as completed), then loses the finalizer, then its uid becomes one more in the counter.
 */
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import { tallyIndexFailures } from './index-failures.ts'
import { countIndexes, type Indexes, indexesBelow, parseIndexes, withIndexes } from './indexes.ts'
import { completionIndexOf, hasEnded, isActive, isIndexed, isTerminating, isTracked } from './job-pod.ts'
import { type FailureRuling, rulingOn } from './pod-failure-policy.ts'

/** How many uids a status holds at most; the pods beyond wait for the next pass. */
const MAX_UNCOUNTED = 500

export interface Tally {
  readonly active: readonly Pod[]
  readonly terminating: readonly Pod[]
  /** All that ended, whether or not the counters know it yet. */
  readonly succeeded: number
  readonly failed: number
  /** What the counters of the status say next. */
  readonly counted: { readonly succeeded: number; readonly failed: number }
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] }
  readonly completedIndexes: Indexes
  readonly failedIndexes: Indexes
  /** With `backoffLimitPerIndex`, by index: the failed pod whose count the next one takes over. */
  readonly held: ReadonlyMap<number, Pod>
  /** What the Job's `podFailurePolicy` says of a pod. */
  readonly rulingOn: (pod: Pod) => FailureRuling
  /** Their ends are in this tally: once the status is written, their finalizer may go. */
  readonly toRelease: readonly Pod[]
  /** All that failed and are still tracked. */
  readonly failures: readonly Pod[]
  /** Ends that the status did not know before. */
  readonly newFailures: readonly Pod[]
  readonly newSuccesses: readonly Pod[]
  /** No pod's end is still on its way into the counters. */
  readonly isSettled: boolean
}

/** `pods`: those of the Job that have not ended or carry the finalizer. */
export function tallyPods(job: Job, pods: readonly Pod[]): Tally {
  const indexed = isIndexed(job)
  const tracked = pods.filter(isTracked)
  const before = countersOf(job, tracked)
  const isOurs = (pod: Pod): boolean => !indexed || hasValidIndex(job, pod)
  const ruling = (pod: Pod): FailureRuling => rulingOn(pod, job.spec.podFailurePolicy)
  const succeeded = tracked.filter(pod => endOf(job, pod) === 'succeeded' && isOurs(pod))
  const failed = tracked.filter(pod => endOf(job, pod) === 'failed' && isOurs(pod))
  const [counting, ignored] = parted(failed, pod => isUncounted(job, pod) || ruling(pod).isCounted)
  const strangers = tracked.filter(pod => endOf(job, pod) !== undefined && !isOurs(pod))
  const active = pods.filter(isActive)
  const indexes = tallyIndexes(job, succeeded, { failed, active, rulingOn: ruling })
  const uncounted = {
    succeeded: indexed ? [] : grown(before.uncounted.succeeded, succeeded),
    failed: grown(before.uncounted.failed, counting),
  }
  const counted = {
    succeeded: indexed ? countIndexes(indexes.completed) : before.succeeded,
    failed: before.failed,
  }
  const isWritten = writtenIn(uncounted)
  const held = new Set(indexes.held.values())
  const isNew = (pod: Pod): boolean => !isUncounted(job, pod)
  return {
    active,
    terminating: pods.filter(isTerminating),
    succeeded: indexed ? counted.succeeded : before.succeeded + succeeded.length,
    failed: before.failed + counting.length,
    counted,
    uncounted,
    completedIndexes: indexes.completed,
    failedIndexes: indexes.failed,
    held: indexes.held,
    rulingOn: ruling,
    toRelease: [
      ...strangers,
      ...succeeded.filter(pod => indexed || isWritten(pod)),
      ...ignored.filter(pod => !held.has(pod)),
      ...counting.filter(pod => isWritten(pod) && !held.has(pod)),
    ],
    failures: failed,
    newFailures: failed.filter(isNew),
    newSuccesses: succeeded.filter(isNew),
    isSettled: succeeded.length + failed.length + strangers.length === 0,
  }
}

/**
 * The tally of a Job that is judged: all its pods are let go. Of one that failed, those that still run count as failed; of one that met
 * its success criteria they count as nothing.
 */
export function tallyOfEnd(job: Job, pods: readonly Pod[], tally: Tally, end: 'succeeded' | 'failed'): Tally {
  const isOurs = (pod: Pod): boolean => !isIndexed(job) || hasValidIndex(job, pod)
  const isFailure = (pod: Pod): boolean => end === 'failed' && !hasEnded(pod) && isOurs(pod)
  const tracked = pods.filter(isTracked)
  const more = tracked.filter(pod => isFailure(pod) && (isUncounted(job, pod) || tally.rulingOn(pod).isCounted))
  const uncounted = { ...tally.uncounted, failed: grown(tally.uncounted.failed, more) }
  const isWritten = writtenIn(uncounted)
  const counting = tally.failures.filter(pod => tally.rulingOn(pod).isCounted)
  const mustBeWritten = new Set([...more, ...counting, ...(isIndexed(job) ? [] : tally.newSuccesses)])
  return { ...tally, uncounted, toRelease: tracked.filter(pod => !mustBeWritten.has(pod) || isWritten(pod)) }
}

/**
 * How a pod ended. One that is being deleted counts as failed at once, unless its replacement must wait for it; and then it stays failed,
 * even if its process ends well in the grace period.
 */
function endOf(job: Job, pod: Pod): 'succeeded' | 'failed' | undefined {
  if (job.status?.uncountedTerminatedPods?.failed?.includes(pod.metadata.uid!)) return 'failed'
  if (pod.status?.phase === 'Succeeded') return 'succeeded'
  if (pod.status?.phase === 'Failed') return 'failed'
  return isTerminating(pod) && job.spec.podReplacementPolicy !== 'Failed' ? 'failed' : undefined
}

function isUncounted({ status }: Job, { metadata: { uid = '' } }: Pod): boolean {
  const { succeeded, failed } = status?.uncountedTerminatedPods ?? {}
  return (failed?.includes(uid) || succeeded?.includes(uid)) ?? false
}

/** Uids whose pod has lost its finalizer (or is gone) become numbers; the others stay uncounted. */
function countersOf(job: Job, tracked: readonly Pod[]) {
  const held = new Set(tracked.map(pod => pod.metadata.uid))
  const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {}
  const uncounted = { succeeded: succeeded.filter(uid => held.has(uid)), failed: failed.filter(uid => held.has(uid)) }
  return {
    uncounted,
    succeeded: (job.status?.succeeded ?? 0) + succeeded.length - uncounted.succeeded.length,
    failed: (job.status?.failed ?? 0) + failed.length - uncounted.failed.length,
  }
}

function grown(uids: readonly string[], pods: readonly Pod[]): readonly string[] {
  return [...new Set([...uids, ...pods.map(pod => pod.metadata.uid!)])].slice(0, Math.max(uids.length, MAX_UNCOUNTED))
}

function writtenIn(uncounted: Tally['uncounted']): (pod: Pod) => boolean {
  const uids = new Set([...uncounted.succeeded, ...uncounted.failed])
  return pod => uids.has(pod.metadata.uid!)
}

const hasValidIndex = (job: Job, pod: Pod): boolean =>
  (completionIndexOf(pod) ?? Number.POSITIVE_INFINITY) < (job.spec.completions ?? 0)

function tallyIndexes(job: Job, succeeded: readonly Pod[], pods: Parameters<typeof tallyIndexFailures>[0]) {
  const none = { completed: [], failed: [], held: new Map<number, Pod>() }
  if (!isIndexed(job)) return none
  const { completions: end = 0, backoffLimitPerIndex: limit } = job.spec
  const completed = withIndexes(
    indexesBelow(parseIndexes(job.status?.completedIndexes), end),
    succeeded.map(pod => completionIndexOf(pod)!),
  )
  if (limit === undefined) return { ...none, completed }
  const before = indexesBelow(parseIndexes(job.status?.failedIndexes), end)
  return { completed, ...tallyIndexFailures(pods, before, completed, limit) }
}

function parted<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter(one => !test(one))]
}
