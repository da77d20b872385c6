/** Degrees as the two rank maps of a plan, as Megatron-LM's initialize_model_parallel makes them. */
import type { Degrees } from './degrees.ts'
import type { DenseAxis, ExpertAxis } from './plan.ts'
import type { RankMap } from './rank-map.ts'

export const denseMap = ({ data, context, tensor, pipeline }: Degrees): RankMap<DenseAxis> => [
  { name: 'tensor', size: tensor },
  { name: 'context', size: context },
  { name: 'data', size: data },
  { name: 'pipeline', size: pipeline },
]

export function expertMap(degrees: Degrees): RankMap<ExpertAxis> {
  const { data, context, tensor, pipeline, expert, expertTensor } = degrees
  return [
    { name: 'expertTensor', size: expertTensor },
    { name: 'expert', size: expert },
    { name: 'expertData', size: (data * context * tensor) / (expertTensor * expert) },
    { name: 'pipeline', size: pipeline },
  ]
}
