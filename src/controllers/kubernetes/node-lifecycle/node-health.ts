/**
 * When a node was last heard of, and what is written of one that is silent (tryUpdateNodeHealth in
 * pkg/controller/nodelifecycle/node_lifecycle_controller.go). Times are this controller's own: clocks of nodes are not compared.
 */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Node, NodeCondition } from '../../../kube/core.ts'
import type { Lease } from '../../../kube/workloads.ts'
import type { NodeTimes } from './node-times.ts'

export interface NodeHealth {
  /** On the monotonic clock. */
  readonly heardAtMs: number
  /** Whether the node has ever said how it is, and when it last did. */
  readonly hasReady: boolean
  readonly heartbeat: string | undefined
  readonly renewed: string | undefined
  /** For how long a renewal of its Lease is meant to hold. */
  readonly leaseMs: number
}

export const readyOf = (node: Node): NodeCondition | undefined =>
  node.status?.conditions?.find(({ type }) => type === 'Ready')

export interface Now {
  readonly wallMs: Instant
  readonly monotonicMs: number
}

/** What is known of a node after one more look at it. */
export function hear(before: NodeHealth | undefined, node: Node, lease: Lease | undefined, now: Now): NodeHealth {
  const ready = readyOf(node)
  const seen = { hasReady: ready !== undefined, heartbeat: ready?.lastHeartbeatTime }
  const renewed = lease?.spec?.renewTime
  const isRenewed = renewed !== undefined && !(before?.renewed && Date.parse(before.renewed) >= Date.parse(renewed))
  const isNews = before?.hasReady !== seen.hasReady || (seen.hasReady && before.heartbeat !== seen.heartbeat)
  const heardAtMs = isRenewed ? now.monotonicMs : isNews ? firstHeard(before, node, now) : before.heardAtMs
  const leaseMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000
  return { heardAtMs, ...seen, renewed: isRenewed ? renewed : before?.renewed, leaseMs }
}

/** One that has not yet said anything is as old as its object. */
const firstHeard = (before: NodeHealth | undefined, node: Node, { wallMs, monotonicMs }: Now): number =>
  before === undefined && readyOf(node) === undefined
    ? monotonicMs - (wallMs - (Date.parse(node.metadata.creationTimestamp ?? '') || wallMs))
    : monotonicMs

/** A node that promises to be heard of more rarely than most is given its time. */
export const isSilent = (
  { heardAtMs, hasReady, leaseMs }: NodeHealth,
  { monotonicMs }: Now,
  { graceMs, startupGraceMs }: NodeTimes,
): boolean => monotonicMs > heardAtMs + Math.max(leaseMs, hasReady ? graceMs : startupGraceMs)

/** `NetworkUnavailable` is not the node's to say. */
const SAID_BY_NODES = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The conditions of a node that is silent; undefined when they are there already. */
export function unknownConditions(node: Node, { wallMs }: Now): readonly NodeCondition[] | undefined {
  if (readyOf(node)?.status === 'Unknown') return undefined
  const lastTransitionTime = formatTime(wallMs)
  const present = node.status?.conditions ?? []
  const kept = present.map(
    (condition): NodeCondition =>
      SAID_BY_NODES.includes(condition.type) && condition.status !== 'Unknown'
        ? {
            ...condition,
            status: 'Unknown',
            reason: 'NodeStatusUnknown',
            message: 'Kubelet stopped posting node status.',
            lastTransitionTime,
          }
        : condition,
  )
  const missing = SAID_BY_NODES.filter(type => !present.some(each => each.type === type)).map(
    (type): NodeCondition => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      ...(node.metadata.creationTimestamp ? { lastHeartbeatTime: node.metadata.creationTimestamp } : {}),
      lastTransitionTime,
    }),
  )
  return [...kept, ...missing]
}
