/** What one rank of a group gets of its node's NICs, and what of that survives the switches above. */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'

/**
 * Share of the wire that large messages reach: 0.91 (4 x 8 H200, InfiniBand), 0.93 (48.5 of 50 GB/s at 0.95 to 0.96, SimAI), 0.955
 * (4 x 8 B200, EFA v4).
 */
const WIRE_EFFICIENCY = 0.93

/**
 * How traffic spreads: along a ring (or a tree laid on it) only the hop at a switch's border leaves the switch; in an exchange all that is meant
 * for others' switches does; a message between two leaves it if they are apart.
 */
export type Pattern = 'ring' | 'exchange' | 'message'

/** Bytes a second out of one rank, when all groups of its axis communicate at once; a rank uses one NIC. */
export function networkRate(pattern: Pattern, span: GroupSpan, pool: NodePool, fleet: Fleet): number {
  const nics = Math.min(1, pool.devicesPerNode / (span.perNode * span.concurrent))
  return (pool.nicBytesPerSecond * nics * WIRE_EFFICIENCY) / crowding(pattern, span, fleet)
}

/**
 * Uplinks of a tier carry 1 / oversubscription of what comes from below, and the pattern sends a share of its traffic over them; the tightest tier
 * slows all. How many members lie below one switch: at least as many as if the group were strewn evenly over the whole fleet.
 */
function crowding(pattern: Pattern, span: GroupSpan, fleet: Fleet): number {
  if (span.oversubscription <= 1) return 1
  const nodes = fleet.pools.reduce((sum, pool) => sum + pool.nodes, 0)
  let oversubscription = 1
  let slowest = 1
  for (const tier of fleet.tiers.slice(0, span.tier + 1)) {
    oversubscription *= tier.oversubscription
    const below = Math.max(1, (tier.nodes * span.nodes) / nodes)
    const crossing = { ring: 1 / below, exchange: Math.max(0, 1 - below / span.nodes), message: 1 }[pattern]
    slowest = Math.max(slowest, oversubscription * crossing)
  }
  return slowest
}
