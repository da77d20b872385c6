/** The cuts around a layout: each axis a step to either side. Questions beside the plan look no farther (`Question.within`). */
import type { Layout } from '../training/layout.ts'
import type { AxisValues } from './axis-values.ts'

export function nearValues(values: AxisValues, layout: Layout): AxisValues {
  return {
    ...values,
    tensor: around(values.tensor, layout.tensor),
    context: around(values.context, layout.context),
    expert: around(values.expert, layout.expert),
    microBatch: around(values.microBatch, layout.microBatch),
  }
}

/** Up to twice and down to half as many stages as well, where devices stay as they are. */
export const nearStages = (values: AxisValues, layout: Layout): AxisValues => ({
  ...nearValues(values, layout),
  pipeline: values.pipeline.filter(
    stages => 2 * stages >= layout.pipeline && stages <= Math.max(LEAST_STAGES, 2 * layout.pipeline),
  ),
})

const LEAST_STAGES = 4

function around(values: readonly number[], own: number): readonly number[] {
  const at = values.indexOf(own)
  return at < 0 ? values : values.slice(Math.max(0, at - 1), at + 2)
}
