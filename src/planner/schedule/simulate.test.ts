/** Makespans of all schedules: known answers of an emulator and of the papers' formulas, and what must hold of any simulation. */
import { expect, test } from 'vitest'
import type { ScheduleName } from '../training/layout.ts'
import { schedule } from './schedule.ts'
import { simulate } from './simulate.ts'

const even = (n: number, value: number): number[] => Array.from({ length: n }, () => value)

/** Victarry/PP-Schedule-Visualization 1dd92bf, F = 1 and B = 2 a rank; ../shared/planner/data/testvectors.json pipeline_makespan_emulator. */
test.each<[ScheduleName, number, number, number, number, number]>([
  ['1f1b', 4, 1, 8, 0, 33],
  ['1f1b', 4, 1, 8, 0.1, 34.6],
  ['1f1b', 8, 1, 16, 0, 69],
  ['1f1b', 8, 1, 16, 0.1, 73],
  ['1f1b', 8, 1, 32, 0, 117],
  ['1f1b', 8, 1, 32, 0.1, 123.8],
  ['1f1b', 4, 1, 4, 0, 21],
  ['1f1b', 4, 1, 4, 0.1, 22],
  ['1f1b', 16, 1, 64, 0, 237],
  ['1f1b', 16, 1, 64, 0.1, 251.8],
  ['interleaved', 4, 2, 8, 0, 28.5],
  ['interleaved', 8, 2, 16, 0, 58.5],
  ['interleaved', 8, 4, 32, 0, 101.25],
  ['interleaved', 4, 4, 16, 0, 50.25],
])(
  '%s over %i ranks x %i chunks, %i micro-batches, sends of %f takes %f',
  (name, pipeline, chunks, microBatches, send, makespan) => {
    const table = schedule(name, { pipeline, chunks, microBatches })
    const stages = table.depth
    const times = {
      forward: even(stages, 1 / chunks),
      backward: even(stages, 2 / chunks),
      sendForward: even(stages, send),
      sendBackward: even(stages, send),
    }
    expect(simulate(table, times).makespan).toBeCloseTo(makespan, 9)
  },
)
