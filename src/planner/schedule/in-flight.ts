/**
 * How many micro-batches' activations a rank holds at its worst moment, in units of what one stage keeps of one micro-batch. The order
 * of a rank's actions alone decides it, not their times.
 */
import type { ScheduleName } from '../training/layout.ts'
import { BACKWARD, FORWARD, INPUT, type Schedule, type ScheduleShape } from './action.ts'

/** What the stages keep; without it every stage counts 1 and the weight part holds all. */
export interface Holding {
  /** Of one micro-batch, by stage of the model. */
  readonly ofStage?: ArrayLike<number>
  /** Part of it that the weight part still needs after the input part (inputs and output gradients of GEMMs); 1 unless given. */
  readonly weightShare?: number
}

/** By rank, read off the table. */
export function peakInFlight(schedule: Schedule, { ofStage, weightShare = 1 }: Holding = {}): Float64Array {
  const { firstOfRank, kind, stage, depth, pipeline } = schedule
  const peak = new Float64Array(pipeline)
  for (let rank = 0; rank < pipeline; rank++) {
    let held = 0
    let most = 0
    for (let i = firstOfRank[rank]!; i < firstOfRank[rank + 1]!; i++) {
      const kept = ofStage ? ofStage[stage[i]! % depth]! : 1
      switch (kind[i]) {
        case FORWARD:
          held += kept
          if (held > most) most = held
          break
        case BACKWARD:
          held -= kept
          break
        case INPUT:
          held -= kept * (1 - weightShare)
          break
        default:
          held -= kept * weightShare
      }
    }
    peak[rank] = most
  }
  return peak
}

/**
 * The same without a table, for the search: exact for gpipe, 1f1b, interleaved (Megatron-LM's warm-up, plus the micro-batch under way),
 * dualpipe and dualpipev; an upper bound for the zero-bubble ones, whose order depends on times.
 */
export function inFlight(name: ScheduleName, rank: number, shape: ScheduleShape): number {
  const { pipeline: p, chunks: v, microBatches: m, groupSize = p } = shape
  switch (name) {
    case 'gpipe':
      return m
    case '1f1b':
      return Math.min(m, p - rank)
    case 'interleaved':
      return Math.min(m * v, 2 * (p - rank - 1) + (v - 1) * groupSize + 1)
    case 'zb-h1':
      return Math.min(m, p)
    case 'zb-h2':
      return Math.min(m, 2 * p)
    case 'zbv':
      return Math.min(2 * m, 2 * p)
    case 'dualpipe':
      return p + 1
    case 'dualpipev':
      return 2 * p + 1
  }
}
