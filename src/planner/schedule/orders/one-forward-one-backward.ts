/** The orders that know no weight part: GPipe, 1F1B (PipeDream-flush) and its interleaved form (Narayanan et al., 2104.04473). */
import type { ScheduleShape } from '../action.ts'
import { Lane } from '../lane.ts'

/** All forwards, then all backwards (Huang et al., 1811.06965). */
export function gpipe({ pipeline, microBatches }: ScheduleShape): Lane[] {
  return Array.from({ length: pipeline }, (_, rank) => {
    const lane = new Lane(microBatches)
    for (let i = 0; i < microBatches; i++) lane.forward(rank, i)
    for (let i = 0; i < microBatches; i++) lane.backward(rank, i)
    return lane
  })
}

/** A rank runs ahead by as many forwards as ranks lie behind it, then takes turns. */
export function oneForwardOneBackward({ pipeline, microBatches }: ScheduleShape): Lane[] {
  return Array.from({ length: pipeline }, (_, rank) =>
    takeTurns(
      microBatches,
      microBatches,
      pipeline - 1 - rank,
      () => rank,
      () => rank,
      i => i,
    ),
  )
}

/** Chunks in turn, a group of micro-batches each; Megatron-LM's table of (micro-batch, chunk) for any group size. */
export function interleaved({ pipeline, chunks, microBatches, groupSize = pipeline }: ScheduleShape): Lane[] {
  const turns = turnsOf(chunks, microBatches, groupSize)
  return Array.from({ length: pipeline }, (_, rank) =>
    takeTurns(
      microBatches,
      turns.length,
      2 * (pipeline - 1 - rank) + (chunks - 1) * groupSize,
      turn => turns[turn]!.chunk * pipeline + rank,
      turn => (chunks - 1 - turns[turn]!.chunk) * pipeline + rank,
      turn => turns[turn]!.microBatch,
    ),
  )
}

interface Turn {
  readonly chunk: number
  readonly microBatch: number
}

function turnsOf(chunks: number, microBatches: number, groupSize: number): Turn[] {
  const turns: Turn[] = []
  for (let first = 0; first < microBatches; first += groupSize) {
    const end = Math.min(first + groupSize, microBatches)
    for (let chunk = 0; chunk < chunks; chunk++) for (let i = first; i < end; i++) turns.push({ chunk, microBatch: i })
  }
  return turns
}

/** `ahead` forwards, then one forward and one backward in turns, then the backwards that are left. */
function takeTurns(
  microBatches: number,
  total: number,
  ahead: number,
  forwardStage: (turn: number) => number,
  backwardStage: (turn: number) => number,
  microBatchOf: (turn: number) => number,
): Lane {
  const lane = new Lane(microBatches)
  const warmUp = Math.min(ahead, total)
  for (let turn = 0; turn < warmUp; turn++) lane.forward(forwardStage(turn), microBatchOf(turn))
  for (let turn = 0; turn < total; turn++) {
    const forward = turn + warmUp
    if (forward < total) lane.forward(forwardStage(forward), microBatchOf(forward))
    lane.backward(backwardStage(turn), microBatchOf(turn))
  }
  return lane
}
