/** `StageCosts` of the real cost model: `cost/step` for time, `cost/memory` for memory, asked piece by piece and kept. */
import { STEP_CONSTANTS } from '../cost/data/constants.ts'
import { contextBytes, reservedBytes } from '../cost/memory/reserved.ts'
import { stateBytes } from '../cost/memory/states.ts'
import type { StepPrediction } from '../cost/prediction.ts'
import { stepEnd } from '../cost/step/data-parallel.ts'
import { type Links, linksOf } from '../cost/step/links.ts'
import { jitterShare, onceAStep, predictStep, pricesOf } from '../cost/step/predict-step.ts'
import { devicesOf } from '../fleet/fleet.ts'
import type { Layout } from '../training/layout.ts'
import { type CostInput, inputOf, NO_STATES, pieceOf } from './cost-input.ts'
import { LeastTable } from './least-table.ts'
import type { Cut, Grid, StageCosts, StateChoice } from './stage-costs.ts'
import { StepCut } from './step-cut.ts'

/** Cuts that are kept for the next question. */
const MOST_CUTS = 3000

/**
 * The costs of the same machines with another memory, fewer nodes of them, or of another batch: no price of a layer looks at these, so that all
 * that was priced is kept.
 */
export const sameCosts = (costs: StageCosts, given: CostInput): StageCosts => ({
  ...costs,
  capacityBytes: capacityOf(given),
  predict: layout => predicted(given, layout),
})

const stretch = (devices: number): number => 1 + jitterShare(devices, STEP_CONSTANTS)

const predicted = (given: CostInput, layout: Layout): StepPrediction => predictStep(inputOf(given, layout))

const capacityOf = ({ fleet }: CostInput): number => Math.min(...fleet.pools.map(pool => pool.device.memoryBytes))

export function stepCosts(given: CostInput): StageCosts {
  const { fleet, workload, software } = given
  const devices = devicesOf(fleet)
  const base = inputOf(given, pieceOf({ ...WHOLE_CUT, pipeline: 1, data: 1 }))
  const prices = pricesOf(base, STEP_CONSTANTS)
  // Two maps, since one number cannot hold all the degrees.
  const links = new Map<number, Map<number, Links>>()
  const linksFor = (grid: Grid, choice: StateChoice): Links => {
    const shard = choice.zero === 0 ? 1 : choice.shardRanks
    const around = (grid.data * 65_536 + grid.pipeline) * 1_048_576 + shard
    let inside = links.get(around)
    if (!inside) {
      inside = new Map()
      links.set(around, inside)
    }
    const key = ((grid.tensor * 65_536 + grid.context) * 4096 + grid.expert) * 4096 + grid.expertTensor
    let known = inside.get(key)
    if (!known) {
      known = linksOf(fleet, pieceOf(grid, choice))
      inside.set(key, known)
    }
    return known
  }
  // Groups inside a stage lie the same however many copies there are: the fleet is filled.
  const filled = (cut: Cut): Grid => ({
    ...cut,
    pipeline: 1,
    data: Math.max(1, Math.floor(devices / (cut.tensor * cut.context))),
  })
  const cuts = new Map<string, StepCut>()
  const least = new LeastTable(given, prices, cut => linksFor(filled(cut), NO_STATES))
  return {
    capacityBytes: capacityOf(given),
    stepSeconds: onceAStep(software, prices.constants),
    stretch,
    least: cut => least.least(cut),
    leastRow: cut => least.leastRow(cut),
    leastDense: cut => least.leastDense(cut),
    leastExperts: cut => least.leastExperts(cut),
    leastExpertsAlone: cut => least.leastExpertsAlone(cut),
    leastBytes: cut => least.bytes(cut),
    cut: cut => {
      const key = `${cut.tensor}/${cut.context}/${cut.contextMethod}/${cut.sequenceParallel}/${cut.expert}/${cut.expertTensor}/${cut.dispatcher}/${cut.microBatch}`
      const known = cuts.get(key) ?? new StepCut(given, prices, linksFor, filled(cut))
      if (cuts.size >= MOST_CUTS) cuts.clear()
      cuts.set(key, known)
      return known
    },
    states: (grid, choice) => {
      const layout = pieceOf(grid, choice)
      const input = inputOf(given, layout)
      const groups = linksFor(grid, choice)
      return load => {
        const { parameters, gradients, optimizerStates, stranded } = stateBytes(load, layout, workload, software)
        const moved = { ...NO_LOAD, dense: load.movedDense, experts: load.movedExperts }
        moved.forwardSeconds = load.forwardSeconds
        moved.chunks = load.chunks
        const end = (backwardSeconds: number): number => {
          moved.backwardSeconds = backwardSeconds
          const { dataSeconds, optimizerSeconds } = stepEnd(moved, input, groups, prices)
          return dataSeconds + optimizerSeconds
        }
        return {
          seconds: end(load.backwardSeconds),
          leastSeconds: end(load.longestBackwardSeconds),
          bytes: parameters + gradients + optimizerStates,
          strandedBytes: stranded,
        }
      }
    },
    dispatchersDifferInTimeAlone: true,
    // ZeRO-1 averages over all data ranks whatever it shards: narrower shards only need more memory and update more.
    dependsOnWidth: zero => zero >= 2,
    stateBytes: (grid, choice, elements) => {
      const { parameters, gradients, optimizerStates, stranded } = stateBytes(
        elements,
        pieceOf(grid, choice),
        workload,
        software,
      )
      return { bytes: parameters + gradients + optimizerStates, strandedBytes: stranded }
    },
    reservedBytes: (allocated, stranded) => reservedBytes(allocated + stranded, software),
    // Reserved memory is a multiple of allocated memory, and nothing else.
    allocatable: reserved => (reserved * 2 ** 40) / reservedBytes(2 ** 40, software),
    outsideBytes: grid => contextBytes(inputOf(given, pieceOf(grid))),
    predict: layout => predicted(given, layout),
  }
}

const WHOLE_CUT: Cut = {
  tensor: 1,
  context: 1,
  contextMethod: 'ring',
  sequenceParallel: false,
  expert: 1,
  expertTensor: 1,
  dispatcher: 'alltoall',
  microBatch: 1,
}

const NO_LOAD = { dense: 0, experts: 0, forwardSeconds: 0, backwardSeconds: 0, chunks: 1 }
