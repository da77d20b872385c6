/**
 * ZB-H1 and ZB-H2 (Qi et al., 2401.10241): the backward is split, and its weight part W, for which nobody waits, fills the gaps in
 * which a rank waits for others. H1 may hold as many micro-batches as 1F1B's first rank does, on every rank; H2 twice as many, so that
 * the ramp fills too. Two ways to an order: the pattern for F = I = W, and a greedy walk over the real times of uneven stages, in the
 * manner of the authors' `zb.py` (of its eight variants those are kept that are ever best by more than a percent).
 */
import { FORWARD, INPUT, type ScheduleShape, WEIGHT } from '../action.ts'
import { Lane } from '../lane.ts'
import { type Candidate, type Score, scoreOf } from './candidate.ts'

/** By rank. */
export interface SplitTimes {
  readonly forward: ArrayLike<number>
  readonly input: ArrayLike<number>
  readonly weight: ArrayLike<number>
  /** From rank r to r + 1, and from r + 1 back to r. */
  readonly sendForward: ArrayLike<number>
  readonly sendBackward: ArrayLike<number>
}

interface Habits {
  /** Run another forward while the first gradient could already arrive. */
  readonly isEagerBeforeFirst: boolean
  /** Fill a gap with a longer weight part even where the gap costs nothing yet. */
  readonly fillsEveryGap: boolean
}

/** H1 (`depth` 1) is one of H2's (2): with few micro-batches to run ahead with, it may win. */
export function zeroBubble(shape: ScheduleShape, times: SplitTimes, depth: 1 | 2): readonly Candidate[] {
  const fixed = (own: 1 | 2): Candidate => ({ pattern: `h${own}`, lanes: () => fixedPattern(shape, own) })
  const walk = (isEagerBeforeFirst: boolean, fillsEveryGap: boolean): Candidate => {
    const walked = new Walk(shape, times, depth * shape.pipeline, { isEagerBeforeFirst, fillsEveryGap })
    const lanes = walked.run()
    return { lanes: () => lanes, score: walked.score }
  }
  const patient = walk(true, false)
  return depth === 1 ? [fixed(1), patient] : [fixed(2), fixed(1), patient, walk(true, true), walk(false, true)]
}

/**
 * 1F1B in which rank r puts each weight part off by as many micro-batches as ranks lie before it (PyTorch's InterleavedZeroBubble with
 * one chunk). H2 (`depth` 2) runs ahead twice as far.
 */
function fixedPattern({ pipeline, microBatches }: ScheduleShape, depth: 1 | 2): Lane[] {
  return Array.from({ length: pipeline }, (_, rank) => {
    const lane = new Lane(microBatches)
    const ahead = Math.min(microBatches, depth * (pipeline - 1 - rank))
    const late = depth * rank
    for (let i = 0; i < ahead; i++) lane.forward(rank, i)
    for (let i = 0; i < microBatches; i++) {
      if (i + ahead < microBatches) lane.forward(rank, i + ahead)
      lane.input(rank, i)
      if (i >= late) lane.weight(rank, i - late)
    }
    for (let i = Math.max(0, microBatches - late); i < microBatches; i++) lane.weight(rank, i)
    return lane
  })
}

class Walk {
  readonly #lanes: Lane[]
  readonly #p: number
  readonly #m: number
  readonly #times: SplitTimes
  readonly #mostHeld: number
  readonly #habits: Habits
  /** Times closer than this are the same: an order must not hang on the last bit of a sum. */
  readonly #tie: number
  /** By rank: end of its last action, and how many of each it has run. */
  readonly #free: Float64Array
  readonly #first: Float64Array
  readonly #forwards: Int32Array
  readonly #inputs: Int32Array
  readonly #weights: Int32Array
  /** By rank: time lost between actions so far; `#worstGap` the largest of them. */
  readonly #gap: Float64Array
  #worstGap = 0
  /** By rank x micro-batch: when the forward and the input part end. */
  readonly #forwardEnd: Float64Array
  readonly #inputEnd: Float64Array

  constructor({ pipeline, microBatches }: ScheduleShape, times: SplitTimes, mostHeld: number, habits: Habits) {
    this.#p = pipeline
    this.#m = microBatches
    this.#times = times
    this.#mostHeld = mostHeld
    this.#habits = habits
    this.#tie = 1e-9 * (times.forward[0]! + times.input[0]!)
    this.#lanes = Array.from({ length: pipeline }, () => new Lane(microBatches))
    this.#free = new Float64Array(pipeline)
    this.#first = new Float64Array(pipeline)
    this.#gap = new Float64Array(pipeline)
    this.#forwards = new Int32Array(pipeline)
    this.#inputs = new Int32Array(pipeline)
    this.#weights = new Int32Array(pipeline)
    this.#forwardEnd = new Float64Array(pipeline * microBatches)
    this.#inputEnd = new Float64Array(pipeline * microBatches)
  }

