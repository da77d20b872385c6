/** What one rank of a group gets of its node's NICs, and what of that survives the switches above. */
import type { NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'

/**
 * Share of the wire that large messages reach: 0.91 (4 x 8 H200, InfiniBand), 0.93 (48.5 of 50 GB/s at 0.95 to 0.96, SimAI), 0.955
 * (4 x 8 B200, EFA v4).
 */
const WIRE_EFFICIENCY = 0.93

/** Bytes a second out of one rank, when all groups of its axis communicate at once; a rank uses one NIC. */
export function networkRate(span: GroupSpan, pool: NodePool): number {
  const nics = Math.min(1, pool.devicesPerNode / (span.perNode * span.concurrent))
  return (pool.nicBytesPerSecond * nics * WIRE_EFFICIENCY) / Math.max(1, span.oversubscription)
}
