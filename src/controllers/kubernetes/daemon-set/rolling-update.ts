/** Which old pods of a DaemonSet go now, and which nodes get a new one beside the old (pkg/controller/daemon/update.go). */
import type { DaemonSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { isUpdated } from './daemon-pod.ts'

export interface NodePods {
  readonly node: string
  readonly pods: readonly Pod[]
  readonly shouldRun: boolean
}

export interface Roll {
  readonly remove: readonly Pod[]
  readonly createOn: readonly string[]
}

/** Percentages are rounded up. */
function portion(value: number | string | undefined, of: number): number {
  const percent = /^(\d+)%$/.exec(String(value ?? 0))?.[1]
  return percent === undefined ? Number(value ?? 0) || 0 : Math.ceil((Number(percent) * of) / 100)
}

export function surgeOf({ spec }: DaemonSet, numNodes: number): number {
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {}
  return type === 'RollingUpdate' ? portion(rollingUpdate?.maxSurge, numNodes) : 0
}

export const allowsSurge = (set: DaemonSet): boolean => surgeOf(set, 1) > 0

/** Where both are none, one may be unavailable: else nothing would ever move. */
export function unavailableOf(set: DaemonSet, numNodes: number): number {
  const { type = 'RollingUpdate', rollingUpdate = { maxUnavailable: 1 } } = set.spec.updateStrategy ?? {}
  const most = type === 'RollingUpdate' ? portion(rollingUpdate.maxUnavailable, numNodes) : 0
  return numNodes > 0 && most === 0 && surgeOf(set, numNodes) === 0 ? 1 : most
}

/** `nodes`: those with pods, and those that should have one. */
export function roll(
  set: DaemonSet,
  hash: string,
  nodes: readonly NodePods[],
  isAvailable: (pod: Pod) => boolean,
): Roll {
  const numDesired = nodes.filter(({ shouldRun }) => shouldRun).length
  const seen = nodes.map(each => ({ ...each, ...oldAndNew(set, hash, each.pods) }))
  return surgeOf(set, numDesired) > 0
    ? surge(seen, surgeOf(set, numDesired), numDesired, isAvailable)
    : replace(seen, unavailableOf(set, numDesired), isAvailable)
}

interface Seen extends NodePods {
  /** Undefined: more than one of a kind; whoever prunes them comes first. */
  readonly isClear: boolean
  readonly newPod?: Pod | undefined
  readonly oldPod?: Pod | undefined
}

function oldAndNew(set: DaemonSet, hash: string, pods: readonly Pod[]) {
  const standing = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const fresh = standing.filter(pod => isUpdated(pod, set, hash))
  const old = standing.filter(pod => !isUpdated(pod, set, hash))
  return { isClear: fresh.length <= 1 && old.length <= 1, newPod: fresh[0], oldPod: old[0] }
}

function replace(nodes: readonly Seen[], maxUnavailable: number, isAvailable: (pod: Pod) => boolean): Roll {
  const failing: Pod[] = []
  const candidates: Pod[] = []
  let unavailable = 0
  for (const { isClear, newPod, oldPod } of nodes) {
    if (!isClear || (oldPod === undefined) === (newPod === undefined)) unavailable++
    else if (newPod) unavailable += isAvailable(newPod) ? 0 : 1
    else if (oldPod && !isAvailable(oldPod)) {
      // It serves nobody: it may go whatever the budget says.
      failing.push(oldPod)
      unavailable++
    } else if (oldPod) candidates.push(oldPod)
  }
  return { remove: [...failing, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))], createOn: [] }
}

function surge(nodes: readonly Seen[], maxSurge: number, numDesired: number, isAvailable: (pod: Pod) => boolean): Roll {
  const remove: Pod[] = []
  const sunset: Pod[] = []
  const failing: string[] = []
  const candidates: string[] = []
  let surging = 0
  let available = 0
  for (const { node, shouldRun, isClear, newPod, oldPod } of nodes) {
    if (!isClear) {
      surging++
      continue
    }
    const counted = oldPod ?? newPod
    if (counted && isAvailable(counted)) available++
    if (oldPod === undefined) continue
    if (newPod === undefined) {
      if (!isAvailable(oldPod)) shouldRun ? failing.push(node) : remove.push(oldPod)
      else if (shouldRun) candidates.push(node)
      else sunset.push(oldPod)
    } else if (isAvailable(newPod)) remove.push(oldPod)
    else surging++
  }
  // A node that pods leave keeps its own until another one serves elsewhere.
  const spare = Math.max(0, available - numDesired)
  return {
    remove: [...remove, ...sunset.slice(0, spare)],
    createOn: [...failing, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
  }
}
