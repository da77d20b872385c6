/**
 * The time that experts' tokens take to get there (dispatch) and back (combine), by dispatcher. Permuting them in memory is not in it (a pass of
 * the kernels), except with DeepEP and HybridEP, whose kernels do it as they copy. Forward: dispatch, then combine; backward: combine's
 * gradient is a dispatch, dispatch's a combine.
 */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
import type { Dispatcher } from '../../training/layout.ts'
import type { CollectiveOp } from './collective.ts'
import { collectiveSeconds } from './collective-seconds.ts'
import { DEEPEP } from './data/deepep.ts'
import type { Dispatched } from './dispatch-volume.ts'
import { distinctNodes, type GroupLimit } from './distinct-nodes.ts'
import { networkRate } from './network.ts'
import { processorsTaken } from './processors-taken.ts'

export interface DispatchInput extends Dispatched {
  readonly experts: number
  readonly routing?: GroupLimit
  /** Tokens of the most loaded rank over the mean; 1 is balanced. Everybody waits for that rank. */
  readonly imbalance: number
  /** Of what comes back, when it differs from `elementBytes` (fp8 goes, bf16 returns). */
  readonly combineBytes?: number
}

export interface DispatchTime {
  readonly dispatch: number
  readonly combine: number
  /** Streaming multiprocessors that are busy copying meanwhile. */
  readonly processors: number
}

/** `span`: the EP x ETP ranks of one expert group as they lie in the fleet. */
export function dispatchSeconds(
  dispatcher: Dispatcher,
  input: DispatchInput,
  span: GroupSpan,
  pool: NodePool,
  fleet: Fleet,
): DispatchTime {
  const processors = processorsTaken(dispatcher, pool)
  if (span.size <= 1 || input.tokens <= 0) return { dispatch: 0, combine: 0, processors: 0 }
  const { tokens, hidden, topK, imbalance, elementBytes, combineBytes = elementBytes } = input
  const seconds = (op: CollectiveOp, bytes: number): number => collectiveSeconds(op, bytes, span, pool, fleet).seconds
  switch (dispatcher) {
    case 'allgather': {
      const bytes = tokens * hidden * span.size
      return {
        dispatch: seconds('all-gather', bytes * elementBytes),
        combine: seconds('reduce-scatter', bytes * combineBytes),
        processors,
      }
    }
    case 'alltoall': {
      const bytes = tokens * topK * hidden * imbalance
      return {
        dispatch: seconds('all-to-all', bytes * elementBytes),
        combine: seconds('all-to-all', bytes * combineBytes),
        processors,
      }
    }
    case 'deepep':
    case 'hybridep': {
      const oneWay = (phase: 'dispatch' | 'combine', bytes: number): number =>
        onceANodeSeconds(phase, hidden * bytes, input, span, pool, processors)
      return { dispatch: oneWay('dispatch', elementBytes), combine: oneWay('combine', combineBytes), processors }
    }
  }
}

/** Of the NIC: what DeepEP reaches with large batches on 4 nodes (48 of 50 GB/s) over what NCCL's large messages reach. */
const WIRE_GAIN = 0.96 / 0.93

/**
 * One copy over the network to each domain that has one of the token's experts, from there over NVLink to each rank that has. Chunk by chunk at
 * the same time, yet neither hides the other wholly: the root of the sum of squares fits what was measured on 2 and 4 nodes.
 */
function onceANodeSeconds(
  phase: 'dispatch' | 'combine',
  rowBytes: number,
  input: DispatchInput,
  span: GroupSpan,
  pool: NodePool,
  processors: number,
): number {
  const { experts, topK, routing, imbalance, tokens } = input
  const domains = distinctNodes(experts, topK, span.domains, routing)
  const sent = (tokens * rowBytes * domains * (span.domains - 1)) / span.domains
  const network = (sent / networkRate(span, pool) / WIRE_GAIN) * imbalance
  const copies = distinctNodes(experts, topK, span.size, routing)
  return Math.hypot(network, insideSeconds(phase, rowBytes, tokens * imbalance, copies, span, pool, processors))
}

/** DeepEP's kernels in a domain: processors copy rows, links carry those of other ranks (data/deepep.ts). */
function insideSeconds(
  phase: 'dispatch' | 'combine',
  rowBytes: number,
  tokens: number,
  copies: number,
  span: GroupSpan,
  pool: NodePool,
  processors: number,
): number {
  const isNew = pool.device.generation === 'blackwell' || pool.device.generation === 'cdna4'
  const kernel = DEEPEP[isNew ? 'blackwell' : 'hopper'][phase]
  const links = (isNew ? 900e9 : 450e9) / pool.scaleUpBytesPerSecond
  const work = kernel.token + kernel.copy * copies + (kernel.byte + kernel.copiedByte * copies) * rowBytes
  const remote = (kernel.remoteByte * links * copies * rowBytes * (span.size - 1)) / span.size
  return (kernel.start + (work / processors + remote) * tokens) * 1e-6
}
