/**
 * ZBV (Qi et al., 2401.10241 §6; 2405.15362): two chunks a rank laid out as a V, so that the last stage lies where the first does and a
 * rank holds as many micro-batches as any other. Every micro-batch travels four legs through all ranks:
 *
 *     leg 0  forward of chunk 0    rank 0 -> p-1        leg 2  input part of chunk 1   rank 0 -> p-1
 *     leg 1  forward of chunk 1    rank p-1 -> 0        leg 3  input part of chunk 0   rank p-1 -> 0
 *
 * and weight parts fill the gaps. Two ways to an order: the pattern for F = I = W, which PyTorch runs, and a greedy walk over the real
 * times, in the manner of the authors' `zbv.py`.
 */
import { FORWARD, INPUT, type ScheduleShape, WEIGHT } from '../action.ts'
import { Lane } from '../lane.ts'
import { type Candidate, type Score, scoreOf } from './candidate.ts'
import type { SplitTimes } from './zero-bubble.ts'

/** A walk may get stuck where stages are uneven; one over their mean times then gives the order. */
export function zeroBubbleV(shape: ScheduleShape, times: SplitTimes): readonly Candidate[] {
  const walks = [true, false].flatMap((fillsRest): readonly Candidate[] => {
    const walk = new Walk(shape, times, fillsRest)
    const lanes = walk.run()
    if (lanes) return [{ lanes: () => lanes, score: walk.score }]
    const even = new Walk(shape, meanTimes(times), fillsRest).run()
    return even ? [{ lanes: () => even }] : []
  })
  return [{ pattern: 'v', lanes: () => fixedPattern(shape) }, ...walks]
}

function meanTimes({ forward, input, weight, sendForward, sendBackward }: SplitTimes): SplitTimes {
  const stages = forward.length
  const even = (values: ArrayLike<number>): Float64Array => {
    let sum = 0
    for (let i = 0; i < stages; i++) sum += values[i] ?? 0
    return new Float64Array(stages).fill(sum / stages)
  }
  return {
    forward: even(forward),
    input: even(input),
    weight: even(weight),
    sendForward: even(sendForward),
    sendBackward: even(sendBackward),
  }
}

const isDown = (leg: number): boolean => leg % 2 === 0

class Walk {
  readonly #lanes: Lane[]
  /** By rank: time lost between actions. */
  readonly #gap: Float64Array
  #worstGap = 0
  readonly #p: number
  readonly #m: number
  readonly #times: SplitTimes
  /** Also with a weight part that is longer than the gap. */
  readonly #fillsRest: boolean
  /** Times closer than this are the same: an order must not hang on the last bit of a sum. */
  readonly #tie: number
  readonly #free: Float64Array
  readonly #first: Float64Array
  readonly #held: Int32Array
  /** By rank x leg: how many are done. */
  readonly #done: Int32Array
  /** By (leg x rank) x micro-batch: its end, or -1. */
  readonly #end: Float64Array
  /** By rank: legs whose weight part is due, oldest first, from `#nextDue` on. */
  readonly #due: number[][]
  readonly #nextDue: Int32Array
  readonly #weights: Int32Array
  readonly #nextLeg: Uint8Array
  #isStuck = false

  constructor({ pipeline, microBatches }: ScheduleShape, times: SplitTimes, fillsRest: boolean) {
    this.#p = pipeline
    this.#m = microBatches
    this.#times = times
    this.#fillsRest = fillsRest
    this.#tie = 1e-9 * (times.forward[0]! + times.input[0]!)
    this.#lanes = Array.from({ length: pipeline }, () => new Lane(microBatches))
    this.#gap = new Float64Array(pipeline)
    this.#free = new Float64Array(pipeline)
    this.#first = new Float64Array(pipeline)
    this.#held = new Int32Array(pipeline)
    this.#done = new Int32Array(4 * pipeline)
    this.#end = new Float64Array(4 * pipeline * microBatches).fill(-1)
    this.#due = Array.from({ length: pipeline }, () => [])
    this.#nextDue = new Int32Array(pipeline)
    this.#weights = new Int32Array(2 * pipeline)
    this.#nextLeg = new Uint8Array(pipeline)
  }

