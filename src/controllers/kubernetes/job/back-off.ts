/**
 * How long a Job waits before it makes a new pod in the place of a failed one: 10 s, doubling with each failure since the last success, at
 * most 10 minutes (pkg/controller/job/backoff_utils.go). Kept in memory, as upstream: after a restart the first wait is over. With
 * `backoffLimitPerIndex` each index waits by itself, and its count is on its pods.
 */
import type { Instant } from '../../../base/clock.ts'
import type { ContainerStatus, Pod } from '../../../kube/core.ts'
import { indexFailuresOf } from './job-pod.ts'

const FIRST_MS = 10_000
const MAX_MS = 600_000

export interface BackOff {
  readonly failuresSinceSuccess: number
  readonly lastFailure: Instant
}

export const NO_BACK_OFF: BackOff = { failuresSinceSuccess: 0, lastFailure: 0 }

/** What ended since the status was last written. */
export interface NewEnds {
  readonly newFailures: readonly Pod[]
  readonly newSuccesses: readonly Pod[]
}

export function backOffAfter(before: BackOff, { newFailures, newSuccesses }: NewEnds): BackOff {
  const lastSuccess = Math.max(...newSuccesses.map(finishedAt))
  const failures = newFailures.map(finishedAt).filter(at => at > lastSuccess)
  const base = newSuccesses.length > 0 ? NO_BACK_OFF : before
  if (failures.length === 0) return base
  return {
    failuresSinceSuccess: base.failuresSinceSuccess + failures.length,
    lastFailure: Math.max(...failures),
  }
}

export function waitMs({ failuresSinceSuccess, lastFailure }: BackOff, now: Instant): number {
  if (failuresSinceSuccess === 0) return 0
  return Math.max(0, lastFailure + Math.min(MAX_MS, FIRST_MS * 2 ** (failuresSinceSuccess - 1)) - now)
}

/** `lastFailed`: the pod that holds the count of an index; without one the index never failed. */
export function waitOfIndexMs(lastFailed: Pod | undefined, now: Instant): number {
  if (!lastFailed) return 0
  const { counted, ignored } = indexFailuresOf(lastFailed)
  return waitMs({ failuresSinceSuccess: counted + ignored + 1, lastFailure: finishedAt(lastFailed) }, now)
}

/** When a pod ended: as its containers say, else since when it is not ready, else when it was deleted, else when it was made. */
export function finishedAt(pod: Pod): Instant {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata
  const notReady = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False')
  return (
    endOfContainers(pod) ??
    timeOf(notReady?.lastTransitionTime) ??
    timeOf(deletionTimestamp, -deletionGracePeriodSeconds * 1000) ??
    timeOf(creationTimestamp) ??
    0
  )
}

const timeOf = (text: string | undefined, plusMs = 0): Instant | undefined =>
  text ? Date.parse(text) + plusMs : undefined

/** Of the last container, sidecars among them; undefined while one has no end. */
function endOfContainers({ spec, status }: Pod): Instant | undefined {
  const isSidecar = ({ name }: ContainerStatus): boolean =>
    spec.initContainers?.some(each => each.name === name && each.restartPolicy === 'Always') ?? false
  const ended = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? []).filter(isSidecar)]
  const times = ended.map(({ state }) => timeOf(state?.terminated?.finishedAt))
  return times.length === 0 || times.includes(undefined) ? undefined : Math.max(...times.map(time => time ?? 0))
}
