/**
 * Dispatchers that send each token once to every domain that has one of its experts (DeepEP, HybridEP): over the network to one rank there, over
 * NVLink from it to each rank that has. Both happen chunk by chunk at the same time, yet neither hides the other wholly: the root of the sum
 * of squares fits what was measured on 2, 4 and 8 nodes.
 */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
import { DEEPEP } from './data/deepep.ts'
import { HYBRID_EP } from './data/hybrid-ep.ts'
import { type Dispatched, onceANodeBytes } from './dispatch-volume.ts'
import { distinctNodes, type GroupLimit } from './distinct-nodes.ts'
import { networkRate } from './network.ts'

export type Phase = 'dispatch' | 'combine'

export interface Routed extends Dispatched {
  readonly experts: number
  readonly routing?: GroupLimit
  /** Tokens of the most loaded rank over the mean; 1 is balanced. Everybody waits for that rank. */
  readonly imbalance: number
}

/** Of the NIC, over what NCCL's large messages reach: DeepEP 48 and HybridEP 45 of 50 GB/s with 4,096 tokens on 4 nodes. */
const WIRE_GAIN = { deepep: 0.96 / 0.93, hybridep: 0.9 / 0.93 }

export function onceANodeSeconds(
  phase: Phase,
  library: 'deepep' | 'hybridep',
  routed: Routed,
  span: GroupSpan,
  pool: NodePool,
  fleet: Fleet,
  processors: number,
): number {
  const { experts, topK, routing, imbalance } = routed
  const domains = distinctNodes(experts, topK, span.domains, routing)
  const sent = onceANodeBytes(routed, (domains * (span.domains - 1)) / span.domains)
  const network = (sent * imbalance) / (networkRate('exchange', span, pool, fleet) * WIRE_GAIN[library])
  const copies = distinctNodes(experts, topK, span.size, routing)
  const inside = library === 'deepep' ? deepEpSeconds : hybridEpSeconds
  return Math.hypot(network, inside(phase, routed, copies, span, pool, processors))
}

const isBlackwell = (pool: NodePool): boolean =>
  pool.device.generation === 'blackwell' || pool.device.generation === 'cdna4'

/** How much slower the pool's links are than those of the machine that was measured. */
const linkSlowdown = (pool: NodePool): number => (isBlackwell(pool) ? 900e9 : 450e9) / pool.scaleUpBytesPerSecond

/** Processors copy rows, links carry those of other ranks (data/deepep.ts). */
function deepEpSeconds(
  phase: Phase,
  { tokens, hidden, elementBytes, imbalance }: Routed,
  copies: number,
  span: GroupSpan,
  pool: NodePool,
  processors: number,
): number {
  const kernel = DEEPEP[isBlackwell(pool) ? 'blackwell' : 'hopper'][phase]
  const rowBytes = hidden * elementBytes
  const work = kernel.token + kernel.copy * copies + (kernel.byte + kernel.copiedByte * copies) * rowBytes
  const remote = (kernel.remoteByte * linkSlowdown(pool) * copies * rowBytes * (span.size - 1)) / span.size
  return (kernel.start + (work / processors + remote) * tokens * imbalance) * 1e-6
}

/** Bulk copies by the memory accelerator: few processors fill the links (data/hybrid-ep.ts). */
function hybridEpSeconds(phase: Phase, routed: Routed, copies: number, span: GroupSpan, pool: NodePool): number {
  const { startSeconds, bytesPerSecond, rankPower } = HYBRID_EP[isBlackwell(pool) ? 'blackwell' : 'hopper']
  const rate = bytesPerSecond[phase] / Math.max(1, span.perDomain / 8) ** rankPower / linkSlowdown(pool)
  return startSeconds + (onceANodeBytes(routed, copies) * routed.imbalance) / rate
}
