/**
 * One step as it runs: the schedule's table, when each action starts and ends, what comes after the last one. The same stage times and the
 * same simulation as the prediction's (`cost/step/predict-step.ts`); drawn as a Chrome trace or on the plan explorer's page.
 */
import { collectiveSeconds } from '../cost/collectives/collective-seconds.ts'
import { STEP_CONSTANTS } from '../cost/data/constants.ts'
import type { StepInput } from '../cost/prediction.ts'
import { linksOf } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { predictStepTime } from '../cost/step/predict-step.ts'
import type { Schedule } from '../schedule/action.ts'
import { type ChromeTrace, type Tail, toChromeTrace } from '../schedule/chrome-trace.ts'
import { schedule } from '../schedule/schedule.ts'
import { type Simulation, type StageTimes, simulate } from '../schedule/simulate.ts'

export interface StepTimeline {
  readonly schedule: Schedule
  readonly simulation: Simulation
  /** After the pipeline, on every rank. */
  readonly tails: readonly Tail[]
}

export function stepTimeline(input: StepInput): StepTimeline {
  const { layout, workload, software } = input
  const { stages, breakdown } = predictStepTime(input)
  const send = sendSeconds(input)
  const sends = stages.map(() => send)
  const times: StageTimes = {
    forward: stages.map(({ forward }) => totalOf(forward)),
    backward: stages.map(({ backward }) => totalOf(backward)),
    sendForward: sends,
    sendBackward: sends,
    isSendBlocking: !software.features.overlapPipeline,
  }
  const { pipeline, chunks } = layout
  const microBatches = Math.max(1, Math.round(workload.globalBatch / (layout.data * layout.microBatch)))
  // A pipeline of one rank runs its micro-batches one after the other, whatever its schedule is called.
  const name = pipeline === 1 ? '1f1b' : layout.schedule
  const table = schedule(name, { pipeline, chunks: pipeline === 1 ? 1 : chunks, microBatches }, times)
  const tails = [
    { name: 'data-parallel communication', seconds: breakdown.dataComm },
    { name: 'optimizer', seconds: breakdown.optimizer },
    { name: 'other', seconds: breakdown.other },
  ]
  return { schedule: table, simulation: simulate(table, times), tails: tails.filter(({ seconds }) => seconds > 0) }
}

export function traceStep(input: StepInput): ChromeTrace {
  const timeline = stepTimeline(input)
  return toChromeTrace(timeline.schedule, timeline.simulation, timeline.tails)
}

/** Activations of a micro-batch from one stage to the next, as far as nothing hides them. */
function sendSeconds({ model, fleet, layout, workload, software }: StepInput): number {
  if (layout.pipeline === 1) return 0
  const links = linksOf(fleet, layout)
  const tokens =
    (layout.microBatch * workload.sequence) / layout.context / (layout.sequenceParallel ? layout.tensor : 1)
  const { seconds } = collectiveSeconds('send', 2 * tokens * model.hidden, links.pipeline, links.pool, fleet)
  return software.features.overlapPipeline ? seconds * (1 - STEP_CONSTANTS.pipelineHidden) : seconds
}
