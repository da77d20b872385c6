/**
 * The time that experts' tokens take to get there (dispatch) and back (combine), by dispatcher. Sorting them in memory (permute) is a pass of
 * the kernels and not in it. Forward: dispatch, then combine; backward: the gradient of a combine travels as a dispatch, that of a dispatch
 * as a combine.
 */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
import type { Dispatcher } from '../../training/layout.ts'
import type { CollectiveOp } from './collective.ts'
import { collectiveSeconds } from './collective-seconds.ts'
import { onceANodeSeconds, type Phase, type Routed } from './once-a-node.ts'
import { processorsTaken } from './processors-taken.ts'

export interface DispatchInput extends Routed {
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
  if (span.size <= 1 || input.tokens <= 0) return { dispatch: 0, combine: 0, processors: 0 }
  const { tokens, hidden, topK, imbalance, elementBytes, combineBytes = elementBytes } = input
  const processors = processorsTaken(dispatcher, pool)
  const both = (seconds: (phase: Phase, elementBytes: number) => number): DispatchTime => ({
    dispatch: seconds('dispatch', elementBytes),
    combine: seconds('combine', combineBytes),
    processors,
  })
  const collective = (op: CollectiveOp, bytes: number): number =>
    collectiveSeconds(op, bytes, span, pool, fleet).seconds
  switch (dispatcher) {
    case 'allgather': {
      const gathered = tokens * hidden * span.size
      return both((phase, bytes) =>
        collective(phase === 'dispatch' ? 'all-gather' : 'reduce-scatter', gathered * bytes),
      )
    }
    case 'alltoall': {
      const exchanged = tokens * topK * hidden * imbalance
      return both((_, bytes) => collective('all-to-all', exchanged * bytes))
    }
    case 'deepep':
    case 'hybridep':
      return both((phase, bytes) =>
        onceANodeSeconds(phase, dispatcher, { ...input, elementBytes: bytes }, span, pool, fleet, processors),
      )
  }
}
