/** The stages in the pipeline's schedule: from the first forward to the last backward of a step, and how many micro-batches each rank holds. */
import type { Schedule } from '../../schedule/action.ts'
import { schedule } from '../../schedule/schedule.ts'
import { placeStages } from '../../schedule/shape.ts'
import { simulate } from '../../schedule/simulate.ts'
import type { Layout } from '../../training/layout.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import type { StepInput } from '../prediction.ts'
import type { Links } from './links.ts'
import { addParts, noParts, type Parts, totalOf } from './parts.ts'
import { elementBytesOf, type Prices } from './prices.ts'
import type { StageCost } from './stage-times.ts'

export interface PipelineTime {
  /** Of the busiest rank, with what it waits for; they add up to the makespan. */
  readonly parts: Parts
  /** By pipeline rank, in chunks. */
  readonly inFlight: readonly number[]
}

export const microBatchesOf = ({ workload, layout }: Pick<StepInput, 'workload' | 'layout'>): number =>
  Math.max(1, Math.round(workload.globalBatch / (layout.data * layout.microBatch)))

export function pipelineTime(
  input: StepInput,
  stages: readonly StageCost[],
  microBatches: number,
  links: Links,
  prices: Prices,
): PipelineTime {
  const { layout, software } = input
  const parts = noParts()
  if (layout.pipeline === 1) {
    for (const stage of stages) addParts(addParts(parts, stage.forward, microBatches), stage.backward, microBatches)
    return { parts, inFlight: [1] }
  }
  const send = sendSeconds(input, links, prices)
  const sends = stages.map(() => send)
  const run = simulate(scheduleOf(layout, microBatches), {
    forward: stages.map(stage => totalOf(stage.forward)),
    backward: stages.map(stage => totalOf(stage.backward)),
    weight: stages.map(stage => stage.weightSeconds),
    sendForward: sends,
    sendBackward: sends,
    isSendBlocking: !software.features.overlapPipeline,
  })
  let busiest = 0
  for (let rank = 1; rank < layout.pipeline; rank++) if (run.busy[rank]! > run.busy[busiest]!) busiest = rank
  for (const stage of stagesOfRank(layout, stages, busiest))
    addParts(addParts(parts, stage.forward, microBatches), stage.backward, microBatches)
  const idle = Math.max(0, run.makespan - totalOf(parts))
  const messages = Math.min(idle, 2 * microBatches * layout.chunks * send)
  parts.pipelineComm += messages
  parts.bubble += idle - messages
  return { parts, inFlight: [...run.peakInFlight] }
}

/** One micro-batch's activations to the next stage, as far as the step feels it. */
export function sendSeconds(
  { layout, workload, model, software }: Pick<StepInput, 'layout' | 'workload' | 'model' | 'software'>,
  links: Links,
  prices: Prices,
): number {
  if (layout.pipeline === 1) return 0
  const cut = layout.sequenceParallel ? layout.tensor : 1
  const tokens = (layout.microBatch * workload.sequence) / layout.context / cut
  const { seconds } = collectiveSeconds(
    'send',
    elementBytesOf(workload.precision) * tokens * model.hidden,
    links.pipeline,
    links.pool,
    links.fleet,
  )
  return software.features.overlapPipeline ? seconds * (1 - prices.constants.pipelineHidden) : seconds
}

/** The costs of the virtual stages that a pipeline rank holds, each once. */
export function stagesOfRank(
  { schedule: name, pipeline, stages }: Pick<Layout, 'schedule' | 'pipeline' | 'stages'>,
  costs: readonly StageCost[],
  rank: number,
): readonly StageCost[] {
  const { rankOfStage } = placeStages(name, { pipeline, chunks: stages.length / pipeline, microBatches: 1 })
  return costs.filter((_, stage) => rankOfStage[stage] === rank)
}

/** Those whose parameters it has: with DualPipe each stage lies on two ranks, and each of them exchanges and updates it. */
export function stagesHeld(
  { schedule: name, pipeline, stages }: Pick<Layout, 'schedule' | 'pipeline' | 'stages'>,
  costs: readonly StageCost[],
  rank: number,
): readonly StageCost[] {
  const { rankOfStage, depth } = placeStages(name, { pipeline, chunks: stages.length / pipeline, microBatches: 1 })
  const held: StageCost[] = []
  for (let place = 0; place < rankOfStage.length; place++)
    if (rankOfStage[place] === rank) held.push(costs[place % depth]!)
  return held
}

const tables = new Map<string, Schedule>()
const KEPT_TABLES = 64

/** Tables are the same for many layouts; the latest are kept. */
function scheduleOf({ schedule: name, pipeline, chunks }: Layout, microBatches: number): Schedule {
  const key = `${name}/${pipeline}/${chunks}/${microBatches}`
  const known = tables.get(key)
  if (known) return known
  const made = schedule(name, { pipeline, chunks, microBatches })
  if (tables.size >= KEPT_TABLES) tables.delete(tables.keys().next().value!)
  tables.set(key, made)
  return made
}
