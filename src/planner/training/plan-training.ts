/**
 * Declared degrees -> who computes what. ranks = data x context x tensor x pipeline; experts are carved out of a stage's ranks and multiply
 * nothing. Two rank maps as in Megatron-LM's initialize_model_parallel (order tp-cp-ep-dp-pp): one for dense parameters, in which ep is 1,
 * one for the parameters of experts, in which cp is 1. Which degrees are best is searched for (`search/`) where a model is declared.
 */
import { fail, ok, type Result } from '../../base/problem.ts'
import { plural } from '../../base/units.ts'
import type { Parallelism, TrainingJob } from '../../spec/kinds.ts'
import { bandOf } from '../cost/band.ts'
import type { FleetSources } from '../fleet/resolve-fleet.ts'
import { modelFlops } from '../model/flops.ts'
import { placeLayout } from '../placement/place-layout.ts'
import { type PlannedLayout, planLayout } from '../search/plan-layout.ts'
import { mostNeeded } from '../search/search.ts'
import { denseMap, expertMap } from './degree-maps.ts'
import type { Degrees, TrainingPlan } from './plan.ts'
import { plannedReasons } from './planned-reasons.ts'
import { ranksOf } from './rank-map.ts'

/** `job` in the stored form and without broken rules (`checkDeclaration`). Without a model what is absent is 1; with one it is chosen. */
export function planTraining(job: TrainingJob, sources: FleetSources = {}): Result<TrainingPlan> {
  const { parallelism, ranksPerPod = 1, model } = job.spec
  if (model) {
    const planned = planLayout(job, sources)
    return planned.ok ? ok(plannedTraining(job, planned.value)) : planned
  }
  if (Object.keys(parallelism).length === 0) {
    return fail({
      field: 'spec.parallelism',
      what: 'is auto',
      why: 'without a model there is nothing to choose by',
      fix: `Add model: { huggingface: ./config.json } and data: { sequenceLength: 4096, globalBatch: 1024 }, or declare degrees, such as parallelism: { data: ${Math.max(2, ranksPerPod)} }.`,
    })
  }
  const degrees = degreesOf(parallelism)
  const ranks = ranksOf(denseMap(degrees))
  return ok({
    ...mapped(job, degrees, ranksPerPod),
    reasons: reasons(parallelism, degrees, ranks, ranksPerPod, job.spec.ranksPerPod !== undefined),
  })
}

function mapped(job: TrainingJob, degrees: Degrees, ranksPerPod: number): Omit<TrainingPlan, 'reasons'> {
  const dense = denseMap(degrees)
  const ranks = ranksOf(dense)
  return {
    version: 1,
    name: job.metadata.name ?? '',
    namespace: job.metadata.namespace ?? 'default',
    degrees,
    ranks,
    ranksPerPod,
    pods: ranks / ranksPerPod,
    dense,
    expert: expertMap(degrees),
  }
}

/** The plan of a layout that was searched for. */
export function plannedTraining(job: TrainingJob, planned: PlannedLayout): TrainingPlan {
  const { declared, workload, answer } = planned
  const { layout, prediction } = answer.found
  const { low, high } = bandOf({ ...declared, workload, layout }, prediction.seconds)
  const { data, context, tensor, pipeline, expert, expertTensor } = layout
  const degrees = { data, context, tensor, pipeline, expert, expertTensor }
  const ranks = ranksOf(denseMap(degrees))
  const pool = declared.fleet.pools[0]!
  const { model, fleet, software } = declared
  const placed = placeLayout({ model, fleet, software, workload, layout })
  const ranksPerPod = job.spec.ranksPerPod ?? Math.min(ranks, pool.devicesPerNode)
  const tokens = workload.globalBatch * workload.sequence
  const flops = modelFlops(declared.model, workload.sequence, tokens, workload.causal)
  const peak = pool.device.peakFlops[workload.precision.base] ?? Number.POSITIVE_INFINITY
  return {
    ...mapped(job, degrees, ranksPerPod),
    reasons: [...plannedReasons(planned), ...placed.reasons],
    ...(placed.deviceOfRank
      ? {
          placement: {
            order: placed.order,
            deviceOfRank: placed.deviceOfRank,
            savedSeconds: placed.baselineSeconds - placed.seconds,
          },
        }
      : {}),
    layout,
    workload,
    expected: {
      fleet: declared.fleet.name,
      device: pool.device.name,
      stepSeconds: prediction.seconds,
      band80: [low, high],
      memoryBytes: mostNeeded(prediction),
      deviceMemoryBytes: planned.search.problem.costs.capacityBytes,
      tokensPerSecond: tokens / prediction.seconds,
      modelFlopsUtilisation: flops / prediction.seconds / ranks / peak,
    },
  }
}

function degreesOf(given: Parallelism): Degrees {
  const { data = 1, context = 1, tensor = 1, pipeline = 1, expert = 1 } = given
  return { data, context, tensor, pipeline, expert, expertTensor: given.expertTensor ?? tensor }
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
