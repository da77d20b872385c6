/** What the cost model is asked about while a search goes on: everything but the layout, and a layout as far as its pieces look at one. */
import type { StepInput } from '../cost/prediction.ts'
import type { Software } from '../cost/software.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { ModelSpec } from '../model/model.ts'
import type { Layout, Recompute, Workload } from '../training/layout.ts'
import type { Grid, StateChoice } from './stage-costs.ts'

export interface CostInput {
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly software: Software
}

export const inputOf = ({ model, fleet, workload, software }: CostInput, layout: Layout): StepInput => ({
  model,
  fleet,
  workload,
  software,
  layout,
})

const NO_RECOMPUTE: Recompute = { kind: 'none' }
export const NO_STATES: StateChoice = { zero: 0, shardRanks: 1, offload: 'none' }

/** Written out: a spread of so many fields is what a search would spend its time on. */
export const pieceOf = (grid: Grid, choice: StateChoice = NO_STATES, recompute: Recompute = NO_RECOMPUTE): Layout => ({
  data: grid.data,
  context: grid.context,
  tensor: grid.tensor,
  pipeline: grid.pipeline,
  expert: grid.expert,
  expertTensor: grid.expertTensor,
  schedule: '1f1b',
  chunks: 1,
  stages: [],
  microBatch: grid.microBatch,
  sequenceParallel: grid.sequenceParallel,
  contextMethod: grid.contextMethod,
  zero: choice.zero,
  shardRanks: choice.shardRanks,
  recompute,
  offload: choice.offload,
  dispatcher: grid.dispatcher,
})
