/**
 * How long a Job waits before it makes a new pod in the place of a failed one: 10 s, doubling with each failure since the last success, at
 * most 10 minutes (pkg/controller/job/backoff_utils.go). Kept in memory, as upstream: after a restart the first wait is over.
 */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import type { Tally } from './tally.ts'

const FIRST_MS = 10_000
const MAX_MS = 600_000

export interface BackOff {
  readonly failuresSinceSuccess: number
  readonly lastFailure: Instant
}

export const NO_BACK_OFF: BackOff = { failuresSinceSuccess: 0, lastFailure: 0 }

export function backOffAfter(before: BackOff, { newFailures, hasNewSuccess }: Tally, now: Instant): BackOff {
  const base = hasNewSuccess ? NO_BACK_OFF : before
  if (newFailures.length === 0) return base
  return {
    failuresSinceSuccess: base.failuresSinceSuccess + newFailures.length,
    lastFailure: Math.max(...newFailures.map(pod => finishedAt(pod) ?? now)),
  }
}

export function waitMs({ failuresSinceSuccess, lastFailure }: BackOff, now: Instant): number {
  if (failuresSinceSuccess === 0) return 0
  return Math.max(0, lastFailure + Math.min(MAX_MS, FIRST_MS * 2 ** (failuresSinceSuccess - 1)) - now)
}

function finishedAt(pod: Pod): Instant | undefined {
  const times = (pod.status?.containerStatuses ?? []).flatMap(({ state }) =>
    state?.terminated?.finishedAt ? [Date.parse(state.terminated.finishedAt)] : [],
  )
  return times.length === 0 ? undefined : Math.max(...times)
}
