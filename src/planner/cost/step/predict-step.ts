/**
 * Time and memory of one training step of one layout: layers to stages, stages into the pipeline's schedule, then what happens once a step. The
 * heart of the planner in one page; each line is a file beside this one.
 */
import type { Workload } from '../../training/layout.ts'
import { STEP_CONSTANTS } from '../data/constants.ts'
import { measuredConstants } from '../measured/constants.ts'
import { predictMemory } from '../memory/memory.ts'
import { leastBytes } from '../memory/reserved.ts'
import type { StepInput, StepPrediction } from '../prediction.ts'
import type { Software } from '../software.ts'
import { attentionSoftware } from './attention-time.ts'
import { rankLoad, type StepEnd, stepEnd } from './data-parallel.ts'
import { type Links, linksOf } from './links.ts'
import { type Parts, totalOf } from './parts.ts'
import { microBatchesOf, pipelineTime, stagesHeld, stagesOfRank } from './pipeline-time.ts'
import type { Prices } from './prices.ts'
import { type StageCost, stageTimes } from './stage-times.ts'
import type { StepConstants } from './step-constants.ts'

export interface StepTime {
  readonly seconds: number
  readonly breakdown: Parts
  /** By virtual stage. */
  readonly stages: readonly StageCost[]
  /** Micro-batches whose activations a pipeline rank holds at its worst moment, in chunks. */
  readonly inFlight: readonly number[]
}

export function pricesOf(
  { fleet, workload, software }: Pick<StepInput, 'fleet' | 'workload' | 'software'>,
  constants: StepConstants = STEP_CONSTANTS,
): Prices {
  const { device } = fleet.pools[0]!
  return {
    device,
    precision: workload.precision,
    features: software.features,
    expertImbalance: workload.expertImbalance,
    causal: workload.causal,
    weightGradient: gradientKind(software, workload),
    regathers: software.family !== 'torchtitan' && software.family !== 'fsdp' && software.family !== 'solvent',
    attention: attentionSoftware(software, device),
    year: software.year,
    constants: device.measured ? measuredConstants(device.measured, constants) : constants,
  }
}

const gradientKind = ({ family }: Software, { precision }: Workload): 'wgrad' | 'plainWgrad' =>
  (family === 'megatron' || family === 'nemo') && precision.gradientBytes === 4 ? 'wgrad' : 'plainWgrad'

export function predictStepTime(
  input: StepInput,
  constants: StepConstants = STEP_CONSTANTS,
  links: Links = linksOf(input.fleet, input.layout),
): StepTime {
  const prices = pricesOf(input, constants)
  const stages = stageTimes(input, links, prices)
  const { parts: breakdown, inFlight } = pipelineTime(input, stages, microBatchesOf(input), links, prices)
  const end = slowestEnd(input, stages, links, prices)
  breakdown.dataComm += end.dataSeconds
  breakdown.optimizer += end.optimizerSeconds
  breakdown.other += onceAStep(input.software, prices.constants)
  breakdown.other += jitterShare(links.ranks, constants) * totalOf(breakdown)
  return { seconds: totalOf(breakdown), breakdown, stages, inFlight }
}

/** PyTorch's own sharding starts the optimizer's and the norm's kernels tensor by tensor. */
export const onceAStep = ({ family }: Software, constants: StepConstants): number =>
  constants.stepSeconds +
  (family === 'torchtitan' || family === 'fsdp' || family === 'llm-foundry' ? constants.torchStepSeconds : 0)

/** All wait for the slowest of many; within one node there is little to wait for. */
export const jitterShare = (ranks: number, constants: StepConstants): number =>
  constants.jitterPerDoubling * Math.log2(Math.max(1, ranks / 8))

function slowestEnd(input: StepInput, stages: readonly StageCost[], links: Links, prices: Prices): StepEnd {
  let slowest: StepEnd = { dataSeconds: 0, optimizerSeconds: 0 }
  for (let rank = 0; rank < input.layout.pipeline; rank++) {
    const end = stepEnd(rankLoad(stagesHeld(input.layout, stages, rank), input.layout.schedule), input, links, prices)
    if (end.dataSeconds + end.optimizerSeconds > slowest.dataSeconds + slowest.optimizerSeconds) slowest = end
  }
  return slowest
}

export function predictStep(input: StepInput, constants: StepConstants = STEP_CONSTANTS): StepPrediction {
  const time = predictStepTime(input, constants)
  const memory = predictMemory(input, time.inFlight)
  const { device } = input.fleet.pools[0]!
  return {
    seconds: time.seconds,
    breakdown: time.breakdown,
    stages: memory.map((own, rank) => {
      const load = rankLoad(stagesOfRank(input.layout, time.stages, rank), input.layout.schedule)
      return { forwardSeconds: load.forwardSeconds, backwardSeconds: load.backwardSeconds, memory: own }
    }),
    fits: memory.every(own => leastBytes(own, input.software) <= device.memoryBytes),
  }
}
