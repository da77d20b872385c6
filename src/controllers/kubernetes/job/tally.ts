/**
 * Counting a Job's pods so that each counts once, whenever we crash and whoever deletes pods (KEP-2307, trackJobStatusAndRemoveFinalizers
 * in pkg/controller/job/job_controller.go). Every pod carries a finalizer. A pod that ended is first written into the status (its uid
 * as uncounted, or its index as completed), then loses the finalizer, then its uid becomes one more in the counter.
 */
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import { isEnding } from './conditions.ts'
import { countIndexes, hasIndex, type Indexes, indexesBelow, parseIndexes, withIndexes } from './indexes.ts'
import {
  completionIndexOf,
  indexFailuresOf,
  isActive,
  isIndexed,
  isReady,
  isTerminating,
  isTracked,
} from './job-pod.ts'

/** How many uids a status holds at most; the pods beyond wait for the next pass. */
const MAX_UNCOUNTED = 500

export interface Tally {
  readonly active: readonly Pod[]
  readonly terminating: readonly Pod[]
  readonly ready: number
  /** All that ended, whether or not the counters know it yet. */
  readonly succeeded: number
  readonly failed: number
  /** What the counters of the status say next. */
  readonly counted: { readonly succeeded: number; readonly failed: number }
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] }
  readonly completedIndexes: Indexes
  readonly failedIndexes: Indexes
  /** Failures of an index so far, where `backoffLimitPerIndex` counts them. */
  readonly indexFailures: ReadonlyMap<number, number>
  /** Their ends are in this tally: once the status is written, their finalizer may go. */
  readonly toRelease: readonly Pod[]
  /** Failures that the status did not know before. */
  readonly newFailures: readonly Pod[]
  readonly hasNewSuccess: boolean
  /** No pod's end is still on its way into the counters. */
  readonly isSettled: boolean
}

/** `pods`: those of the Job that are active or carry the finalizer. */
export function tallyPods(job: Job, pods: readonly Pod[]): Tally {
  const indexed = isIndexed(job)
  const tracked = pods.filter(isTracked)
  const before = countersOf(job, tracked)
  const indexes = tallyIndexes(job, tracked)
  const isOurs = (pod: Pod): boolean => !indexed || hasValidIndex(job, pod)
  const succeeded = tracked.filter(pod => endOf(job, pod) === 'succeeded' && isOurs(pod))
  const failed = tracked.filter(pod => endOf(job, pod) === 'failed' && isOurs(pod))
  const strangers = tracked.filter(pod => endOf(job, pod) !== undefined && !isOurs(pod))
  const uncounted = {
    succeeded: indexed ? [] : grown(before.uncounted.succeeded, succeeded),
    failed: grown(before.uncounted.failed, failed),
  }
  const counted = {
    succeeded: indexed ? countIndexes(indexes.completed) : before.succeeded,
    failed: before.failed,
  }
  const isWritten = writtenIn(uncounted)
  const active = pods.filter(isActive)
  return {
    active,
    terminating: pods.filter(isTerminating),
    ready: active.filter(isReady).length,
    succeeded: indexed ? counted.succeeded : before.succeeded + succeeded.length,
    failed: before.failed + failed.length,
    counted,
    uncounted,
    completedIndexes: indexes.completed,
    failedIndexes: indexes.failed,
    indexFailures: indexes.failures,
    toRelease: [
      ...strangers,
      ...succeeded.filter(pod => indexed || isWritten(pod)),
      ...failed.filter(pod => isWritten(pod) && !indexes.keep.has(pod.metadata.uid!)),
    ],
    newFailures: failed.filter(pod => !before.uncounted.failed.includes(pod.metadata.uid!)),
    hasNewSuccess: succeeded.some(pod => !before.uncounted.succeeded.includes(pod.metadata.uid!)),
    isSettled: succeeded.length + failed.length + strangers.length === 0,
  }
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

function tallyIndexes(job: Job, tracked: readonly Pod[]) {
  const none = { failed: [], failures: new Map<number, number>(), keep: new Set<string>() }
  if (!isIndexed(job)) return { ...none, completed: [] }
  const end = job.spec.completions ?? 0
  const pods = tracked.filter(pod => hasValidIndex(job, pod))
  const completed = withIndexes(
    indexesBelow(parseIndexes(job.status?.completedIndexes), end),
    pods.filter(pod => endOf(job, pod) === 'succeeded').map(pod => completionIndexOf(pod)!),
  )
  if (job.spec.backoffLimitPerIndex === undefined) return { ...none, completed }
  return { completed, ...tallyIndexFailures(job, pods, completed, end, job.spec.backoffLimitPerIndex) }
}

/**
 * With a limit per index a failed pod keeps its finalizer until a successor carries its count on, or the index is done for good: the count
 * lives in the pods and nowhere else (KEP-3850).
 */
function tallyIndexFailures(job: Job, pods: readonly Pod[], completed: Indexes, end: number, limit: number) {
  const failures = new Map<number, number>()
  /** The highest count that a pod of the index carries. */
  const carried = new Map<number, number>()
  for (const pod of pods) {
    const index = completionIndexOf(pod)!
    const count = indexFailuresOf(pod)
    carried.set(index, Math.max(carried.get(index) ?? 0, count))
    failures.set(index, Math.max(failures.get(index) ?? 0, count + (endOf(job, pod) === 'failed' ? 1 : 0)))
  }
  const spent = [...failures].flatMap(([index, count]) => (count > limit && !hasIndex(completed, index) ? [index] : []))
  const failed = withIndexes(indexesBelow(parseIndexes(job.status?.failedIndexes), end), spent)
  const mustStay = (pod: Pod): boolean => {
    const index = completionIndexOf(pod)!
    if (isEnding(job) || hasIndex(failed, index) || hasIndex(completed, index)) return false
    return endOf(job, pod) === 'failed' && carried.get(index)! <= indexFailuresOf(pod)
  }
  return { failed, failures, keep: new Set(pods.filter(mustStay).map(pod => pod.metadata.uid!)) }
}
