/**
 * DeepSpeed configuration (ds_config.json, DeepSpeed 0.19). Stages of a pipeline and sequence-parallel groups are made in the user's code
 * (`PipelineModule`, Ulysses); the file holds what the engine reads: batch, ZeRO, precision, offload, automatic tensor and expert degrees.
 */
import type { Problem, Result } from '../../base/problem.ts'
import {
  assemble,
  cannot,
  type EmissionInput,
  type Emitted,
  isEven,
  microBatchesOf,
  nodesOfLayout,
  ranksOfLayout,
} from './emission.ts'

export function emitDeepSpeed(input: EmissionInput): Result<Emitted> {
  return assemble([{ value: undefined, problems: problems(input), notes: notes(input) }], () => ({
    file: 'ds_config.json',
    text: `${JSON.stringify(config(input), undefined, 2)}\n`,
  }))
}

function config(input: EmissionInput): object {
  const { layout, workload } = input
  const { base, gradientBytes } = workload.precision
  return {
    train_batch_size: workload.globalBatch,
    train_micro_batch_size_per_gpu: layout.microBatch,
    gradient_accumulation_steps: microBatchesOf(input),
    ...(base === 'bf16' ? { bf16: { enabled: true } } : {}),
    ...(base === 'fp16' ? { fp16: { enabled: true } } : {}),
    data_types: { grad_accum_dtype: gradientBytes === 2 ? base : 'fp32' },
    zero_optimization: zero(input),
    gradient_clipping: 1,
    ...(layout.tensor > 1 ? { tensor_parallel: { autotp_size: layout.tensor } } : {}),
    ...(layout.expert > 1
      ? {
          expert_parallel: {
            enabled: true,
            autoep_size: layout.expert,
            expert_tensor_parallel_size: layout.expertTensor,
          },
        }
      : {}),
    ...(layout.context > 1 ? { sequence_parallel_size: layout.context } : {}),
    ...(layout.pipeline > 1 ? { pipeline: pipeline(input) } : {}),
  }
}

function zero({ layout, software }: EmissionInput): object {
  const all = layout.data * layout.context
  return {
    stage: layout.zero,
    overlap_comm: software?.features.overlapGradients ?? true,
    contiguous_gradients: true,
    ...(layout.zero === 3
      ? {
          stage3_gather_16bit_weights_on_model_save: true,
          ...(layout.shardRanks < all ? { zero_hpz_partition_size: layout.shardRanks } : {}),
        }
      : {}),
    ...(layout.offload === 'optimizer' ? { offload_optimizer: { device: 'cpu', pin_memory: true } } : {}),
  }
}

const pipeline = ({ layout }: EmissionInput): object => ({
  stages: layout.pipeline,
  partition: isEven(layout.stages) ? 'uniform' : 'best',
  activation_checkpoint_interval: layout.recompute.kind === 'full' ? 1 : 0,
})

function notes(input: EmissionInput): readonly string[] {
  const { layout } = input
  const { nodes, perNode } = nodesOfLayout(input)
  const all = layout.data * layout.context
  return [
    `Start ${ranksOfLayout(layout)} ranks: deepspeed --num_nodes ${nodes} --num_gpus ${perNode} train.py --deepspeed --deepspeed_config ds_config.json`,
    ...(layout.recompute.kind === 'none' || layout.pipeline > 1
      ? []
      : ['Recompute is switched on in the model: model.gradient_checkpointing_enable()']),
    ...(layout.recompute.kind === 'modules'
      ? [`DeepSpeed recomputes whole layers, not ${layout.recompute.modules.join(', ')} alone`]
      : []),
    ...(layout.pipeline > 1
      ? [
          `Build the model as PipelineModule(layers, num_stages=${layout.pipeline})${isEven(layout.stages) ? '' : `; the plan cuts it into ${layout.stages.join(' + ')} layers`}`,
        ]
      : []),
    ...(layout.zero === 3 && layout.shardRanks < all
      ? [
          'The second copy of the parameters inside a group (hpZ) stands for sharding over the group; gradients and states are sharded over all ranks',
        ]
      : []),
    ...(input.workload.optimizer.stateBytes < 12
      ? [`Optimizer states of ${input.workload.optimizer.stateBytes} bytes a parameter need an optimizer of your own`]
      : []),
  ]
}

function problems(input: EmissionInput): readonly Problem[] {
  const { layout, workload } = input
  const found: Problem[] = []
  const add = (isWrong: boolean, field: string, what: string, why: string, fix: string): void => {
    if (isWrong) found.push(cannot(field, what, why, fix))
  }
  add(
    layout.pipeline > 1 && layout.zero > 1,
    'spec.zero',
    `is ${layout.zero}`,
    "DeepSpeed's pipeline shards no more than optimizer states",
    'Use zero: 1, or pipeline: 1.',
  )
  add(
    layout.pipeline > 1 && layout.schedule !== '1f1b',
    'spec.schedule',
    `is ${layout.schedule}`,
    "DeepSpeed's pipeline runs 1f1b",
    'Use schedule: 1f1b.',
  )
  add(
    layout.context > 1 && layout.contextMethod === 'ring',
    'spec.contextMethod',
    'is ring',
    'DeepSpeed cuts sequences by Ulysses',
    'Use contextMethod: ulysses.',
  )
  const shardsExperts = layout.expert > 1 && layout.zero === 3
  add(
    shardsExperts && layout.context > 1,
    'spec.zero',
    'is 3',
    "DeepSpeed's expert parallelism with ZeRO 3 does not cut sequences",
    'Use zero: 2, or context: 1.',
  )
  add(
    shardsExperts && layout.shardRanks < layout.data * layout.context,
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    "DeepSpeed's expert parallelism with ZeRO 3 shards over all ranks",
    `Use ${layout.data * layout.context}.`,
  )
  add(
    shardsExperts && layout.expertTensor > 1,
    'spec.parallelism.expertTensor',
    `is ${layout.expertTensor}`,
    "DeepSpeed's expert parallelism with ZeRO 3 does not cut single experts",
    'Use 1.',
  )
  add(
    layout.zero > 0 && layout.zero < 3 && layout.shardRanks < layout.data * layout.context,
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    'DeepSpeed shards over a group of ranks only with zero: 3',
    `Use ${layout.data * layout.context}.`,
  )
  add(
    layout.offload === 'activations',
    'spec.offload',
    'is activations',
    "DeepSpeed's configuration offloads states and parameters",
    'Use offload: none or optimizer.',
  )
  const { gemm } = workload.precision
  add(
    gemm !== 'bf16' && gemm !== 'fp16' && gemm !== 'fp32',
    'spec.precision',
    `is ${gemm}`,
    'DeepSpeed trains in bf16, fp16 or fp32',
    'Use precision: bf16.',
  )
  return found
}
