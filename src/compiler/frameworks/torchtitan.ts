/**
 * torchtitan configuration (`torchtitan/config/job_config.py` of 0.2, the last release that reads TOML). torchtitan shards parameters over
 * `dp_shard x cp` and copies that `dp_replicate` times; each of our ZeRO stages is one of its policies, or none.
 */
import type { Result } from '../../base/problem.ts'
import type { ScheduleName } from '../../planner/training/layout.ts'
import { assemble, type EmissionInput, type Emitted, type Piece, placementNote, torchrun } from './emission.ts'
import { type TomlTable, toml } from './toml.ts'
import { titanModel } from './torchtitan-flavours.ts'
import { titanProblems } from './torchtitan-limits.ts'
import { titanPrecision } from './torchtitan-precision.ts'

export function emitTorchtitan(input: EmissionInput): Result<Emitted> {
  const precision = titanPrecision(input)
  const pieces: readonly Piece<TomlTable>[] = [
    { value: model(input, precision.value.converters), notes: modelNotes(input) },
    { value: {}, problems: titanProblems(input) },
    checkpointing(input),
    precision.piece,
  ]
  return assemble(
    pieces,
    () => ({
      file: 'torchtitan.toml',
      text: [
        `# The plan of ${input.name} for torchtitan 0.2. Made by \`solvent compile --for torchtitan\`.`,
        `# ${torchrun(input, '-m torchtitan.train --job.config_file torchtitan.toml')}`,
        '',
        toml(
          Object.assign({}, ...pieces.map(({ value }) => value), {
            training: training(input),
            parallelism: parallelism(input),
            compile: compiled(input),
          }),
        ),
      ].join('\n'),
    }),
    ['Yours to add: [model] hf_assets_path, [training] dataset and steps, [optimizer], [checkpoint]'],
  )
}

const model = (input: EmissionInput, converters: readonly string[]): TomlTable => {
  const { name, flavour } = titanModel(input.model)
  return {
    job: { description: `${input.name}, planned by Solvent` },
    model: { name, flavor: flavour, ...(converters.length > 0 ? { converters } : {}) },
    optimizer: { name: /^sgd$/i.test(input.workload.optimizer.name) ? 'SGD' : 'AdamW' },
  }
}

function modelNotes(input: EmissionInput): readonly string[] {
  const { name, flavour, isKnown } = titanModel(input.model)
  const { stateBytes } = input.workload.optimizer
  return [
    ...(isKnown ? [] : [`torchtitan has no flavour "${flavour}": add it to torchtitan/models/${name}/__init__.py`]),
    ...placementNote(input),
    ...(stateBytes >= 12
      ? []
      : [`Optimizer states of ${stateBytes} bytes a parameter need a converter of your own; AdamW keeps 12`]),
  ]
}

/** With a pipeline the local batch is the whole step's share of a data rank, cut into micro-batches by the schedule. */
function training({ layout, workload }: EmissionInput): TomlTable {
  const local = layout.pipeline > 1 ? workload.globalBatch / layout.data : layout.microBatch
  return {
    local_batch_size: local,
    global_batch_size: workload.globalBatch,
    seq_len: workload.sequence,
    mixed_precision_param: workload.precision.base === 'fp32' ? 'float32' : 'bfloat16',
    mixed_precision_reduce: 'float32',
    ...(layout.offload === 'optimizer' ? { enable_cpu_offload: true } : {}),
  }
}

function parallelism(input: EmissionInput): TomlTable {
  const { layout, software } = input
  const shard = layout.zero === 0 ? 1 : layout.shardRanks / layout.context
  return {
    data_parallel_replicate_degree: layout.data / shard,
    data_parallel_shard_degree: shard,
    ...(layout.zero >= 2 ? { fsdp_reshard_after_forward: layout.zero === 3 ? 'always' : 'never' } : {}),
    tensor_parallel_degree: layout.tensor,
    ...(software?.features.overlapTensor && layout.tensor > 1 ? { enable_async_tensor_parallel: true } : {}),
    context_parallel_degree: layout.context,
    ...(layout.context > 1 ? { context_parallel_rotate_method: 'alltoall' } : {}),
    ...(layout.expert > 1
      ? {
          expert_parallel_degree: layout.expert,
          expert_tensor_parallel_degree: layout.expertTensor,
          expert_parallel_comm_backend: layout.dispatcher === 'deepep' ? 'deepep' : 'standard',
        }
      : {}),
    ...pipeline(input),
  }
}

function pipeline({ layout, model: { layers }, software }: EmissionInput): TomlTable {
  if (layout.pipeline === 1) return { pipeline_parallel_degree: 1 }
  return {
    pipeline_parallel_degree: layout.pipeline,
    pipeline_parallel_schedule: SCHEDULES[layout.schedule] ?? '1F1B',
    pipeline_parallel_microbatch_size: layout.microBatch,
    ...(layout.schedule === 'dualpipev'
      ? { pipeline_parallel_expert_parallel_overlap: software?.features.overlapExpert ?? false }
      : {}),
    module_fqns_per_model_part: modulesOf(layout.stages, layers.length),
  }
}

/** torch.distributed.pipelining's names; ZB-H1 is its zero-bubble schedule of one stage a rank. */
export const SCHEDULES: Readonly<Partial<Record<ScheduleName, string>>> = {
  gpipe: 'GPipe',
  '1f1b': '1F1B',
  interleaved: 'Interleaved1F1B',
  'zb-h1': 'InterleavedZeroBubble',
  zbv: 'ZBVZeroBubble',
  dualpipev: 'DualPipeV',
}

/** Modules of each virtual stage in the order of a micro-batch, as torchtitan names them. */
export function modulesOf(stages: readonly number[], layers: number): readonly (readonly string[])[] {
  let next = 0
  return stages.map((count, i) => [
    ...(i === 0 ? ['tok_embeddings'] : []),
    ...Array.from({ length: Math.min(count, layers - next) }, () => `layers.${next++}`),
    ...(i === stages.length - 1 ? ['norm', 'output'] : []),
  ])
}

/** Megatron recomputes by module, torchtitan by operation or by every n-th layer. */
function checkpointing({ layout }: EmissionInput): Piece<TomlTable> {
  const { recompute } = layout
  switch (recompute.kind) {
    case 'none':
      return { value: { activation_checkpoint: { mode: 'none' } } }
    case 'modules':
      return {
        value: { activation_checkpoint: { mode: 'selective', selective_ac_option: 'op' } },
        notes: [
          `torchtitan recomputes by operation: it keeps the outputs of matrix products and attention, not just all but ${recompute.modules.join(', ')}`,
        ],
      }
    case 'full': {
      const perStage = Math.max(...layout.stages)
      const layers = recompute.layers ?? perStage
      if (layers >= perStage) return { value: { activation_checkpoint: { mode: 'full' } } }
      const every = Math.max(1, Math.round(perStage / layers))
      return {
        value: { activation_checkpoint: { mode: 'selective', selective_ac_option: String(every) } },
        notes: every * layers === perStage ? [] : [`One layer in ${every} is recomputed, not ${layers} of ${perStage}`],
      }
    }
  }
}

const compiled = ({ software }: EmissionInput): TomlTable => ({ enable: software?.features.compile ?? true })
