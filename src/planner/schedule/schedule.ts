/** A schedule by name: the table of its actions. Which shapes are possible is told by `shapeProblem`. */
import { invariant, unreachable } from '../../base/invariant.ts'
import type { ScheduleName } from '../training/layout.ts'
import type { Schedule, ScheduleShape } from './action.ts'
import type { Candidate } from './orders/candidate.ts'
import { dualPipe, dualPipeV } from './orders/dual-pipe.ts'
import { gpipe, interleaved, oneForwardOneBackward } from './orders/one-forward-one-backward.ts'
import { type SplitTimes, zeroBubble } from './orders/zero-bubble.ts'
import { zeroBubbleV } from './orders/zero-bubble-v.ts'
import { groupOf, shapeProblem } from './shape.ts'
import { type StageTimes, simulate } from './simulate.ts'
import { tabulate } from './table.ts'

/**
 * `times` are those that the step will have: zb-h1, zb-h2 and zbv choose their order by them (F = I = W and no sends unless given);
 * the order of the others depends on the shape alone, so one table serves all layouts of a shape. Interleaving takes any number of
 * micro-batches, since somebody ran it with that many; `shapeProblem`, which the search asks, is as strict as Megatron-LM.
 */
export function schedule(name: ScheduleName, given: ScheduleShape, times?: StageTimes): Schedule {
  const isInterleaved = name === 'interleaved'
  const shape = isInterleaved ? { ...given, groupSize: groupOf(given) } : given
  const isOneGroup = isInterleaved && shape.groupSize === shape.microBatches
  const problem = shapeProblem(
    name,
    isOneGroup ? { ...shape, microBatches: shape.pipeline, groupSize: shape.pipeline } : shape,
  )
  invariant(!problem, `${name} cannot run ${JSON.stringify(shape)}: ${problem?.why}`)
  const candidates = candidatesOf(name, shape, times)
  const best = candidates.length === 1 ? candidates[0]! : quickest(name, shape, candidates, times ?? evenTimes(shape))
  return tableOf(name, shape, best)
}

export const dependsOnTimes = (name: ScheduleName): boolean => name === 'zb-h1' || name === 'zb-h2' || name === 'zbv'

function candidatesOf(name: ScheduleName, shape: ScheduleShape, times: StageTimes | undefined): readonly Candidate[] {
  switch (name) {
    case 'gpipe':
      return [{ lanes: () => gpipe(shape) }]
    case '1f1b':
      return [{ lanes: () => oneForwardOneBackward(shape) }]
    case 'interleaved':
      return [{ lanes: () => interleaved(shape) }]
    case 'zb-h1':
      return zeroBubble(shape, splitTimes(shape, times), 1)
    case 'zb-h2':
      return zeroBubble(shape, splitTimes(shape, times), 2)
    case 'zbv':
      return zeroBubbleV(shape, splitTimes(shape, times))
    case 'dualpipe':
      return [{ lanes: () => dualPipe(shape) }]
    case 'dualpipev':
      return [{ lanes: () => dualPipeV(shape) }]
    default:
      return unreachable(name)
  }
}

const row = (stages: number, value: number): number[] => Array.from({ length: stages }, () => value)

function evenTimes({ pipeline, chunks }: ScheduleShape): StageTimes {
  return { forward: row(pipeline * chunks, 1), backward: row(pipeline * chunks, 2) }
}

/** By stage: the backward in its two parts. */
function splitTimes(shape: ScheduleShape, times: StageTimes = evenTimes(shape)): SplitTimes {
  const stages = shape.pipeline * shape.chunks
  const weight = Array.from({ length: stages }, (_, s) => times.weight?.[s] ?? times.backward[s]! / 2)
  return {
    forward: times.forward,
    input: weight.map((seconds, s) => times.backward[s]! - seconds),
    weight,
    sendForward: times.sendForward ?? row(stages, 0),
    sendBackward: times.sendBackward ?? row(stages, 0),
  }
}

/** The time of one step, then the pace of steps that follow one another without a barrier; a tie keeps the first. */
function quickest(
  name: ScheduleName,
  shape: ScheduleShape,
  candidates: readonly Candidate[],
  times: StageTimes,
): Candidate {
  const scores = candidates.map(candidate => {
    if (candidate.score && !times.isSendBlocking) return candidate.score
    const { makespan, span } = simulate(tableOf(name, shape, candidate), times)
    return { makespan, pace: Math.max(...span) }
  })
  const isBetter = (a: number, b: number): boolean => {
    const [x, y] = [scores[a]!, scores[b]!]
    if (x.makespan < y.makespan * (1 - 1e-9)) return true
    return x.makespan <= y.makespan * (1 + 1e-9) && x.pace < y.pace * (1 - 1e-9)
  }
  return candidates[candidates.reduce((best, _, i) => (isBetter(i, best) ? i : best), 0)]!
}

/** Tables of patterns, a few hundred kilobytes each: the last ones. */
const patterns = new Map<string, Schedule>()
const MOST_PATTERNS = 8

function tableOf(name: ScheduleName, shape: ScheduleShape, { pattern, lanes }: Candidate): Schedule {
  if (pattern === undefined) return tabulate(name, shape, lanes())
  const key = `${name}/${pattern}/${shape.pipeline}/${shape.microBatches}`
  let known = patterns.get(key)
  if (!known) {
    known = tabulate(name, shape, lanes())
    if (patterns.size >= MOST_PATTERNS) patterns.clear()
    patterns.set(key, known)
  }
  return known
}
