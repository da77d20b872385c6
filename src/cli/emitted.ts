/** `solvent compile --for FRAMEWORK`: a job's plan as the configuration of the framework that will run it. */

import { fail, type Result } from '../base/problem.ts'
import { cannot, type EmissionInput, type Emitted } from '../compiler/frameworks/emission.ts'
import { emit, type Framework } from '../compiler/frameworks/emit.ts'
import { declaredSoftware, modelOfJob } from '../planner/search/declared-problem.ts'
import type { TrainingPlan } from '../planner/training/plan.ts'
import type { Parallelism, SoftwareFamily, TrainingJob } from '../spec/training-job.ts'
import type { Item } from './declared.ts'
import { hasModel } from './planned.ts'

/** What is planned for and predicted, when the declaration names no software. */
const FAMILIES: Readonly<Partial<Record<Framework, SoftwareFamily>>> = {
  megatron: 'megatron',
  torchtitan: 'torchtitan',
  deepspeed: 'deepspeed',
  accelerate: 'fsdp',
  transformers: 'fsdp',
}

/** What the search need not look at: beside any other axis torchtitan shards, FSDP has neither stages nor expert ranks, the Trainer shards over all ranks. */
const FIXED: Readonly<Partial<Record<Framework, Pick<TrainingJob['spec'], 'zero'> & { parallelism?: Parallelism }>>> = {
  torchtitan: { zero: 3 },
  accelerate: { parallelism: { expert: 1, pipeline: 1 } },
  transformers: { parallelism: { expert: 1, pipeline: 1, context: 1, tensor: 1 } },
}

/** A plan for a framework is one that it can run: where the declaration names no software, it is this framework. */
export function plannedFor(framework: Framework, item: Item): Item {
  const family = FAMILIES[framework]
  if (!hasModel(item) || family === undefined || item.declaration.spec.software?.family !== undefined) return item
  const { declaration } = item
  const { parallelism, zero } = FIXED[framework] ?? {}
  const spec = {
    ...declaration.spec,
    software: { ...declaration.spec.software, family },
    parallelism: { ...parallelism, ...declaration.spec.parallelism },
    ...(zero === undefined ? {} : { zero: declaration.spec.zero ?? zero }),
  }
  return { ...item, declaration: { ...declaration, spec } }
}

export function emittedFor(framework: Framework, job: TrainingJob, plan: TrainingPlan): Result<Emitted> {
  const { layout, workload } = plan
  if (!layout || !workload) {
    return fail(
      cannot(
        'spec.model',
        'is absent',
        "a framework's configuration needs the model's sizes",
        'Declare model: { huggingface: ./config.json } and data: { sequenceLength: 4096, globalBatch: 512 }.',
      ),
    )
  }
  const model = modelOfJob(job)
  if (!model.ok) return model
  const config = job.spec.model?.huggingface?.config
  const input: EmissionInput = {
    name: plan.name,
    model: model.value,
    layout,
    workload,
    software: declaredSoftware({ family: FAMILIES[framework], ...job.spec.software }),
    devicesPerNode: plan.ranksPerPod,
    ...(plan.placement ? { deviceOfRank: plan.placement.deviceOfRank } : {}),
    ...(config ? { config } : {}),
  }
  return emit(framework, input)
}
