/** When a pod must leave a node with NoExecute taints (processPodOnNode in pkg/controller/tainteviction/taint_eviction.go). Pure. */
import type { Instant } from '../../../base/clock.ts'
import type { Node, Pod, Taint, Toleration } from '../../../kube/core.ts'
import { tolerationsUsed } from '../../../kube/taints.ts'
import { type Action, normal, remove, updateStatus } from '../../runtime/action.ts'
import { withCondition } from '../../runtime/conditions.ts'

/** A pod that is to leave: since when it is known, and when its time is over, on the monotonic clock. */
export interface Leave {
  readonly sinceMs: number
  readonly atMs: number
}

export const noExecuteTaints = (node: Node | undefined): readonly Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/** Undefined: it may stay. `before`: what was decided so far; a shorter stay counts from when the taint was first seen. */
export function decideEviction(
  pod: Pod,
  taints: readonly Taint[],
  before: Leave | undefined,
  nowMs: number,
): Leave | undefined {
  if (taints.length === 0 || pod.metadata.deletionTimestamp) return undefined
  const used = tolerationsUsed(pod.spec.tolerations ?? [], taints)
  if (used === undefined) return before?.atMs === nowMs ? before : { sinceMs: nowMs, atMs: nowMs }
  const stayMs = shortestStayMs(used)
  if (stayMs === undefined) return undefined
  if (before === undefined) return { sinceMs: nowMs, atMs: nowMs + stayMs }
  const atMs = before.sinceMs + stayMs
  // A stay that would end sooner than a new one keeps its end: taints that change must not keep a pod for ever.
  return atMs < nowMs + stayMs ? before : { sinceMs: before.sinceMs, atMs }
}

/** Undefined: for ever. */
export function shortestStayMs(tolerations: readonly Toleration[]): number | undefined {
  if (tolerations.length === 0) return 0
  const seconds = tolerations.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? [])
  return seconds.length === 0 ? undefined : Math.max(0, Math.min(...seconds)) * 1000
}

/** The pod's end, with the reason in its status for whoever counts disruptions apart from failures (Job's podFailurePolicy). */
export function evict(pod: Pod, now: Instant): readonly Action[] {
  const conditions = withCondition(
    pod.status?.conditions,
    {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    },
    now,
  )
  const isSaid = conditions === pod.status?.conditions
  return [
    evictionEvent(pod, 'Marking for deletion'),
    ...(isSaid ? [] : [updateStatus(pod, { ...pod.status, conditions })]),
    remove(pod),
  ]
}

export const evictionEvent = (pod: Pod, what: 'Marking for deletion' | 'Cancelling deletion of'): Action =>
  normal(pod, 'TaintManagerEviction', `${what} Pod ${pod.metadata.namespace}/${pod.metadata.name}`)
