/**
 * Declared degrees -> who computes what. ranks = data x context x tensor x pipeline; experts are carved out of a stage's ranks and multiply
 * nothing. Two rank maps as in Megatron-LM's initialize_model_parallel (order tp-cp-ep-dp-pp): one for dense parameters, in which ep is 1,
 * one for the parameters of experts, in which cp is 1. Which degrees are best is not searched for yet.
 */
import { fail, ok, type Result } from '../../base/problem.ts'
import { plural } from '../../base/units.ts'
import type { Parallelism, TrainingJob } from '../../spec/kinds.ts'
import type { Degrees, DenseAxis, ExpertAxis, TrainingPlan } from './plan.ts'
import { type RankMap, ranksOf } from './rank-map.ts'

/** `job` in the stored form and without broken rules (`checkDeclaration`). */
export function planTraining(job: TrainingJob): Result<TrainingPlan> {
  const { parallelism, ranksPerPod = 1 } = job.spec
  if (Object.keys(parallelism).length === 0) {
    return fail({
      field: 'spec.parallelism',
      what: 'is auto',
      why: 'degrees are not chosen by the planner yet',
      fix: `Declare them, such as parallelism: { data: ${Math.max(2, ranksPerPod)} }; data, context, tensor and pipeline multiply to the number of ranks.`,
    })
  }
  const degrees = degreesOf(parallelism)
  const dense = denseMap(degrees)
  const ranks = ranksOf(dense)
  return ok({
    version: 1,
    name: job.metadata.name ?? '',
    namespace: job.metadata.namespace ?? 'default',
    degrees,
    ranks,
    ranksPerPod,
    pods: ranks / ranksPerPod,
    dense,
    expert: expertMap(degrees),
    reasons: reasons(parallelism, degrees, ranks, ranksPerPod, job.spec.ranksPerPod !== undefined),
  })
}

function degreesOf(given: Parallelism): Degrees {
  const { data = 1, context = 1, tensor = 1, pipeline = 1, expert = 1 } = given
  return { data, context, tensor, pipeline, expert, expertTensor: given.expertTensor ?? tensor }
}

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

function reasons(
  given: Parallelism,
  degrees: Degrees,
  ranks: number,
  ranksPerPod: number,
  isDeclared: boolean,
): TrainingPlan['reasons'] {
  const { data, context, tensor, pipeline, expert, expertTensor } = degrees
  const left = (['data', 'context', 'tensor', 'pipeline'] as const).filter(axis => given[axis] === undefined)
  return [
    {
      choice: `ranks = ${ranks}`,
      because: `data ${data} x context ${context} x tensor ${tensor} x pipeline ${pipeline}`,
    },
    ...left.map(axis => ({ choice: `${axis} = 1`, because: 'not declared, and not chosen by the planner yet' })),
    ...(expert * expertTensor === tensor && expert === 1 ? [] : [expertReason(degrees)]),
    {
      choice: `pods = ${ranks / ranksPerPod}`,
      because: `${plural(ranksPerPod, 'rank')} a pod, ${isDeclared ? 'as declared' : 'unless ranksPerPod is declared'}`,
    },
    {
      choice: 'order = tensor, context, data, pipeline',
      because: 'neighbouring ranks share the fastest links, and tensor groups talk most',
    },
  ]
}

function expertReason(degrees: Degrees): TrainingPlan['reasons'][number] {
  const { data, context, tensor, expert, expertTensor } = degrees
  const stage = data * context * tensor
  const because = `carved out of the ${stage} ranks of a stage: expertTensor ${expertTensor} x expert ${expert} x ${plural(stage / (expertTensor * expert), 'copy', 'copies')} of each expert`
  return { choice: `expert = ${expert}`, because }
}