  /** Nothing if it got stuck. */
  run(): Lane[] | undefined {
    this.#firstThereAndBack()
    this.#levelForwards()
    for (let round = 0; round < 2 * this.#m && !this.#isStuck; round++) {
      this.#roundOfInputs()
      this.#roundOfForwards()
    }
    for (let rank = 0; rank < this.#p; rank++) while (this.#hasDue(rank)) this.#weight(rank)
    return this.#isStuck ? undefined : this.#lanes
  }

  get score(): Score {
    return scoreOf(this.#first, this.#free)
  }

  /** Micro-batch 0 down and up again; on the way up, ranks that would wait feed further ones into leg 0. */
  #firstThereAndBack(): void {
    for (let rank = 0; rank < this.#p; rank++) this.#run(0, rank)
    for (let rank = this.#p - 1; rank >= 0; rank--) {
      const arrives = this.#arrival(1, rank)
      const fits = (): boolean =>
        this.#held[rank]! + 2 + 2 * rank <= 2 * this.#p &&
        this.#free[rank]! + this.#seconds(0, rank) <= arrives + this.#tie &&
        this.#count(rank, 0) < this.#m
      while (rank < this.#p - 1 && fits()) {
        for (let r = 0; r <= rank; r++) if (this.#count(r, 0) < this.#m) this.#run(0, r)
      }
      this.#run(1, rank)
    }
  }

  /** Forwards of both chunks in turns, until every rank has run as many as the one before it. */
  #levelForwards(): void {
    let leg = 0
    const isBehind = (rank: number): boolean => {
      const before = rank - 1
      const total = (r: number): number => this.#count(r, 0) + this.#count(r, 1)
      return (
        total(rank) < total(before) ||
        (this.#count(rank, 1) <= this.#count(before, 1) && this.#count(before, 1) < this.#m)
      )
    }
    for (let rank = 1; rank < this.#p; rank++) {
      while (isBehind(rank) && !this.#isStuck) {
        for (let r = this.#p - 1; r >= rank; r--) if (this.#count(r, leg) < this.#m) this.#run(leg, r)
        leg = 1 - leg
      }
    }
  }

  #roundOfInputs(): void {
    const legs = this.#nextLeg
    // All choose before one moves: what a rank sees is the round before.
    for (let rank = 0; rank < this.#p; rank++) legs[rank] = this.#nextInputLeg(rank)
    for (let rank = this.#p - 1; rank >= 0; rank--) if (legs[rank] === 3) this.#fillAndRun(3, rank, true)
    for (let rank = 0; rank < this.#p; rank++) if (legs[rank] === 2) this.#fillAndRun(2, rank, this.#fillsRest)
  }

  #nextInputLeg(rank: number): 2 | 3 {
    const [second, third] = [this.#count(rank, 2), this.#count(rank, 3)]
    if (third >= second) return 2
    if (rank === this.#p - 1 || second >= this.#m) return 3
    return this.#endOf(3, rank + 1, third) >= 0 ? 3 : 2
  }

  #roundOfForwards(): void {
    for (let rank = 0; rank < this.#p; rank++) {
      const leg = this.#nextForwardLeg(rank)
      if (leg === undefined) continue
      while (this.#held[rank]! + 1 > 2 * this.#p && this.#hasDue(rank)) this.#weight(rank)
      this.#fillAndRun(leg, rank, this.#fillsRest)
    }
  }

  #nextForwardLeg(rank: number): 0 | 1 | undefined {
    const [down, up] = [this.#count(rank, 0), this.#count(rank, 1)]
    if (up >= this.#m) return undefined
    if (up >= down) return 0
    if (rank === this.#p - 1 || this.#endOf(1, rank + 1, up) >= 0) return 1
    if (down >= this.#m) return undefined
    return rank === 0 || this.#endOf(0, rank - 1, down) >= 0 ? 0 : undefined
  }

  /** Weight parts until the leg's input arrives; a last, longer one only where the gap would be a new worst. */
  #fillAndRun(leg: number, rank: number, fillsRest: boolean): void {
    const arrives = this.#arrival(leg, rank)
    while (this.#hasDue(rank) && arrives + this.#tie >= this.#free[rank]! + this.#weightSeconds(rank))
      this.#weight(rank)
    const isNewWorst = arrives - this.#free[rank]! > this.#worstGap - this.#gap[rank]! + this.#tie
    if (fillsRest && this.#hasDue(rank) && isNewWorst) this.#weight(rank)
    this.#run(leg, rank)
  }

  #count(rank: number, leg: number): number {
    return this.#done[4 * rank + leg]!
  }
  #endOf(leg: number, rank: number, microBatch: number): number {
    return this.#end[(leg * this.#p + rank) * this.#m + microBatch]!
  }
  /** Legs 0 and 3 are chunk 0's, at stage `rank`; 1 and 2 chunk 1's. */
  #stage(leg: number, rank: number): number {
    return leg === 0 || leg === 3 ? rank : 2 * this.#p - 1 - rank
  }
  #seconds(leg: number, rank: number): number {
    return (leg < 2 ? this.#times.forward : this.#times.input)[this.#stage(leg, rank)]!
  }

  /** When the leg's next micro-batch can be here; -1 if it starts or turns here, so that nothing has to arrive. */
  #arrival(leg: number, rank: number): number {
    const from = isDown(leg) ? rank - 1 : rank + 1
    if (from < 0 || from >= this.#p || this.#count(rank, leg) >= this.#m) return -1
    const sent = this.#endOf(leg, from, this.#count(rank, leg))
    const stage = this.#stage(leg, rank)
    const seconds = leg < 2 ? this.#times.sendForward[stage - 1]! : this.#times.sendBackward[stage]!
    return sent < 0 ? -1 : sent + seconds
  }

  #hasDue(rank: number): boolean {
    return this.#nextDue[rank]! < this.#due[rank]!.length
  }
  #weightSeconds(rank: number): number {
    return this.#times.weight[this.#stage(this.#due[rank]![this.#nextDue[rank]!]!, rank)]!
  }
  #weight(rank: number): void {
    const seconds = this.#weightSeconds(rank)
    const leg = this.#due[rank]![this.#nextDue[rank]!++]!
    const microBatch = this.#weights[2 * rank + leg - 2]!++
    this.#lanes[rank]!.add(WEIGHT, this.#stage(leg, rank), microBatch)
    this.#free[rank] = this.#free[rank]! + seconds
    this.#held[rank]!--
  }

  #run(leg: number, rank: number): void {
    const microBatch = this.#count(rank, leg)
    if (!this.#canRun(leg, rank, microBatch)) {
      this.#isStuck = true
      return
    }
    const free = this.#free[rank]!
    const start = Math.max(free, this.#arrival(leg, rank))
    if (this.#count(rank, 0) > 0) {
      this.#gap[rank] = this.#gap[rank]! + (start - free)
      this.#worstGap = Math.max(this.#worstGap, this.#gap[rank]!)
    } else this.#first[rank] = start
    this.#end[(leg * this.#p + rank) * this.#m + microBatch] = this.#free[rank] = start + this.#seconds(leg, rank)
    this.#done[4 * rank + leg] = microBatch + 1
    this.#lanes[rank]!.add(leg < 2 ? FORWARD : INPUT, this.#stage(leg, rank), microBatch)
    if (leg < 2) this.#held[rank]!++
    else this.#due[rank]!.push(leg)
  }

  #canRun(leg: number, rank: number, microBatch: number): boolean {
    if (this.#isStuck || microBatch >= this.#m) return false
    if (leg < 2 && this.#held[rank]! + 1 > 2 * this.#p) return false
    const from = isDown(leg) ? rank - 1 : rank + 1
    const hasArrived = from < 0 || from >= this.#p || this.#endOf(leg, from, microBatch) >= 0
    return hasArrived && (leg === 0 || this.#endOf(leg - 1, rank, microBatch) >= 0)
  }
}

/** Laid out for F = I = W and m >= 2p - 1; with fewer micro-batches the superfluous ones are left out. */
function fixedPattern({ pipeline: p, microBatches: m }: ScheduleShape): Lane[] {
  const total = Math.max(2 * p - 1, m)
  return Array.from({ length: p }, (_, rank) => {
    const lane = new Lane(m)
    const stages = [rank, 2 * p - 1 - rank]
    const counts = { forward: [0, 0], input: [0, 0], weight: [0, 0] }
    const add = (kind: number, counted: number[], chunk: 0 | 1): void => {
      const microBatch = counted[chunk]!++
      if (microBatch < m) lane.add(kind, stages[chunk]!, microBatch)
    }
    const forward = (chunk: 0 | 1): void => add(FORWARD, counts.forward, chunk)
    const input = (chunk: 0 | 1): void => add(INPUT, counts.input, chunk)
    const weight = (chunk: 0 | 1): void => add(WEIGHT, counts.weight, chunk)
    const whole = (chunk: 0 | 1): void => {
      input(chunk)
      weight(chunk)
    }
    for (let i = 0; i < 2 * (p - rank) - 1; i++) forward(0)
    for (let i = 0; i < rank; i++) {
      forward(1)
      forward(0)
    }
    for (let i = 0; i < p - rank; i++) {
      forward(1)
      whole(1)
    }
    while (counts.forward[1]! < counts.forward[0]! || counts.forward[0]! < total) {
      if (counts.forward[0]! < total) forward(0)
      whole(0)
      forward(1)
      whole(1)
    }
    for (let i = 0; i < rank; i++) {
      input(0)
      input(1)
    }
    for (let i = 0; i < p - rank; i++) {
      input(0)
      weight(0)
    }
    while (counts.weight[1]! < counts.input[1]!) weight(1)
    while (counts.weight[0]! < counts.input[0]!) weight(0)
    return lane
  })
}
