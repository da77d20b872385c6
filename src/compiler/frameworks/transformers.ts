/** Arguments of Hugging Face transformers' Trainer as JSON (`HfArgumentParser.parse_json_file`, transformers 5). */
import type { Result } from '../../base/problem.ts'
import { assemble, cannot, type EmissionInput, type Emitted, microBatchesOf, torchrun } from './emission.ts'
import { fsdpGroups, fsdpNotes, fsdpProblems, isFsdp, layerClass } from './fsdp.ts'

export function emitTransformers(input: EmissionInput): Result<Emitted> {
  const { tensor, context } = input.layout
  const { replicate } = fsdpGroups(input)
  const beyond =
    isFsdp(input) && (tensor > 1 || context > 1 || replicate > 1)
      ? [
          cannot(
            'spec.parallelism',
            'has more than one sharded axis',
            "the Trainer's JSON arguments shard over all ranks",
            'Use --for accelerate, whose file holds every axis.',
          ),
        ]
      : []
  return assemble(
    [{ value: undefined, problems: [...fsdpProblems(input, 'transformers'), ...beyond], notes: fsdpNotes(input) }],
    () => ({ file: 'training-arguments.json', text: `${JSON.stringify(config(input), undefined, 2)}\n` }),
    [`${torchrun(input, 'train.py training-arguments.json')}, with sequences of ${input.workload.sequence} tokens`],
  )
}

function config(input: EmissionInput): object {
  const { layout, workload, software } = input
  const { base } = workload.precision
  const recomputes = layout.recompute.kind !== 'none'
  const layer = layerClass(input)
  return {
    output_dir: input.name,
    per_device_train_batch_size: layout.microBatch,
    gradient_accumulation_steps: microBatchesOf(input),
    bf16: base === 'bf16',
    fp16: base === 'fp16',
    torch_compile: software?.features.compile ?? false,
    ...(recomputes && !isFsdp(input) ? { gradient_checkpointing: true } : {}),
    ...(isFsdp(input)
      ? {
          fsdp: true,
          fsdp_config: {
            version: 2,
            reshard_after_forward: layout.zero === 3,
            auto_wrap_policy: 'TRANSFORMER_BASED_WRAP',
            ...(layer ? { transformer_layer_cls_to_wrap: [layer] } : {}),
            activation_checkpointing: recomputes,
            cpu_offload: layout.offload === 'optimizer',
            state_dict_type: 'SHARDED_STATE_DICT',
          },
        }
      : {}),
  }
}
