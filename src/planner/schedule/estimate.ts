/**
 * The makespan over uneven stages without a table: what the search ranks layouts by before it simulates the few that are left. 1F1B by
 * the longest of p chains of events, one through each rank; the others by the fullest rank's work plus the idle time of even stages.
 */
import type { ScheduleName } from '../training/layout.ts'
import type { ScheduleShape } from './action.ts'
import { idleTime } from './closed-form.ts'
import { placeStages } from './shape.ts'
import type { StageTimes } from './simulate.ts'

export function estimateMakespan(name: ScheduleName, shape: ScheduleShape, times: StageTimes): number {
  const { pipeline, microBatches } = shape
  return name === '1f1b' && microBatches >= pipeline
    ? oneForwardOneBackward(shape, times)
    : fullestRank(name, shape, times)
}

/**
 * Rank r starts after one forward of those before it; waits for its first gradient once its warm-up is through; after its last forward
 * either works off its own backwards or waits for the last micro-batch to come back; then one backward of those before it. In between
 * the pace is the fullest rank's, or that of a round trip from some rank to the last one and back, on which as many micro-batches are
 * under way as ranks lie on it.
 */
function oneForwardOneBackward({ pipeline: p, microBatches: m }: ScheduleShape, times: StageTimes): number {
  const { forward, backward, sendForward, sendBackward } = times
  const hop = (r: number): number => (sendForward?.[r] ?? 0) + (sendBackward?.[r] ?? 0)
  let [behind, longest, work, pace] = [0, 0, 0, 0]
  let before = 0
  for (let r = 0; r < p - 1; r++) before += forward[r]! + backward[r]! + hop(r)
  for (let r = p - 1; r >= 0; r--) {
    const [f, b, ranksBehind] = [forward[r]!, backward[r]!, p - 1 - r]
    const firstGap = Math.max(0, behind - ranksBehind * f)
    const end = Math.max((ranksBehind + 1) * b, behind + b)
    longest = Math.max(longest, before + m * f + (m - ranksBehind - 1) * b + firstGap + end)
    work = Math.max(work, f + b)
    pace = Math.max(pace, (behind + f + b) / (ranksBehind + 1))
    if (r === 0) break
    behind += f + b + hop(r - 1)
    before -= forward[r - 1]! + backward[r - 1]! + hop(r - 1)
  }
  return longest + Math.max(0, m - p - 1) * Math.max(0, pace - work)
}

function fullestRank(name: ScheduleName, shape: ScheduleShape, times: StageTimes): number {
  const { depth, rankOfStage } = placeStages(name, shape)
  const work = new Float64Array(shape.pipeline)
  for (let stage = 0; stage < rankOfStage.length; stage++) {
    const rank = rankOfStage[stage]!
    work[rank] = work[rank]! + times.forward[stage % depth]! + times.backward[stage % depth]!
  }
  const runs = (shape.microBatches * depth) / rankOfStage.length
  const even = {
    forward: mean(times.forward, depth),
    backward: mean(times.backward, depth),
    weight: times.weight && mean(times.weight, depth),
    send: meanSend(times, depth),
    overlappedShare: times.overlappedShare,
  }
  return runs * Math.max(...work) + idleTime(name, shape, even)
}

function mean(values: ArrayLike<number>, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[i]!
  return sum / count
}

/** Over the borders between stages, both ways. */
function meanSend({ sendForward, sendBackward }: StageTimes, depth: number): number {
  if (depth < 2) return 0
  const there = sendForward ? mean(sendForward, depth - 1) : 0
  const back = sendBackward ? mean(sendBackward, depth - 1) : 0
  return (there + back) / 2
}
