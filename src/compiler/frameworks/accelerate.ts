/** Hugging Face Accelerate's configuration (`accelerate launch --config_file`, Accelerate 1.15): FSDP2 and its parallelism block, or DDP. */
import type { Result } from '../../base/problem.ts'
import { assemble, type EmissionInput, type Emitted, microBatchesOf, nodesOfLayout, ranksOfLayout } from './emission.ts'
import { fsdpGroups, fsdpNotes, fsdpProblems, isFsdp, layerClass } from './fsdp.ts'
import { type YamlMap, yamlMap } from './yaml-map.ts'

export function emitAccelerate(input: EmissionInput): Result<Emitted> {
  return assemble(
    [{ value: undefined, problems: fsdpProblems(input, 'Accelerate'), notes: fsdpNotes(input) }],
    () => ({
      file: 'accelerate.yaml',
      text: [
        `# The plan of ${input.name} for Hugging Face Accelerate 1.15. Made by \`solvent compile --for accelerate\`.\n`,
        '# accelerate launch --config_file accelerate.yaml --machine_rank "$GROUP_RANK" --main_process_ip "$MASTER_ADDR" --main_process_port "$MASTER_PORT" train.py\n',
        yamlMap(config(input)),
      ].join(''),
    }),
    [
      `In your program: per-device batch ${input.layout.microBatch}, Accelerator(gradient_accumulation_steps=${microBatchesOf(input)}), sequences of ${input.workload.sequence} tokens`,
    ],
  )
}

function config(input: EmissionInput): YamlMap {
  const { layout, workload } = input
  const ranks = ranksOfLayout(layout)
  const { nodes } = nodesOfLayout(input)
  const { base, gemm } = workload.precision
  return {
    compute_environment: 'LOCAL_MACHINE',
    distributed_type: isFsdp(input) ? 'FSDP' : ranks > 1 ? 'MULTI_GPU' : 'NO',
    num_machines: nodes,
    num_processes: ranks,
    machine_rank: 0,
    mixed_precision: gemm === 'fp8' ? 'fp8' : base === 'fp32' ? 'no' : base,
    main_training_function: 'main',
    rdzv_backend: nodes > 1 ? 'c10d' : 'static',
    use_cpu: false,
    ...(isFsdp(input) ? { fsdp_config: fsdp(input), ...parallelism(input) } : {}),
  }
}

function fsdp(input: EmissionInput): YamlMap {
  const { zero, offload, recompute } = input.layout
  const layer = layerClass(input)
  return {
    fsdp_version: 2,
    fsdp_reshard_after_forward: zero === 3,
    fsdp_auto_wrap_policy: 'TRANSFORMER_BASED_WRAP',
    ...(layer ? { fsdp_transformer_layer_cls_to_wrap: layer } : {}),
    fsdp_state_dict_type: 'SHARDED_STATE_DICT',
    fsdp_cpu_ram_efficient_loading: true,
    fsdp_activation_checkpointing: recompute.kind !== 'none',
    fsdp_offload_params: offload === 'optimizer',
  }
}

/** Absent where sharding over all ranks says it all. */
function parallelism(input: EmissionInput): YamlMap {
  const { tensor, context } = input.layout
  const { replicate, shard } = fsdpGroups(input)
  if (replicate === 1 && tensor === 1 && context === 1) return {}
  return {
    parallelism_config: {
      parallelism_config_dp_replicate_size: replicate,
      parallelism_config_dp_shard_size: shard,
      parallelism_config_tp_size: tensor,
      parallelism_config_cp_size: context,
      ...(context > 1
        ? { parallelism_config_cp_backend: 'torch', parallelism_config_cp_comm_strategy: 'alltoall' }
        : {}),
    },
  }
}
