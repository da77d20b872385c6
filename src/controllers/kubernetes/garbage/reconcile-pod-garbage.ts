/** Pods that nobody is left to end, and ended ones beyond what anybody wants to read (pkg/controller/podgc). Pure. */
import type { Instant } from '../../../base/clock.ts'
import type { Node, Pod } from '../../../kube/core.ts'
import { OUT_OF_SERVICE } from '../../../kube/taints.ts'
import { type Action, remove, updateStatus } from '../../runtime/action.ts'
import { withCondition } from '../../runtime/conditions.ts'

export interface PodGarbage {
  readonly pod: Pod
  /** Its node is gone, as far as the view of nodes says: the server has the last word. */
  readonly isOrphaned: boolean
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** `threshold`: ended pods that may stay; 0: all of them. */
export function podGarbage(
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
  threshold: number,
): readonly PodGarbage[] {
  return [
    ...ended(pods, threshold).map(pod => ({ pod, isOrphaned: false })),
    ...pods.filter(pod => isStranded(pod, nodeOf)).map(pod => ({ pod, isOrphaned: false })),
    ...pods.filter(pod => isAstray(pod, nodeOf)).map(pod => ({ pod, isOrphaned: true })),
  ]
}

/** The oldest beyond the threshold, those that were evicted first. */
function ended(pods: readonly Pod[], threshold: number): readonly Pod[] {
  const all = pods.filter(isOver)
  if (threshold === 0 || all.length <= threshold) return []
  const isEvicted = ({ status }: Pod): number => (status?.phase === 'Failed' && status.reason === 'Evicted' ? 0 : 1)
  const createdAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0
  return [...all]
    .sort(
      (a, b) =>
        isEvicted(a) - isEvicted(b) ||
        createdAt(a) - createdAt(b) ||
        ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
    )
    .slice(0, all.length - threshold)
}

/** On its way out where nobody leads it: on no node, or on one that somebody declared dead. */
function isStranded({ metadata, spec }: Pod, nodeOf: (name: string) => Node | undefined): boolean {
  if (metadata.deletionTimestamp === undefined) return false
  if (!spec.nodeName) return true
  const node = nodeOf(spec.nodeName)
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return !isReady && (node?.spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE)
}

export const isAstray = ({ spec }: Pod, nodeOf: (name: string) => Node | undefined): boolean =>
  Boolean(spec.nodeName) && nodeOf(spec.nodeName ?? '') === undefined

/** Nobody else will say that it failed. */
export function collectPod({ pod, isOrphaned }: PodGarbage, now: Instant): readonly Action[] {
  const gone = remove(pod, { graceSeconds: 0 })
  if (isOver(pod)) return [gone]
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
  } as const
  const conditions = isOrphaned ? withCondition(pod.status?.conditions, condition, now) : pod.status?.conditions
  return [updateStatus(pod, { ...pod.status, phase: 'Failed', ...(conditions ? { conditions } : {}) }), gone]
}
