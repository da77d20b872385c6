/**
 * The pass over all nodes (monitorNodeHealth and handleDisruption in pkg/controller/nodelifecycle): who is silent, what is told of it, and
 * which nodes may be emptied. It remembers what it heard and when; it does nothing itself. Each list of actions stands alone: a refusal
 * of one node's is no reason to skip the others, the next pass decides it anew.
 */
import { formatTime } from '../../../base/clock.ts'
import type { Node, Pod } from '../../../kube/core.ts'
import type { Lease } from '../../../kube/workloads.ts'
import { type Action, normal, updateStatus, warning } from '../../runtime/action.ts'
import { hear, isSilent, type NodeHealth, type Now, readyOf, unknownConditions } from './node-health.ts'
import { bears, bearsEvictingTaint, evictingTaint, setEvictingTaint } from './node-taints.ts'
import type { NodeTimes } from './node-times.ts'
import { createLimiter, isCounted, type Limiter, taintsPerSecond, zoneOf, zoneState } from './zones.ts'

export interface NodesObserved {
  readonly nodes: readonly Node[]
  readonly leaseOf: (node: string) => Lease | undefined
  readonly podsOn: (node: string) => readonly Pod[]
}

export interface NodeMonitor {
  /** Takes in what was heard, and names the nodes that were not heard of for too long: their Leases are worth a second look. */
  listen(observed: NodesObserved, now: Now): readonly Node[]
  /** What is to be written of nodes that came, went, or are silent. */
  tell(observed: NodesObserved, now: Now): readonly (readonly Action[])[]
  /** Which nodes lose their pods, or may keep them. */
  taint(nodes: readonly Node[], now: Now): readonly (readonly Action[])[]
}

export function createNodeMonitor(times: NodeTimes): NodeMonitor {
  const health = new Map<string, NodeHealth>()
  const known = new Map<string, Node>()
  const limiters = new Map<string, Limiter>()
  let lastPassMs: number | undefined
  let wasAllSilent = false

  const heardOf = (node: Node): NodeHealth | undefined => health.get(node.metadata.name ?? '')

  /** After a pass that comes as late as that, nobody could have been heard: the machine slept, or this process did. */
  function forgiveLateness({ monotonicMs }: Now): void {
    const isLate = lastPassMs !== undefined && monotonicMs - lastPassMs > times.monitorPeriodMs + times.graceMs / 2
    lastPassMs = monotonicMs
    if (isLate) forgiveAll(monotonicMs)
  }

  function forgiveAll(monotonicMs: number): void {
    for (const [name, each] of health) health.set(name, { ...each, heardAtMs: monotonicMs })
  }

  function listen({ nodes, leaseOf }: NodesObserved, now: Now): readonly Node[] {
    for (const node of nodes) {
      const { name = '' } = node.metadata
      const before = known.get(name)?.metadata.uid === node.metadata.uid ? health.get(name) : undefined
      health.set(name, hear(before, node, leaseOf(name), now))
    }
    forgiveLateness(now)
    return nodes.filter(node => isLost(node, now) && readyOf(node)?.status !== 'Unknown')
  }

  function isLost(node: Node, now: Now): boolean {
    const heard = heardOf(node)
    return heard !== undefined && isSilent(heard, now, times)
  }

  function comings(nodes: readonly Node[]): readonly Action[] {
    const names = new Map(nodes.map(node => [node.metadata.name ?? '', node]))
    const gone = [...known.values()].filter(
      node => names.get(node.metadata.name ?? '')?.metadata.uid !== node.metadata.uid,
    )
    for (const { metadata } of gone) known.delete(metadata.name ?? '')
    const come = nodes.filter(node => !known.has(node.metadata.name ?? ''))
    for (const node of come) known.set(node.metadata.name ?? '', node)
    for (const name of health.keys()) if (!names.has(name)) health.delete(name)
    return [
      ...come.map(node => nodeEvent(node, 'RegisteredNode', `Registered Node ${node.metadata.name} in Controller`)),
      ...gone.map(node => nodeEvent(node, 'RemovingNode', `Removing Node ${node.metadata.name} from Controller`)),
    ]
  }

  function tellOf(node: Node, pods: readonly Pod[], now: Now): readonly Action[] {
    const before = readyOf(node)?.status
    const conditions = isLost(node, now) ? unknownConditions(node, now) : undefined
    if (conditions === undefined && before !== 'Unknown') return []
    return [
      ...(conditions ? [updateStatus(node, { ...node.status, conditions })] : []),
      ...(conditions && before === 'True' ? [statusEvent(node)] : []),
      // At every pass: one that was bound meanwhile, or was not reached the first time, is told too.
      ...pods.flatMap(pod => markNotReady(pod, now)),
    ]
  }

  function limiterOf(zone: string, now: Now): Limiter {
    const present = limiters.get(zone) ?? createLimiter(times.evictionsPerSecond, now.monotonicMs)
    limiters.set(zone, present)
    return present
  }

  /** Sets the pace of each zone; true when every zone is silent as a whole: then it is not the nodes that are ill. */
  function judgeZones(nodes: readonly Node[], now: Now): boolean {
    const zones = groupBy(nodes.filter(isCounted), zoneOf)
    const states = [...zones].map(([zone, members]) => {
      const state = zoneState(members, times)
      limiterOf(zone, now).setRate(taintsPerSecond(state, members.length, times), now.monotonicMs)
      return state
    })
    const isAllSilent = states.length > 0 && states.every(state => state === 'FullDisruption')
    if (wasAllSilent && !isAllSilent) forgiveAll(now.monotonicMs)
    wasAllSilent = isAllSilent
    return isAllSilent
  }

  /** Others went on speaking well after this one fell silent; else all fell silent together, a moment apart. */
  function wasOutlived(node: Node, nodes: readonly Node[]): boolean {
    const silentSince = heardOf(node)?.heardAtMs ?? 0
    return nodes.some(other => (heardOf(other)?.heardAtMs ?? 0) > silentSince + times.graceMs / 2)
  }

  return {
    listen,
    tell: (observed, now) => [
      comings(observed.nodes),
      ...observed.nodes.map(node => tellOf(node, observed.podsOn(node.metadata.name ?? ''), now)),
    ],
    taint(nodes, now) {
      const isAllSilent = judgeZones(nodes, now)
      return nodes.map(node => {
        const wanted = evictingTaint(node)
        if (wanted === undefined || isAllSilent) return setEvictingTaint(node, undefined, now.wallMs)
        if (bears(node, wanted)) return []
        const isSwap = bearsEvictingTaint(node)
        const isSure = readyOf(node)?.status !== 'Unknown' || wasOutlived(node, nodes)
        const mayTaint = isSwap || (isSure && limiterOf(zoneOf(node), now).tryTake(now.monotonicMs))
        return mayTaint ? setEvictingTaint(node, wanted, now.wallMs) : []
      })
    },
  }
}

const nodeEvent = (node: Node, reason: string, what: string): Action =>
  normal(node, reason, `Node ${node.metadata.name} event: ${what}`)

const statusEvent = (node: Node): Action =>
  normal(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`)

/** Nobody else can say it any more: the pod's node is silent. */
function markNotReady(pod: Pod, { wallMs }: Now): readonly Action[] {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.status !== 'True') return []
  const conditions = pod.status?.conditions?.map(condition =>
    condition === ready
      ? { ...condition, status: 'False' as const, lastTransitionTime: formatTime(wallMs) }
      : condition,
  )
  return [updateStatus(pod, { ...pod.status, conditions }), warning(pod, 'NodeNotReady', 'Node is not ready')]
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
