/** What Hugging Face's FSDP can run of a plan: for Accelerate's file and for transformers' arguments alike. */
import type { Problem } from '../../base/problem.ts'
import { cannot, type EmissionInput, ranksOfLayout } from './emission.ts'

/** Ranks that hold copies, ranks that share one (as Accelerate counts: without context ranks), each at least 1. */
export function fsdpGroups({ layout }: EmissionInput): { readonly replicate: number; readonly shard: number } {
  const shard = layout.zero === 0 ? 1 : Math.max(1, layout.shardRanks / layout.context)
  return { replicate: layout.data / shard, shard }
}

export const isFsdp = ({ layout }: EmissionInput): boolean => layout.zero >= 2

/** Layer class that FSDP wraps, by the config's `architectures`: `LlamaForCausalLM` -> `LlamaDecoderLayer`. */
export function layerClass({ config }: EmissionInput): string | undefined {
  const named = config?.architectures
  const first = Array.isArray(named) ? named[0] : undefined
  if (typeof first !== 'string') return undefined
  if (/^GPT2/.test(first)) return 'GPT2Block'
  if (/^GPTNeoX/.test(first)) return 'GPTNeoXLayer'
  return `${first.replace(/For(CausalLM|ConditionalGeneration)$/, '')}DecoderLayer`
}

export function fsdpProblems(input: EmissionInput, runner: string): readonly Problem[] {
  const { layout, workload } = input
  const found: Problem[] = []
  const add = (isWrong: boolean, field: string, what: string, why: string, fix: string): void => {
    if (isWrong) found.push(cannot(field, what, why, fix))
  }
  const { shard } = fsdpGroups(input)
  add(
    layout.pipeline > 1,
    'spec.parallelism.pipeline',
    `is ${layout.pipeline}`,
    `${runner} has no pipeline stages`,
    'Use pipeline: 1.',
  )
  add(
    layout.expert > 1,
    'spec.parallelism.expert',
    `is ${layout.expert}`,
    `${runner} shards experts as other parameters`,
    'Use expert: 1.',
  )
  add(
    layout.zero === 1,
    'spec.zero',
    'is 1',
    'FSDP shards gradients and parameters along with the optimizer',
    'Use zero: 2 or 3, or DeepSpeed.',
  )
  add(
    layout.zero === 0 && ranksOfLayout(layout) > layout.data,
    'spec.zero',
    'is 0',
    `${runner} has tensor and context parallelism only beside FSDP`,
    'Use zero: 3.',
  )
  add(
    layout.context > 1 && layout.contextMethod === 'ulysses',
    'spec.contextMethod',
    'is ulysses',
    `${runner} cuts attention as a ring beside FSDP`,
    'Use contextMethod: ring.',
  )
  add(
    !Number.isInteger(shard) || layout.data % shard !== 0,
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    `${runner} shards over all ${layout.context} context ranks and some data ranks`,
    `Use a multiple of ${layout.context} that divides ${layout.data * layout.context}.`,
  )
  add(
    layout.offload === 'activations',
    'spec.offload',
    'is activations',
    `${runner} offloads parameters and optimizer only`,
    'Use offload: none.',
  )
  add(
    layout.tensor > 1 && shard === 1 && layout.data > 1,
    'spec.shardRanks',
    `is ${layout.shardRanks}`,
    `${runner} does not copy a model that tensor parallelism cuts`,
    `Use ${layout.data * layout.context}.`,
  )
  const { gemm } = workload.precision
  add(
    !['bf16', 'fp16', 'fp32', 'fp8'].includes(gemm),
    'spec.precision',
    `is ${gemm}`,
    `${runner} knows bf16, fp16, fp32 and fp8`,
    'Use precision: bf16.',
  )
  return found
}

export function fsdpNotes(input: EmissionInput): readonly string[] {
  const { layout, workload } = input
  return [
    ...(isFsdp(input) && layerClass(input) === undefined
      ? ["Without the model's config.json the class of its layers is unknown: name it in transformer_layer_cls_to_wrap"]
      : []),
    ...(layout.recompute.kind === 'modules'
      ? [`Whole layers are recomputed, not ${layout.recompute.modules.join(', ')} alone`]
      : []),
    ...(layout.recompute.kind === 'full' && layout.recompute.layers !== undefined
      ? ['All layers are recomputed, not some']
      : []),
    ...(workload.optimizer.stateBytes < 12
      ? [`Optimizer states of ${workload.optimizer.stateBytes} bytes a parameter: choose such an optimizer (optim)`]
      : []),
  ]
}
