/**
 * Time of one training step of one layout: layers to stages, stages to the pipeline's schedule, then what happens once a step. The heart of
 * the planner in one page; each line is a file beside this one.
 */
import { schedule } from '../../schedule/schedule.ts'
import type { Schedule } from '../../schedule/action.ts'
import { simulate } from '../../schedule/simulate.ts'
import { STEP_CONSTANTS } from '../data/constants.ts'
import type { StepInput } from '../prediction.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { attentionSoftware } from './attention-time.ts'
import { stepEnd } from './data-parallel.ts'
import { type Links, linksOf } from './links.ts'
import { addParts, noParts, type Parts, totalOf } from './parts.ts'
import type { Prices } from './price-operators.ts'
import { type StageTimes, stageTimes } from './stage-times.ts'
import type { StepConstants } from './step-constants.ts'

export interface StepTime {
  readonly seconds: number
  readonly breakdown: Parts
  /** By virtual stage. */
  readonly stages: readonly StageTimes[]
}

export function pricesOf({ fleet, workload, software }: StepInput, constants: StepConstants): Prices {
  return {
    device: fleet.pools[0]!.device,
    precision: workload.precision,
    features: software.features,
    expertImbalance: workload.expertImbalance,
    causal: workload.causal,
    attention: attentionSoftware(software),
    year: software.year,
    constants,
  }
}

export function predictStepTime(input: StepInput, constants: StepConstants = STEP_CONSTANTS): StepTime {
  const { layout, workload } = input
  const links = linksOf(input.fleet, layout)
  const prices = pricesOf(input, constants)
  const stages = stageTimes(input, links, prices)
  const microBatches = Math.max(1, Math.round(workload.globalBatch / (layout.data * layout.microBatch)))
  const pipe = pipelineTime(input, stages, microBatches, links, prices)
  const breakdown = pipe.parts
  const end = slowestEnd(input, stages, links, prices)
  breakdown.dataComm += end.dataSeconds
  breakdown.optimizer += end.optimizerSeconds
  breakdown.other += constants.stepSeconds
  const jitter = constants.jitterPerDoubling * Math.log2(Math.max(1, links.ranks / 8))
  breakdown.other += jitter * totalOf(breakdown)
  return { seconds: totalOf(breakdown), breakdown, stages }
}

function slowestEnd(input: StepInput, stages: readonly StageTimes[], links: Links, prices: Prices): ReturnType<typeof stepEnd> {
  const { pipeline } = input.layout
  let slowest: ReturnType<typeof stepEnd> = { dataSeconds: 0, optimizerSeconds: 0 }
  for (let rank = 0; rank < pipeline; rank++) {
    const end = stepEnd(input, stages.filter((_, stage) => stage % pipeline === rank), links, prices)
    if (end.dataSeconds + end.optimizerSeconds > slowest.dataSeconds + slowest.optimizerSeconds) slowest = end
  }
  return slowest
}

function pipelineTime(
  input: StepInput,
  stages: readonly StageTimes[],
  microBatches: number,
  links: Links,
  prices: Prices,
): { seconds: number; parts: Parts } {
  const { layout, model, workload, software } = input
  const { pipeline, chunks } = layout
  const parts = noParts()
  if (pipeline === 1) {
    for (const stage of stages) addParts(addParts(parts, stage.forward, microBatches), stage.backward, microBatches)
    return { seconds: totalOf(parts), parts }
  }
  const forward = stages.map(stage => totalOf(stage.forward))
  const backward = stages.map(stage => totalOf(stage.backward))
  const tokens = (layout.microBatch * workload.sequence) / layout.context / (layout.sequenceParallel ? layout.tensor : 1)
  const send = collectiveSeconds('send', 2 * tokens * model.hidden, links.pipeline, links.pool, links.fleet).seconds
  const exposedSend = software.features.overlapPipeline ? send * (1 - prices.constants.pipelineHidden) : send
  const sends = stages.map(() => exposedSend)
  const table = scheduleOf(layout.schedule, pipeline, chunks, microBatches)
  const run = simulate(table, {
    forward,
    backward,
    sendForward: sends,
    sendBackward: sends,
    isSendBlocking: !software.features.overlapPipeline,
  })
  let busiest = 0
  for (let rank = 1; rank < pipeline; rank++) if (run.busy[rank]! > run.busy[busiest]!) busiest = rank
  for (let stage = busiest; stage < stages.length; stage += pipeline)
    addParts(addParts(parts, stages[stage]!.forward, microBatches), stages[stage]!.backward, microBatches)
  const messages = 2 * microBatches * chunks * (software.features.overlapPipeline ? exposedSend : 2 * exposedSend)
  const idle = Math.max(0, run.makespan - totalOf(parts))
  parts.pipelineComm += Math.min(idle, messages)
  parts.bubble += idle - Math.min(idle, messages)
  return { seconds: run.makespan, parts }
}

const tables = new Map<string, Schedule>()

/** Tables are the same for many layouts and their times; the last few are kept. */
function scheduleOf(name: StepInput['layout']['schedule'], pipeline: number, chunks: number, microBatches: number): Schedule {
  const groupSize = microBatches % pipeline === 0 ? pipeline : Math.min(microBatches, pipeline)
  const key = `${name}/${pipeline}/${chunks}/${microBatches}`
  const known = tables.get(key)
  if (known) return known
  const shape = { pipeline, chunks, microBatches, ...(name === 'interleaved' && microBatches % pipeline !== 0 ? { groupSize: Math.max(groupSize, pipeline) } : {}) }
  const made = schedule(name, shape)
  if (tables.size >= 64) tables.delete(tables.keys().next().value!)
  tables.set(key, made)
  return made
}
