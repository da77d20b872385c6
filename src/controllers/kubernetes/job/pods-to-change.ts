/** Which pods a Job makes and which it gives up, to have as many as it wants (manageJob in pkg/controller/job/job_controller.go). */
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import { firstMissing, hasIndex, unionOf } from './indexes.ts'
import { completionIndexOf, isIndexed, isReady, parallelismOf, podOfJob } from './job-pod.ts'
import type { Tally } from './tally.ts'

/** Upstream's MaxPodCreateDeletePerSync: a huge Job must not keep others waiting. */
const MAX_AT_ONCE = 500

export interface PodChanges {
  readonly create: readonly Pod[]
  readonly remove: readonly Pod[]
}

export function podsToChange(job: Job, tally: Tally): PodChanges {
  const wanted = wantedActive(job, tally)
  const surplus = isIndexed(job) ? outOfPlace(job, tally) : []
  const kept = tally.active.filter(pod => !surplus.includes(pod))
  const remove = [...surplus, ...leastUseful(job, kept).slice(0, Math.max(0, kept.length - wanted))]
  const room = wanted - kept.length - (job.spec.podReplacementPolicy === 'Failed' ? tally.terminating.length : 0)
  const count = Math.min(MAX_AT_ONCE, Math.max(0, room))
  return { remove: remove.slice(0, MAX_AT_ONCE), create: remove.length > 0 ? [] : newPods(job, tally, count) }
}

function wantedActive(job: Job, tally: Tally): number {
  if (job.spec.suspend) return 0
  const { completions } = job.spec
  // A work queue: once one pod succeeded, no new ones; those that run may finish.
  if (completions === undefined) return tally.succeeded > 0 ? tally.active.length : parallelismOf(job)
  return Math.min(parallelismOf(job), Math.max(0, completions - tally.succeeded))
}

function newPods(job: Job, tally: Tally, count: number): readonly Pod[] {
  if (!isIndexed(job)) return Array.from({ length: count }, () => podOfJob(job))
  const waitsForOld = job.spec.podReplacementPolicy === 'Failed' ? tally.terminating : []
  const held = new Set([...tally.active, ...waitsForOld].map(pod => completionIndexOf(pod)!))
  const done = unionOf(tally.completedIndexes, tally.failedIndexes)
  const counts = job.spec.backoffLimitPerIndex === undefined ? undefined : tally.indexFailures
  return firstMissing(done, held, job.spec.completions ?? 0, count).map(index =>
    podOfJob(job, index, counts && (counts.get(index) ?? 0)),
  )
}

/** Pods of no index, of one that is done, or of one that another pod already has. */
function outOfPlace(job: Job, tally: Tally): readonly Pod[] {
  const taken = new Set<number>()
  return [...tally.active].sort(oldestFirst).filter(pod => {
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

const oldestFirst = (a: Pod, b: Pod): number => createdAt(a) - createdAt(b)
const createdAt = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0

/** The highest indexes first, or those that got least far (ActivePods in pkg/controller/controller_utils.go). */
function leastUseful(job: Job, pods: readonly Pod[]): readonly Pod[] {
  if (isIndexed(job)) return [...pods].sort((a, b) => (completionIndexOf(b) ?? 0) - (completionIndexOf(a) ?? 0))
  const progress = (pod: Pod): number =>
    (pod.spec.nodeName ? 1 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isReady(pod) ? 4 : 0)
  return [...pods].sort((a, b) => progress(a) - progress(b) || createdAt(b) - createdAt(a))
}
