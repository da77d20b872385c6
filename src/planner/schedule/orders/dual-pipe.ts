/**
 * DualPipe and DualPipeV (DeepSeek-V3, 2412.19437; phases as in the README and code of deepseek-ai/DualPipe): forwards and backwards
 * run in pairs, whose communication hides behind each other's compute.
 *
 * DualPipe feeds micro-batches from both ends, so a rank holds the parameters of two stages; `near` is the direction of which it is
 * closer to the start. DualPipeV folds the same order at the middle: half the ranks, each with the stages r and 2p - 1 - r.
 */
import type { ScheduleShape } from '../action.ts'
import { Lane } from '../lane.ts'

/** Stages 0..p-1 are the first direction's; p..2p-1 those of the second half of micro-batches, entered at the last rank. */
export function dualPipe({ pipeline, microBatches }: ScheduleShape): Lane[] {
  const half = microBatches / 2
  return Array.from({ length: pipeline }, (_, rank) => {
    const first: Direction = { stage: rank, microBatch: 0 }
    const second: Direction = { stage: 2 * pipeline - 1 - rank, microBatch: half }
    const isInFirstHalf = rank < pipeline / 2
    return rankOrder({
      lane: new Lane(microBatches),
      near: isInFirstHalf ? first : second,
      far: isInFirstHalf ? second : first,
      ranks: pipeline / 2,
      place: Math.min(rank, pipeline - 1 - rank),
      each: half,
    })
  })
}

export function dualPipeV({ pipeline, microBatches }: ScheduleShape): Lane[] {
  return Array.from({ length: pipeline }, (_, rank) =>
    rankOrder({
      lane: new Lane(microBatches),
      near: { stage: rank, microBatch: 0 },
      far: { stage: 2 * pipeline - 1 - rank, microBatch: 0 },
      ranks: pipeline,
      place: rank,
      each: microBatches,
    }),
  )
}

interface Direction {
  readonly stage: number
  /** The first of this direction. */
  readonly microBatch: number
}

interface Folded {
  readonly lane: Lane
  readonly near: Direction
  readonly far: Direction
  /** Ranks from an end to the fold, and this one's place among them. */
  readonly ranks: number
  readonly place: number
  /** Micro-batches of each direction. */
  readonly each: number
}

function rankOrder({ lane, near, far, ranks, place, each }: Folded): Lane {
  const run = new Runner(lane)
  const behind = ranks - place - 1
  const isAtFold = behind === 0
  times(2 * behind, () => run.forward(near))
  times(place + 1, () => {
    run.forward(near)
    run.forward(far)
  })
  times(behind, () => {
    run.input(far)
    run.weight()
    run.forward(far)
  })
  times(each - 2 * ranks + place + 1, i => {
    // The fold's first backward has nothing to hide behind: apart, the gradient leaves earlier.
    if (i === 0 && isAtFold) {
      run.forward(near)
      run.backward(far)
    } else run.pair(near, far)
    run.pair(far, near)
  })
  times(behind, () => {
    run.backward(far)
    run.pair(far, near)
  })
  // From the middle of the ramp-down on, weight parts are put off, so that gradients reach the ends sooner.
  times(2 * (place + 1), i => {
    const direction = i % 2 === 0 ? far : near
    if (i > place) run.input(direction)
    else run.backward(direction)
  })
  times(behind, () => {
    run.weight()
    run.input(near)
  })
  times(place + 1, () => run.weight())
  return lane
}

function times(count: number, action: (i: number) => void): void {
  for (let i = 0; i < count; i++) action(i)
}

/** Counts the micro-batches of each direction and keeps the weight parts that are due, oldest first. */
class Runner {
  readonly #lane: Lane
  readonly #forwards = new Map<Direction, number>()
  readonly #backwards = new Map<Direction, number>()
  readonly #due: Direction[] = []

  constructor(lane: Lane) {
    this.#lane = lane
  }

  forward(direction: Direction): void {
    this.#lane.forward(direction.stage, next(this.#forwards, direction))
  }
  backward(direction: Direction): void {
    this.#lane.backward(direction.stage, next(this.#backwards, direction))
  }
  pair(forward: Direction, backward: Direction): void {
    this.#lane.pairNext()
    this.forward(forward)
    this.backward(backward)
  }
  input(direction: Direction): void {
    const microBatch = next(this.#backwards, direction)
    this.#lane.input(direction.stage, microBatch)
    this.#due.push({ stage: direction.stage, microBatch })
  }
  weight(): void {
    const due = this.#due.shift()
    if (due) this.#lane.weight(due.stage, due.microBatch)
  }
}

function next(counts: Map<Direction, number>, direction: Direction): number {
  const done = counts.get(direction) ?? 0
  counts.set(direction, done + 1)
  return direction.microBatch + done
}
