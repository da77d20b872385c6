/**
 * When each action of a schedule starts and ends, with stages of different speed and sends between ranks. A rank runs its actions in
 * the table's order; an action starts when the rank is free and what it waits for has arrived. One pass over `schedule.order`, some
 * nanoseconds an action: exact, and cheap enough to score thousands of layouts.
 */
import { BACKWARD, FORWARD, INPUT, type Schedule, WEIGHT } from './action.ts'
import { peakInFlight } from './in-flight.ts'

/** Of one micro-batch, by stage of the model (`depth` entries). Any unit; the answer is in the same. */
export interface StageTimes {
  readonly forward: ArrayLike<number>
  /** Input and weight part together. */
  readonly backward: ArrayLike<number>
  /** The weight part of `backward`; half of it unless given. Only schedules that split the backward use it. */
  readonly weight?: ArrayLike<number>
  /** Activations from stage s to s + 1; nothing where both lie on one rank. */
  readonly sendForward?: ArrayLike<number>
  /** Their gradients from stage s + 1 back to s (entry s). */
  readonly sendBackward?: ArrayLike<number>
  /** The sender waits until its message is gone (Megatron-LM without overlapped p2p); by default it goes on at once. */
  readonly isSendBlocking?: boolean
  /** Time of a forward and a backward run as one, as a share of their sum; 1 unless given. */
  readonly overlappedShare?: number
}

export interface Simulation {
  /** From the first start to the last end. */
  readonly makespan: number
  /** By index of the table. */
  readonly start: Float64Array
  readonly end: Float64Array
  /** By rank: time in which it computes. */
  readonly busy: Float64Array
  /** By rank: from its first start to its last end. With an optimizer that waits for no other stage, steps follow at this pace. */
  readonly span: Float64Array
  /** By rank: micro-batches, in units of one stage's activations, that it holds at its worst moment; the weight part holds all. */
  readonly peakInFlight: Float64Array
}

export function simulate(schedule: Schedule, times: StageTimes): Simulation {
  const { order, waitsFor, isPaired, kind, stage, rankOfStage, pipeline } = schedule
  const { duration, delay, hold } = tablesOf(schedule, times)
  const share = times.overlappedShare ?? 1
  const start = new Float64Array(kind.length)
  const end = new Float64Array(kind.length)
  const free = new Float64Array(pipeline)
  const busy = new Float64Array(pipeline)
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!
    const rank = rankOfStage[stage[i]!]!
    const row = stage[i]! * 4 + kind[i]!
    let begin = free[rank]!
    const needed = waitsFor[i]!
    if (needed >= 0) begin = Math.max(begin, end[needed]! + delay[row]!)
    let seconds = duration[row]!
    let held = hold[row]!
    if (isPaired[i]) {
      const partner = stage[i + 1]! * 4 + kind[i + 1]!
      const other = waitsFor[i + 1]!
      if (other >= 0) begin = Math.max(begin, end[other]! + delay[partner]!)
      seconds = (seconds + duration[partner]!) * share
      held += hold[partner]!
      start[i + 1] = begin
      end[i + 1] = begin + seconds
    }
    start[i] = begin
    end[i] = begin + seconds
    busy[rank] = busy[rank]! + seconds
    free[rank] = begin + seconds + held
  }
  return { ...spansOf(schedule, start, end), start, end, busy, peakInFlight: peakInFlight(schedule) }
}

/** By stage and kind: how long an action takes, how long what it waits for travels, how long its own message holds the rank. */
function tablesOf(
  schedule: Schedule,
  times: StageTimes,
): { duration: Float64Array; delay: Float64Array; hold: Float64Array } {
  const { numStages, depth, rankOfStage } = schedule
  const duration = new Float64Array(4 * numStages)
  const delay = new Float64Array(4 * numStages)
  const hold = new Float64Array(4 * numStages)
  const isRemote = (a: number, b: number): boolean => rankOfStage[a] !== rankOfStage[b]
  for (let stage = 0; stage < numStages; stage++) {
    const place = stage % depth
    const row = 4 * stage
    const weight = times.weight?.[place] ?? times.backward[place]! / 2
    duration[row + FORWARD] = times.forward[place]!
    duration[row + BACKWARD] = times.backward[place]!
    duration[row + INPUT] = times.backward[place]! - weight
    duration[row + WEIGHT] = weight
    if (place > 0 && isRemote(stage - 1, stage)) {
      delay[row + FORWARD] = times.sendForward?.[place - 1] ?? 0
      if (times.isSendBlocking) hold[row + BACKWARD] = hold[row + INPUT] = times.sendBackward?.[place - 1] ?? 0
    }
    if (place < depth - 1 && isRemote(stage, stage + 1)) {
      delay[row + BACKWARD] = delay[row + INPUT] = times.sendBackward?.[place] ?? 0
      if (times.isSendBlocking) hold[row + FORWARD] = times.sendForward?.[place] ?? 0
    }
  }
  return { duration, delay, hold }
}

function spansOf(
  { firstOfRank, pipeline }: Schedule,
  start: Float64Array,
  end: Float64Array,
): { makespan: number; span: Float64Array } {
  const span = new Float64Array(pipeline)
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (let rank = 0; rank < pipeline; rank++) {
    const begin = start[firstOfRank[rank]!]!
    const finish = end[firstOfRank[rank + 1]! - 1]!
    span[rank] = finish - begin
    first = Math.min(first, begin)
    last = Math.max(last, finish)
  }
  return { makespan: last - first, span }
}
