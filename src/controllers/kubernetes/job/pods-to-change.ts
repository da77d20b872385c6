/** Which pods a Job makes and which it gives up, to have as many as it wants (manageJob in pkg/controller/job/job_controller.go). */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import { type BackOff, waitMs, waitOfIndexMs } from './back-off.ts'
import { failuresAfter } from './index-failures.ts'
import { firstMissing, hasIndex, unionOf } from './indexes.ts'
import { completionIndexOf, isIndexed, isReady, parallelismOf, podOfJob } from './job-pod.ts'
import type { Tally } from './tally.ts'

/** Upstream's MaxPodCreateDeletePerSync: a huge Job must not keep others waiting. */
const MAX_AT_ONCE = 500

export interface PodChanges {
  readonly create: readonly Pod[]
  readonly remove: readonly Pod[]
  /** More pods are made then: what failed has to wait. */
  readonly waitMs: number
}

export const NO_CHANGES: PodChanges = { create: [], remove: [], waitMs: 0 }

export function podsToChange(job: Job, tally: Tally, backOff: BackOff, now: Instant): PodChanges {
  const wanted = wantedActive(job, tally)
  const surplus = isIndexed(job) ? outOfPlace(job, tally) : []
  const kept = tally.active.filter(pod => !surplus.includes(pod))
  const remove = [...surplus, ...[...kept].sort(leastUsefulFirst).slice(0, Math.max(0, kept.length - wanted))]
  // Either pods go or pods come, never both at once.
  if (remove.length > 0) return { ...NO_CHANGES, remove: remove.slice(0, MAX_AT_ONCE) }
  const room = wanted - kept.length - (job.spec.podReplacementPolicy === 'Failed' ? tally.terminating.length : 0)
  return newPods(job, tally, Math.min(MAX_AT_ONCE, Math.max(0, room)), backOff, now)
}

function wantedActive(job: Job, tally: Tally): number {
  if (job.spec.suspend) return 0
  const { completions } = job.spec
  // A work queue: once one pod succeeded, no new ones; those that run may finish.
  if (completions === undefined) return tally.succeeded > 0 ? tally.active.length : parallelismOf(job)
  return Math.min(parallelismOf(job), Math.max(0, completions - tally.succeeded))
}

function newPods(job: Job, tally: Tally, count: number, backOff: BackOff, now: Instant): PodChanges {
  if (count === 0) return NO_CHANGES
  const hasLimitPerIndex = job.spec.backoffLimitPerIndex !== undefined
  const wait = hasLimitPerIndex ? 0 : waitMs(backOff, now)
  if (wait > 0) return { ...NO_CHANGES, waitMs: wait }
  if (!isIndexed(job)) return { ...NO_CHANGES, create: Array.from({ length: count }, () => podOfJob(job)) }
  const indexes = pendingIndexes(job, tally, count)
  if (!hasLimitPerIndex) return { ...NO_CHANGES, create: indexes.map(index => podOfJob(job, index)) }
  const waits = new Map(indexes.map(index => [index, waitOfIndexMs(tally.held.get(index), now)]))
  const later = [...waits.values()].filter(ms => ms > 0)
  const create = indexes
    .filter(index => waits.get(index) === 0)
    .map(index => podOfJob(job, index, failuresAfter(tally.held.get(index), tally.rulingOn)))
  return { remove: [], create, waitMs: later.length > 0 ? Math.min(...later) : 0 }
}

function pendingIndexes(job: Job, tally: Tally, count: number): readonly number[] {
  const waitsForOld = job.spec.podReplacementPolicy === 'Failed' ? tally.terminating : []
  const held = new Set([...tally.active, ...waitsForOld].map(pod => completionIndexOf(pod) ?? -1))
  const done = unionOf(tally.completedIndexes, tally.failedIndexes)
  return firstMissing(done, held, job.spec.completions ?? 0, count)
}

/** Pods of no index, of one that is done, or of one that a pod has that got further. */
function outOfPlace(job: Job, tally: Tally): readonly Pod[] {
  const taken = new Set<number>()
  return [...tally.active]
    .sort(leastUsefulFirst)
    .reverse()
    .filter(pod => {
      const index = completionIndexOf(pod)
      const isFine =
        index !== undefined &&
        index < (job.spec.completions ?? 0) &&
        !taken.has(index) &&
        !hasIndex(tally.completedIndexes, index) &&
        !hasIndex(tally.failedIndexes, index)
      if (isFine) taken.add(index)
      return !isFine
    })
}

/** Those that got least far, then the youngest (ActivePods in pkg/controller/controller_utils.go); at last the higher index. */
function leastUsefulFirst(a: Pod, b: Pod): number {
  return (
    progressOf(a) - progressOf(b) ||
    createdAt(b) - createdAt(a) ||
    (completionIndexOf(b) ?? 0) - (completionIndexOf(a) ?? 0)
  )
}

const progressOf = (pod: Pod): number =>
  (isReady(pod) ? 1 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (pod.spec.nodeName ? 4 : 0)
const createdAt = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0
