/** What a node has too many or too few of (podsShouldBeOnNode in pkg/controller/daemon/daemon_controller.go). */
import type { DaemonSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { type Action, normal, warning } from '../../runtime/action.ts'
import { isReady } from '../deployment/pod-readiness.ts'
import { isUpdated, oldestFirst } from './daemon-pod.ts'
import type { ShouldRun } from './should-run.ts'

export interface NodeNeeds {
  readonly needsPod: boolean
  readonly remove: readonly Pod[]
  readonly news: readonly Action[]
  /** A failed pod was removed: the next one that fails here waits longer. */
  readonly killsFailed: boolean
  /** How long a failed pod is left alone yet. */
  readonly waitMs?: number
}

export interface NodeObserved extends ShouldRun {
  readonly node: string
  /** Undefined: there is none, not even one on its way out. */
  readonly pods: readonly Pod[] | undefined
  /** How long until a failed pod may be replaced there. */
  readonly backOffMs: number
  readonly isAvailable: (pod: Pod) => boolean
}

const NOTHING: NodeNeeds = { needsPod: false, remove: [], news: [], killsFailed: false }

export function manageNode(set: DaemonSet, hash: string, allowsSurge: boolean, observed: NodeObserved): NodeNeeds {
  const { shouldRun, mayStay, pods } = observed
  if (shouldRun && pods === undefined) return { ...NOTHING, needsPod: true }
  const standing = (pods ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (!mayStay) return { ...NOTHING, remove: standing }
  const over = endedOnes(set, standing, observed)
  const running = standing.filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded')
  const sorted = [...running].sort(oldestFirst)
  if (!allowsSurge) return { ...over, remove: [...over.remove, ...sorted.slice(1)] }
  if (sorted.length <= 1) return { ...over, needsPod: sorted.length === 0 && shouldRun }
  return { ...over, remove: [...over.remove, ...surplus(set, hash, sorted, observed)] }
}

/** Pods that ended: a daemon never does by itself. */
function endedOnes(set: DaemonSet, pods: readonly Pod[], { node, backOffMs }: NodeObserved): NodeNeeds {
  const failed = pods.filter(({ status }) => status?.phase === 'Failed')
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded')
  const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`
  const mayKill = failed.length > 0 && backOffMs <= 0
  const killed = mayKill ? failed : []
  return {
    needsPod: false,
    remove: [...killed, ...succeeded],
    news: [
      ...killed.map(pod => {
        const what = `Found failed daemon pod ${nameOf(pod)} on node ${node}, will try to kill it`
        return warning(set, 'FailedDaemonPod', what)
      }),
      ...succeeded.map(pod => {
        const what = `Found succeeded daemon pod ${nameOf(pod)} on node ${node}, will try to delete it`
        return normal(set, 'SucceededDaemonPod', what)
      }),
    ],
    killsFailed: mayKill,
    ...(failed.length > 0 && !mayKill ? { waitMs: backOffMs } : {}),
  }
}

/** With surge an old and a new one live side by side while the old is ready and the new is not yet available. */
function surplus(set: DaemonSet, hash: string, sorted: readonly Pod[], { isAvailable }: NodeObserved): readonly Pod[] {
  const newest = sorted.find(pod => isUpdated(pod, set, hash))
  const old = sorted.find(pod => !isUpdated(pod, set, hash))
  const rest = sorted.filter(pod => pod !== newest && pod !== old)
  const isOldDone = newest !== undefined && old !== undefined && (!isReady(old) || isAvailable(newest))
  return isOldDone ? [...rest, old] : rest
}
