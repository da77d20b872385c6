/** When a pod counts as ready, and as available: ready for `minReadySeconds` (pkg/api/v1/pod/util.go). */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'

const readyCondition = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready')

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === 'True'

/** Milliseconds until the pod is available; 0 when it is, undefined while it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: Instant): number | undefined {
  if (!isReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const since = Date.parse(readyCondition(pod)?.lastTransitionTime ?? '')
  return Math.max(0, since + minReadySeconds * 1000 - now)
}
