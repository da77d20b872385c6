"""The frameworks' own readers over emitted files: `python read-configurations.py FRAMEWORK < cases.json`, answers as JSON on the last line.

A case is {"name", "path", "ranks", "data"}; an answer {"name", "read": {...}} with what the framework understood, or {"name", "error"}.
Nothing is trained and no accelerator is needed: a Hopper stands in where a reader asks for the device.
"""

import contextlib
import json
import os
import subprocess
import sys
import traceback

os.environ.setdefault("DS_ACCELERATOR", "cpu")


def megatron(case):
    """parse_args, validate_args and the TransformerConfig that it makes, as pretrain_gpt.py does before it builds a model."""
    import torch

    torch.cuda.get_device_capability = lambda *_: (9, 0)
    properties = type("Hopper", (), {"major": 9, "minor": 0, "name": "H100"})()
    torch.cuda.get_device_properties = lambda *_: properties
    script = f"source {case['path']} && printf '%s\\0' \"${{PLAN[@]}}\" && printf '%s\\0' \"${{CUDA_DEVICE_MAX_CONNECTIONS:-}}\""
    *argv, connections = subprocess.run(
        ["bash", "-c", script], check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    ).stdout.split("\0")[:-1]
    os.environ.pop("CUDA_DEVICE_MAX_CONNECTIONS", None)
    if connections:
        os.environ["CUDA_DEVICE_MAX_CONNECTIONS"] = connections
    os.environ.update(WORLD_SIZE=str(case["ranks"]), RANK="0")
    theirs = ["--mock-data", "--tokenizer-type", "NullTokenizer", "--train-iters", "10", "--lr", "1e-4"]

    import megatron.core.utils
    from megatron.core.models.common.embeddings import rope_utils
    from megatron.core.transformer.moe import moe_utils
    from megatron.core.parallel_state import RankGenerator
    from packaging.version import Version

    # Transformer Engine has no build without CUDA; only its version and some functions' being there are asked for.
    megatron.core.utils._te_version = Version("2.12.0")
    stand_in = lambda *_: None
    rope_utils.fused_apply_rotary_pos_emb = stand_in
    for name in ["permute", "permute_with_probs", "unpermute", "sort_chunks_by_index", "sort_chunks_by_index_with_probs"]:
        setattr(moe_utils, f"fused_{name}", stand_in)
    from megatron.training import arguments

    sys.argv = ["pretrain_gpt.py", *argv, *theirs]
    args = arguments.parse_args()
    args = arguments.validate_args(args)
    config = arguments.core_transformer_config_from_args(args)
    order = "tp-cp-ep-pp-dp" if args.use_tp_pp_dp_mapping else "tp-cp-ep-dp-pp"
    dense = RankGenerator(
        tp=args.tensor_model_parallel_size,
        ep=1,
        dp=args.data_parallel_size,
        pp=args.pipeline_model_parallel_size,
        cp=args.context_parallel_size,
        order=order,
    )
    layout = config.pipeline_model_parallel_layout
    stages = None
    if layout is not None:
        per_rank = layout.layout
        stages = [
            sum(kind.name == "decoder" for kind in per_rank[rank][chunk])
            for chunk in range(len(per_rank[0]))
            for rank in range(len(per_rank))
        ]
    return {
        "data": args.data_parallel_size,
        "tensor": config.tensor_model_parallel_size,
        "context": config.context_parallel_size,
        "pipeline": config.pipeline_model_parallel_size,
        "chunks": config.virtual_pipeline_model_parallel_size or 1,
        "expert": config.expert_model_parallel_size,
        "expertTensor": config.expert_tensor_parallel_size,
        "sequenceParallel": config.sequence_parallel,
        "microBatch": args.micro_batch_size,
        "globalBatch": args.global_batch_size,
        "sequence": args.seq_length,
        "layers": config.num_layers,
        "hidden": config.hidden_size,
        "stages": stages,
        "firstGroups": {name: dense.get_ranks(name)[0] for name in ["tp", "cp", "dp", "pp"]},
    }


