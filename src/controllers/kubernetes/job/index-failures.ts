/**
 * Failures of the indexes of a Job with `backoffLimitPerIndex` (KEP-3850). How often an index failed is on its pods and nowhere else: a
 * failed pod keeps its finalizer until a successor carries the count on, or the index is done for good.
 */
import type { Pod } from '../../../kube/core.ts'
import { finishedAt } from './back-off.ts'
import { hasIndex, type Indexes, withIndexes } from './indexes.ts'
import { completionIndexOf, type IndexFailures, indexFailuresOf } from './job-pod.ts'
import type { FailureRuling } from './pod-failure-policy.ts'

export interface TalliedIndexes {
  readonly failed: Indexes
  /** By index, the failed pod whose count the next one takes over. */
  readonly held: ReadonlyMap<number, Pod>
}

export interface IndexPods {
  /** Pods of valid indexes that failed and still have their finalizer. */
  readonly failed: readonly Pod[]
  readonly active: readonly Pod[]
  readonly rulingOn: (pod: Pod) => FailureRuling
}

export function tallyIndexFailures(
  { failed, active, rulingOn }: IndexPods,
  before: Indexes,
  completed: Indexes,
  limit: number,
): TalliedIndexes {
  const isSpent = (pod: Pod): boolean => {
    const { action, isCounted } = rulingOn(pod)
    return action === 'FailIndex' || (isCounted && indexFailuresOf(pod).counted >= limit)
  }
  const spent = failed.filter(isSpent).map(indexOf)
  const failedIndexes = withIndexes(
    before,
    spent.filter(index => !hasIndex(completed, index)),
  )
  const running = new Set(active.map(completionIndexOf))
  const held = new Map<number, Pod>()
  for (const pod of failed) {
    const index = indexOf(pod)
    if (hasIndex(completed, index) || hasIndex(failedIndexes, index) || running.has(index)) continue
    const other = held.get(index)
    if (!other || isLater(pod, other)) held.set(index, pod)
  }
  return { failed: failedIndexes, held }
}

/** What the annotations of the next pod say. */
export function failuresAfter(held: Pod | undefined, rulingOn: IndexPods['rulingOn']): IndexFailures {
  if (!held) return { counted: 0, ignored: 0 }
  const { counted, ignored } = indexFailuresOf(held)
  return rulingOn(held).isCounted ? { counted: counted + 1, ignored } : { counted, ignored: ignored + 1 }
}

const indexOf = (pod: Pod): number => completionIndexOf(pod) ?? -1

function isLater(pod: Pod, than: Pod): boolean {
  const total = ({ counted, ignored }: IndexFailures): number => counted + ignored
  return total(indexFailuresOf(pod)) >= total(indexFailuresOf(than)) && finishedAt(pod) >= finishedAt(than)
}