  run(): Lane[] {
    this.#rampUp()
    for (let round = 1; round < this.#m; round++) this.#round(round)
    for (let rank = 0; rank < this.#p; rank++) while (this.#weights[rank]! < this.#m) this.#weight(rank)
    return this.#lanes
  }

  get score(): Score {
    return scoreOf(this.#first, this.#free)
  }

  /** The first micro-batch there and back, and the further forwards that fit before its gradient arrives. */
  #rampUp(): void {
    for (let rank = 0; rank < this.#p; rank++) this.#forward(rank)
    const more = this.#forwardsBeforeFirstGradient()
    for (let rank = 0; rank < this.#p; rank++) for (let i = 0; i < more[rank]!; i++) this.#forward(rank)
    for (let rank = this.#p - 1; rank >= 0; rank--) this.#input(rank)
  }

  #forwardsBeforeFirstGradient(): Int32Array {
    const { forward, input, sendBackward } = this.#times
    const more = new Int32Array(this.#p)
    let gradient = this.#free[this.#p - 1]! + input[this.#p - 1]!
    for (let rank = this.#p - 2; rank >= 0; rank--) {
      const arrives = gradient + sendBackward[rank]!
      let free = this.#free[rank]!
      while (1 + more[rank]! < Math.min(this.#m, this.#mostHeld)) {
        const isLate = this.#habits.isEagerBeforeFirst
          ? free + forward[rank]! > arrives + this.#tie
          : free >= arrives - this.#tie
        if (isLate) break
        free += forward[rank]!
        more[rank]!++
      }
      gradient = Math.max(free, arrives) + input[rank]!
    }
    // A rank runs ahead less far than the one before it, which feeds it.
    for (let rank = 1; rank < this.#p; rank++) {
      const before = more[rank - 1]!
      more[rank] = Math.min(more[rank]!, before === this.#m - 1 ? before : Math.max(0, before - 1))
    }
    return more
  }

  #round(round: number): void {
    const isForwardDue = this.#forwardsDue()
    for (let rank = 0; rank < this.#p; rank++) {
      if (!isForwardDue[rank]) continue
      this.#makeRoom(rank)
      if (rank > 0)
        this.#fill(
          rank,
          this.#forwardEnd[(rank - 1) * this.#m + this.#forwards[rank]!]! + this.#times.sendForward[rank - 1]!,
        )
      this.#forward(rank)
    }
    for (let rank = this.#p - 1; rank >= 0; rank--) {
      if (rank + 1 < this.#p)
        this.#fill(rank, this.#inputEnd[(rank + 1) * this.#m + round]! + this.#times.sendBackward[rank]!)
      // The first rank has nothing to hurry for once its forwards are through.
      if (rank === 0 && this.#forwards[0] === this.#m) while (this.#weights[0]! < this.#inputs[0]!) this.#weight(0)
      this.#input(rank)
    }
  }

  /** Which ranks run a forward in this round; never one whose follower does not. */
  #forwardsDue(): Uint8Array {
    const due = new Uint8Array(this.#p)
    for (let rank = this.#p - 1; rank >= 0; rank--) {
      const isFollowed = rank === this.#p - 1 || due[rank + 1] === 1 || this.#forwards[rank + 1] === this.#m
      if (this.#forwards[rank]! < this.#m && isFollowed) due[rank] = 1
    }
    return due
  }

  #held(rank: number): number {
    return this.#forwards[rank]! - this.#weights[rank]!
  }

  #makeRoom(rank: number): void {
    while (this.#held(rank) + 1 > this.#mostHeld && this.#weights[rank]! < this.#inputs[rank]!) this.#weight(rank)
  }

  /** Weight parts until what the rank waits for arrives. */
  #fill(rank: number, arrives: number): void {
    const seconds = this.#times.weight[rank]!
    const isDue = (): boolean => this.#weights[rank]! < this.#inputs[rank]!
    while (isDue() && this.#free[rank]! + seconds <= arrives + this.#tie) this.#weight(rank)
    const rest = arrives - this.#free[rank]!
    if (!isDue() || rest <= this.#tie) return
    const isFree = rest <= this.#worstGap - this.#gap[rank]! + this.#tie
    if (!isFree || this.#habits.fillsEveryGap) this.#weight(rank)
  }

  #forward(rank: number): void {
    const i = this.#forwards[rank]!++
    const arrives = rank > 0 ? this.#forwardEnd[(rank - 1) * this.#m + i]! + this.#times.sendForward[rank - 1]! : 0
    this.#forwardEnd[rank * this.#m + i] = this.#put(rank, FORWARD, i, arrives, this.#times.forward[rank]!)
  }
  #input(rank: number): void {
    const i = this.#inputs[rank]!++
    const arrives = rank + 1 < this.#p ? this.#inputEnd[(rank + 1) * this.#m + i]! + this.#times.sendBackward[rank]! : 0
    this.#inputEnd[rank * this.#m + i] = this.#put(rank, INPUT, i, arrives, this.#times.input[rank]!)
  }
  #weight(rank: number): void {
    this.#put(rank, WEIGHT, this.#weights[rank]!++, 0, this.#times.weight[rank]!)
  }

  #put(rank: number, kind: number, microBatch: number, arrives: number, seconds: number): number {
    const free = this.#free[rank]!
    const start = Math.max(free, arrives)
    if (kind !== FORWARD || microBatch > 0) {
      this.#gap[rank] = this.#gap[rank]! + (start - free)
      this.#worstGap = Math.max(this.#worstGap, this.#gap[rank]!)
    } else this.#first[rank] = start
    this.#lanes[rank]!.add(kind, rank, microBatch)
    this.#free[rank] = start + seconds
    return start + seconds
  }
}