def torchtitan(case):
    """ConfigManager over the TOML, the meshes' arithmetic, the schedule's class and the flavour's sizes."""
    from torch.distributed.pipelining.schedules import get_schedule_class

    from torchtitan.config import ConfigManager
    from torchtitan.distributed import ParallelDims
    from torchtitan.protocols.train_spec import get_train_spec

    config = ConfigManager().parse_args([f"--job.config_file={case['path']}"])
    p = config.parallelism
    dims = ParallelDims(
        dp_replicate=p.data_parallel_replicate_degree,
        dp_shard=p.data_parallel_shard_degree,
        cp=p.context_parallel_degree,
        tp=p.tensor_parallel_degree,
        pp=p.pipeline_parallel_degree,
        ep=p.expert_parallel_degree,
        etp=p.expert_tensor_parallel_degree,
        world_size=case["ranks"],
    )
    if dims.pp > 1:
        get_schedule_class(p.pipeline_parallel_schedule)
    flavour = get_train_spec(config.model.name).model_args[config.model.flavor]
    stages = p.module_fqns_per_model_part
    batch = config.training.local_batch_size
    return {
        "data": dims.dp_replicate * dims.dp_shard,
        "tensor": dims.tp,
        "context": dims.cp,
        "pipeline": dims.pp,
        "expert": dims.ep,
        "shardRanks": dims.dp_shard * dims.cp,
        "microBatch": p.pipeline_parallel_microbatch_size if dims.pp > 1 else batch,
        "globalBatch": config.training.global_batch_size,
        "sequence": config.training.seq_len,
        "layers": flavour.n_layers,
        "hidden": flavour.dim,
        "stages": stages and [sum(name.startswith("layers.") for name in part) for part in stages],
    }


def deepspeed(case):
    """DeepSpeedConfig, which holds that batch = micro-batch x accumulation x data ranks."""
    from deepspeed.runtime.config import DeepSpeedConfig

    class Groups:
        def get_data_parallel_world_size(self):
            return case["data"]

    import deepspeed.comm

    deepspeed.comm.get_rank = lambda *_: 0
    config = DeepSpeedConfig(case["path"], mpu=Groups())
    offload = config.zero_config.offload_optimizer
    return {
        "data": config.world_size,
        "microBatch": config.train_micro_batch_size_per_gpu,
        "globalBatch": config.train_batch_size,
        "zero": int(config.zero_optimization_stage),
        "tensor": max(1, config.tensor_parallel_config.autotp_size),
        "expert": config.expert_parallel_config.autoep_size if config.expert_parallel_config.enabled else 1,
        "pipeline": 1 if config.pipeline["stages"] == "auto" else config.pipeline["stages"],
        "offload": str(getattr(offload.device, "value", offload.device)) if offload else "none",
    }


def accelerate(case):
    """The launcher's parser, the environment that it hands to ranks, and what a rank makes of it."""
    from accelerate.commands import launch
    from accelerate.utils import FullyShardedDataParallelPlugin, prepare_multi_gpu_env

    for name in [name for name in os.environ if name.startswith(("FSDP_", "PARALLELISM_CONFIG_", "ACCELERATE_"))]:
        del os.environ[name]
    args = launch.launch_command_parser().parse_args(["--config_file", case["path"], "train.py"])
    args, defaults, _ = launch._validate_launch_command(args)
    os.environ.update({name: str(value) for name, value in prepare_multi_gpu_env(args).items()})
    read = {"ranks": int(args.num_processes), "nodes": int(args.num_machines), "precision": args.mixed_precision}
    if not args.use_fsdp:
        return {**read, "zero": 0}
    plugin = FullyShardedDataParallelPlugin()
    read |= {
        "zero": 3 if plugin.reshard_after_forward else 2,
        "recomputes": bool(plugin.activation_checkpointing),
        "layer": list(plugin.transformer_cls_names_to_wrap or []),
    }
    if os.environ.get("ACCELERATE_USE_PARALLELISM_CONFIG") == "true":
        from accelerate.parallelism_config import ParallelismConfig

        groups = ParallelismConfig()
        read |= {
            "data": groups.data_parallel_size,
            "shard": groups.dp_shard_size,
            "tensor": groups.tp_size,
            "context": groups.cp_size,
            "ranks": groups.total_size,
        }
    return read


def transformers(case):
    """HfArgumentParser over the JSON; the Trainer's arguments check themselves as they are made."""
    from transformers import HfArgumentParser, TrainingArguments, training_args

    training_args.is_torch_bf16_gpu_available = lambda: True
    (args,) = HfArgumentParser(TrainingArguments).parse_json_file(case["path"])
    return {
        "microBatch": args.per_device_train_batch_size,
        "accumulation": args.gradient_accumulation_steps,
        "bf16": args.bf16,
        "fsdp": bool(args.fsdp),
        "fsdpVersion": int(args.fsdp_config.get("version", 2)) if args.fsdp else None,
        "layer": args.fsdp_config.get("transformer_layer_cls_to_wrap") if args.fsdp else None,
    }


def main():
    read = globals()[sys.argv[1]]
    answers = []
    for case in json.load(sys.stdin):
        try:
            with contextlib.redirect_stdout(sys.stderr):
                answers.append({"name": case["name"], "read": read(case)})
        except (Exception, SystemExit):  # argparse leaves by SystemExit
            answers.append({"name": case["name"], "error": traceback.format_exc(limit=-2)})
    print(json.dumps(answers))


main()
