/** Stand-in until cost/collectives lands. */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
export type CollectiveOp = 'all-reduce' | 'all-gather' | 'reduce-scatter' | 'all-to-all' | 'send'
export function collectiveSeconds(op: CollectiveOp, bytes: number, span: GroupSpan, pool: NodePool, _fleet: Fleet): { seconds: number } {
  const { size, domains } = span
  if (size <= 1 || bytes <= 0) return { seconds: 0 }
  const inside = pool.scaleUpBytesPerSecond * 0.76
  const nic = (pool.nicBytesPerSecond * 0.85) / span.oversubscription
  if (op === 'send') return { seconds: (domains > 1 ? 15e-6 + bytes / nic : 8e-6 + bytes / inside) }
  const passes = op === 'all-reduce' ? 2 : 1
  const share = (size - 1) / size
  const intra = (passes * bytes * share) / inside
  if (domains === 1) return { seconds: 14e-6 + intra }
  if (op === 'all-to-all') return { seconds: 20e-6 + (bytes * (1 - 1 / domains)) / nic }
  // Each of `perDomain` ranks brings its own NIC.
  const inter = (passes * bytes * (domains - 1)) / domains / (nic * span.perDomain)
  return { seconds: 25e-6 + 5e-6 * Math.log2(size) + Math.max(intra, inter) + 0.3 * Math.min(intra, inter) }
}
