/**
 * One step as it runs: the schedule's table, when each action starts and ends, what comes after the last one. The same stage times and the
 * same simulation as the prediction's (`cost/step/predict-step.ts`); drawn as a Chrome trace or on the plan explorer's page.
 */
import { STEP_CONSTANTS } from '../cost/data/constants.ts'
import type { StepInput } from '../cost/prediction.ts'
import { linksOf } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { microBatchesOf, sendSeconds } from '../cost/step/pipeline-time.ts'
import { predictStepTime, pricesOf } from '../cost/step/predict-step.ts'
import type { Schedule } from '../schedule/action.ts'
import { type ChromeTrace, type Tail, toChromeTrace } from '../schedule/chrome-trace.ts'
import { schedule } from '../schedule/schedule.ts'
import { type Simulation, simulate } from '../schedule/simulate.ts'

export interface StepTimeline {
  readonly schedule: Schedule
  readonly simulation: Simulation
  /** After the pipeline, on every rank. */
  readonly tails: readonly Tail[]
}

export function stepTimeline(input: StepInput): StepTimeline {
  const { layout, software } = input
  const { stages, breakdown, seconds } = predictStepTime(input)
  const send = sendSeconds(input, linksOf(input.fleet, layout), pricesOf(input, STEP_CONSTANTS))
  const sends = stages.map(() => send)
  const times = {
    forward: stages.map(({ forward }) => totalOf(forward)),
    backward: stages.map(({ backward }) => totalOf(backward)),
    weight: stages.map(({ weightSeconds }) => weightSeconds),
    sendForward: sends,
    sendBackward: sends,
    isSendBlocking: !software.features.overlapPipeline,
  }
  const { pipeline, chunks } = layout
  // A pipeline of one rank runs its micro-batches one after the other, whatever its schedule is called.
  const [name, ownChunks] = pipeline === 1 ? (['1f1b', 1] as const) : ([layout.schedule, chunks] as const)
  // Without times, as the prediction's: one table for both.
  const table = schedule(name, { pipeline, chunks: ownChunks, microBatches: microBatchesOf(input) })
  const simulation = simulate(table, times)
  const { optimizer, other } = breakdown
  // What data ranks exchange during the pipeline lies in its actions; here is what is left for its end.
  const exchange = seconds - simulation.makespan - optimizer - other
  const tails = [
    { name: 'data-parallel communication', seconds: exchange },
    { name: 'optimizer', seconds: optimizer },
    { name: 'other', seconds: other },
  ]
  return { schedule: table, simulation, tails: tails.filter(tail => tail.seconds > 1e-6 * seconds) }
}

export function traceStep(input: StepInput): ChromeTrace {
  const timeline = stepTimeline(input)
  return toChromeTrace(timeline.schedule, timeline.simulation, timeline.tails)
}
