/** Which taints a node should bear for how it is (doNoScheduleTaintingPass, SwapNodeControllerTaint), and its labels of old names. */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Node, Taint } from '../../../kube/core.ts'
import { refOf } from '../../../kube/object.ts'
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE } from '../../../kube/taints.ts'
import type { Action } from '../../runtime/action.ts'
import { readyOf } from './node-health.ts'

/** Condition, status, taint. */
const BY_CONDITION: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
]
const OURS: ReadonlySet<string> = new Set([...BY_CONDITION.map(([, , key]) => key), UNSCHEDULABLE])

const taintsOf = (node: Node): readonly Taint[] => node.spec?.taints ?? []

/** Puts the NoSchedule taints right, and leaves those of others alone. */
export function reconcileNode(node: Node, now: Instant): readonly Action[] {
  const keys = [
    ...BY_CONDITION.filter(([type, status]) =>
      node.status?.conditions?.some(each => each.type === type && each.status === status),
    ).map(([, , key]) => key),
    ...(node.spec?.unschedulable ? [UNSCHEDULABLE] : []),
  ]
  const isStale = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && OURS.has(key) && !keys.includes(key)
  return [...changeTaints(node, isStale, keys, 'NoSchedule', now), ...oldLabels(node)]
}

/** What empties the node: `unreachable` when it is silent, `not-ready` when it says so itself; never both. */
export const evictingTaint = (node: Node): string | undefined => {
  const status = readyOf(node)?.status
  return status === 'False' ? NOT_READY : status === 'Unknown' ? UNREACHABLE : undefined
}

const evicts = ({ key, effect }: Taint): boolean => effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE)

export const bearsEvictingTaint = (node: Node): boolean => taintsOf(node).some(evicts)
export const bears = (node: Node, key: string): boolean =>
  taintsOf(node).some(taint => evicts(taint) && taint.key === key)

/** Without `key`: both go. */
export const setEvictingTaint = (node: Node, key: string | undefined, now: Instant): readonly Action[] =>
  changeTaints(node, taint => evicts(taint) && taint.key !== key, key ? [key] : [], 'NoExecute', now)

function changeTaints(
  node: Node,
  isStale: (taint: Taint) => boolean,
  keys: readonly string[],
  effect: Taint['effect'],
  now: Instant,
): readonly Action[] {
  const present = taintsOf(node)
  const kept = present.filter(taint => !isStale(taint))
  const missing = keys.filter(key => !present.some(taint => taint.key === key && taint.effect === effect))
  if (missing.length === 0 && kept.length === present.length) return []
  const added = missing.map((key): Taint => ({ key, effect, timeAdded: formatTime(now) }))
  const taints = [...kept, ...added]
  const { uid, resourceVersion } = node.metadata
  // With the version that was read: a taint that somebody adds meanwhile must not be lost.
  const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } }
  return [{ kind: 'patch', ref: refOf(node), type: 'merge', patch }]
}

/** Labels whose old names follow the new ones. */
const OLD_LABELS: readonly (readonly [label: string, old: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
]

function oldLabels(node: Node): readonly Action[] {
  const { labels = {} } = node.metadata
  const changed = OLD_LABELS.filter(([label, old]) => labels[label] !== undefined && labels[old] !== labels[label])
  if (changed.length === 0) return []
  const patch = { metadata: { labels: Object.fromEntries(changed.map(([label, old]) => [old, labels[label]])) } }
  return [{ kind: 'patch', ref: refOf(node), type: 'merge', patch }]
}
