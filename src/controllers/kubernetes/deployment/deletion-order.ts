/**
 * Which pods go first when there are too many (ActivePodsWithRanks in pkg/controller/controller_utils.go): those that got least far, that
 * cost least, that share a node, that are young. Ages count by their order of magnitude, so that no age group is always hit.
 */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import { isReady } from './pod-readiness.ts'

const COST = 'controller.kubernetes.io/pod-deletion-cost'
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

/** `neighbours`: how many pods of the same owner are on its node. */
export function deletionOrder(pods: readonly Pod[], neighbours: (pod: Pod) => number, now: Instant): readonly Pod[] {
  return [...pods].sort(
    (a, b) =>
      Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
      (PHASES[a.status?.phase ?? ''] ?? 0) - (PHASES[b.status?.phase ?? ''] ?? 0) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      costOf(a) - costOf(b) ||
      neighbours(b) - neighbours(a) ||
      (isReady(a) && isReady(b) ? youngerFirst(readySince(a), readySince(b), a, b, now) : 0) ||
      restartsOf(b) - restartsOf(a) ||
      youngerFirst(a.metadata.creationTimestamp, b.metadata.creationTimestamp, a, b, now),
  )
}

function costOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[COST] ?? ''
  return /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0
}

const readySince = ({ status }: Pod): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime

const restartsOf = ({ status }: Pod): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))

/** In nanoseconds, as upstream rounds them. */
const magnitude = (time: number, now: Instant): number => (now > time ? Math.floor(Math.log2((now - time) * 1e6)) : -1)

function youngerFirst(a: string | undefined, b: string | undefined, podA: Pod, podB: Pod, now: Instant): number {
  if (a === b) return 0
  if (!a || !b) return a ? 1 : -1
  const rank = magnitude(Date.parse(a), now) - magnitude(Date.parse(b), now)
  return rank || ((podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1)
}
