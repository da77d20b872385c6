/**
 * How fast pipelines are scored, on one core, at 16 ranks and 128 micro-batches: exact simulations of a ready table, tables made anew,
 * formulas, cuts of layers. `node scripts/run-ts.js bench/planner/speed.ts`
 */
import { closedForm } from '../../src/planner/schedule/closed-form.ts'
import { cutStages } from '../../src/planner/schedule/cut-stages.ts'
import { estimateMakespan } from '../../src/planner/schedule/estimate.ts'
import { schedule } from '../../src/planner/schedule/schedule.ts'
import { type StageTimes, simulate } from '../../src/planner/schedule/simulate.ts'
import type { ScheduleName } from '../../src/planner/training/layout.ts'
import { type Measured, report } from '../harness/report.ts'

const PIPELINE = 16
const MICRO_BATCHES = 128
const ROUNDS = 7
const CHUNKS: Readonly<Record<ScheduleName, number>> = {
  gpipe: 1,
  '1f1b': 1,
  interleaved: 4,
  'zb-h1': 1,
  'zb-h2': 1,
  zbv: 2,
  dualpipe: 1,
  dualpipev: 2,
}
const NAMES = Object.keys(CHUNKS) as ScheduleName[]

/** Stages whose times differ, as the middle layers, an embedding and a head make them. */
function unevenTimes(stages: number): StageTimes {
  const forward = Array.from({ length: stages }, (_, s) => 1 + 0.02 * (s % 3) + (s === stages - 1 ? 0.3 : 0))
  const sends = forward.map(() => 0.02)
  return {
    forward,
    backward: forward.map(f => 2.1 * f),
    weight: forward.map(f => 0.9 * f),
    sendForward: sends,
    sendBackward: sends,
  }
}

/** Calls a second of processor time, in rounds of 60 ms or more: other work on the machine counts little. */
function rate(call: () => unknown): number[] {
  call()
  return Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage()
    let calls = 0
    let millis = 0
    while (millis < 60) {
      call()
      calls++
      const { user, system } = process.cpuUsage(start)
      millis = (user + system) / 1000
    }
    return (1000 * calls) / millis
  })
}

function rows(): Measured[] {
  const measured: Measured[] = []
  for (const name of NAMES) {
    const shape = { pipeline: PIPELINE, chunks: CHUNKS[name], microBatches: MICRO_BATCHES }
    const times = unevenTimes(PIPELINE * shape.chunks)
    const table = schedule(name, shape, times)
    const bar = { at: 'least', value: 1000 } as const
    measured.push({ what: `${name}: simulations`, unit: '/s', values: rate(() => simulate(table, times)), bar })
    measured.push({ what: `${name}: tables made`, unit: '/s', values: rate(() => schedule(name, shape, times)) })
    measured.push({ what: `${name}: estimates`, unit: '/s', values: rate(() => estimateMakespan(name, shape, times)) })
  }
  const even = { forward: 1, backward: 2, weight: 1, send: 0.02 }
  const shape = { pipeline: PIPELINE, chunks: 1, microBatches: MICRO_BATCHES }
  measured.push({ what: '1f1b: closed forms', unit: '/s', values: rate(() => closedForm('1f1b', shape, even)) })
  const layers = Array.from({ length: 126 }, () => 1)
  const cut = (): number[] => cutStages(layers, 64, { first: 0.1, last: 0.7 })
  measured.push({ what: 'cuts of 126 layers into 64 stages', unit: '/s', values: rate(cut) })
  return measured
}

report('planner-schedules', rows(), { pipeline: PIPELINE, microBatches: MICRO_BATCHES })
