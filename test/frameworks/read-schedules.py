"""Reads tables of pipeline schedules with torch.distributed.pipelining, as _PipelineScheduleRuntime._load_csv does, and answers in JSON.

The functions are private to PyTorch: they are what its runtime calls, and the version is pinned in requirements.txt.
"""

import csv
import json
import sys

from torch.distributed.pipelining import schedules as s

# The dry run knows the actions of the pipeline, not those of FSDP.
OF_FSDP = {"UNSHARD", "RESHARD", "REDUCE_GRAD", "WAIT_REDUCE_GRAD", "WAIT_SEND_F", "WAIT_SEND_B"}

CLASSES = {
    "interleaved": s.ScheduleInterleaved1F1B,
    "zb-h1": s.ScheduleInterleavedZeroBubble,
    "dualpipev": s.ScheduleDualPipeV,
}


def read(path):
    with open(path, newline="") as file:
        return {rank: [s._Action.from_str(cell) for cell in row] for rank, row in enumerate(csv.reader(file))}


def lowered(actions, micro_batches, num_stages, rank_of_stage):
    with_fsdp = {
        rank: s._add_reduce_grad(s._add_unshard_reshard(own), micro_batches) for rank, own in actions.items()
    }
    return s._add_send_recv(with_fsdp, stage_to_rank=lambda stage: rank_of_stage[stage], num_stages=num_stages)


def single(actions):
    for action in actions:
        for each in action.sub_actions or (action,):
            if each.computation_type.name not in OF_FSDP:
                yield each


def theirs(case):
    """The order of PyTorch's own class, which needs no process group for this part of its work."""
    made = CLASSES[case["schedule"]].__new__(CLASSES[case["schedule"]])
    made.pp_group_size, made.n_local_stages = case["pipeline"], case["chunks"]
    made.num_stages, made._n_microbatches = case["pipeline"] * case["chunks"], case["microBatches"]
    made.number_of_rounds = max(1, case["microBatches"] // case["pipeline"])
    made.microbatches_per_round = case["microBatches"] // made.number_of_rounds
    return {
        rank: [action for action in made._calculate_single_rank_operations(rank) if action is not None]
        for rank in range(case["pipeline"])
    }


def answer(case):
    num_stages = case["pipeline"] * case["chunks"]
    try:
        actions = read(case["path"])
        rank_of_stage = s._validate_schedule(actions, case["pipeline"], num_stages, case["microBatches"])
        with_sends = lowered(actions, case["microBatches"], num_stages, rank_of_stage)
        alone = {rank: list(single(own)) for rank, own in with_sends.items()}
        run = s._simulate_comms_compute(alone, lambda stage: rank_of_stage[stage], num_stages)
        steps = max(len(own) for own in run.values())
        is_theirs = theirs(case) == actions if case["schedule"] in CLASSES else None
        return {"name": case["name"], "steps": steps, "isTheirs": is_theirs}
    except Exception as error:  # whatever they raise is their answer
        return {"name": case["name"], "error": f"{type(error).__name__}: {error}"}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
