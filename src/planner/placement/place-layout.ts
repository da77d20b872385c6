/** The placement of a layout by the time of its step: the whole cost model is asked once for each order of the axes. */
import type { StepInput } from '../cost/prediction.ts'
import { predictStepTime } from '../cost/step/predict-step.ts'
import type { GroupSpans } from './group-spans.ts'
import { type Placement, placeRanks } from './place-ranks.ts'

export function placeLayout(input: StepInput): Placement {
  const { fleet, layout } = input
  const pool = fleet.pools[0]!
  const ranks = layout.tensor * layout.context * layout.data * layout.pipeline
  const secondsOf = (spans: GroupSpans): number =>
    predictStepTime(input, undefined, { ...spans, fleet, pool, ranks }).seconds
  return placeRanks(fleet, layout, secondsOf)
}
