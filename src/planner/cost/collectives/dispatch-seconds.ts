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
import { type Dispatched, onceANodeBytes } from './dispatch-volume.ts'
import { distinctNodes, type GroupLimit } from './distinct-nodes.ts'
import { networkRate } from './network.ts'
import { processorsTaken } from './processors-taken.ts'
import { scaleUpBusRate } from './scale-up-curve.ts'

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
      const oneWay = (bytes: number): number => onceANodeSeconds({ ...input, elementBytes: bytes }, span, pool)
      return { dispatch: oneWay(elementBytes), combine: oneWay(combineBytes), processors }
    }
  }
}

/** Microseconds before the first token moves: layout, notification (DeepEP, one node, 128 tokens and fewer). */
const START_SECONDS = 30e-6
/** Of the NIC: what DeepEP reaches with large batches at 4 nodes (48 of 50 GB/s). */
const WIRE_GAIN = 0.96 / 0.93

/**
 * One copy over the network to each node, from there over NVLink to each rank that has one of the token's experts. Both at once, chunk by
 * chunk, but neither hides the other wholly: the root of the sum of squares fits the measured 2 and 4 nodes within 10 % (H100, 20
 * processors; planner/data/kernels/moe-dispatch).
 */
function onceANodeSeconds(input: DispatchInput, span: GroupSpan, pool: NodePool): number {
  const { experts, topK, routing, imbalance } = input
  const nodes = distinctNodes(experts, topK, span.domains, routing)
  const ranks = distinctNodes(experts, topK, span.size, routing)
  const remote = onceANodeBytes(input, (nodes * (span.domains - 1)) / span.domains)
  const local = onceANodeBytes(input, (ranks * (span.size - 1)) / span.size)
  const network = remote / networkRate(span, pool) / WIRE_GAIN
  const links = span.perDomain > 1 ? local / scaleUpBusRate('all-to-all', Math.min(span.perDomain, 8), pool) : 0
  return START_SECONDS + Math.hypot(network, links) * imbalance
}
