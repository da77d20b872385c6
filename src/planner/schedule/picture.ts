/**
 * A schedule as text, a line a rank and a character a stretch of time: forward as the micro-batch's digit (the last one), backward or its
 * input part as its letter (a is 0), of two chunks the second one's as capitals, the weight part as `'`, a pair as `*`, waiting as `.`.
 *
 *     1f1b over 4 ranks and 8 micro-batches, B twice as long as F
 *     rank 0  0123......aa4bb5cc6dd7ee.ff.gg.hh
 *     rank 1  .012....aa3bb4cc5dd6ee7ff.gg.hh..
 */
import { FORWARD, type Schedule, WEIGHT } from './action.ts'
import type { Simulation } from './simulate.ts'

/** `unit`: time that a character stands for; the step in 100 characters unless given. */
export function drawSchedule(schedule: Schedule, simulation: Simulation, unit = simulation.makespan / 100): string {
  const columns = Math.max(1, Math.round(simulation.makespan / unit))
  const width = String(schedule.pipeline - 1).length
  const lines: string[] = []
  for (let rank = 0; rank < schedule.pipeline; rank++)
    lines.push(`rank ${String(rank).padStart(width)}  ${lineOf(schedule, simulation, rank, unit, columns)}`)
  return lines.join('\n')
}

/** What runs in the middle of each stretch. */
function lineOf(schedule: Schedule, { start, end }: Simulation, rank: number, unit: number, columns: number): string {
  const { firstOfRank, isPaired } = schedule
  let line = ''
  let i = firstOfRank[rank]!
  const last = firstOfRank[rank + 1]! - 1
  for (let column = 0; column < columns; column++) {
    const time = (column + 0.5) * unit
    while (i < last && end[i]! <= time) i += isPaired[i] ? 2 : 1
    line += start[i]! <= time && time < end[i]! ? signOf(schedule, i) : '.'
  }
  return line
}

function signOf({ kind, stage, microBatch, isPaired, pipeline, depth }: Schedule, i: number): string {
  if (isPaired[i]) return '*'
  if (kind[i] === WEIGHT) return "'"
  if (kind[i] === FORWARD) return String(microBatch[i]! % 10)
  const letter = String.fromCharCode(97 + (microBatch[i]! % 26))
  return depth > pipeline && stage[i]! % depth >= pipeline ? letter.toUpperCase() : letter
}
