"""``python -m solvent_torch.calibrate [--devices N] [--threads N] [--precisions fp32,bf16]``: a measured device as JSON on standard output."""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

import torch
import torch.distributed as dist

from .attention import measure_attention
from .links import measure_links
from .passes import measure_passes
from .products import measure_products
from .ranks import on_ranks
from .update import measure_update

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="solvent calibrate", description=__doc__)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    parser.add_argument("--devices", type=int, default=gpus or cores)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precisions", default="fp32,bf16")
    given = parser.parse_args(arguments)
    threads = given.threads or (1 if gpus else max(1, cores // given.devices))
    if not gpus and given.devices * threads > cores:
        print(
            f"{given.devices} devices of {threads} threads need {given.devices * threads} cores, there are {cores}",
            file=sys.stderr,
        )
        return 1
    precisions = given.precisions.split(",")
    return on_ranks(given.devices, threads, lambda rank: measure(rank, threads, precisions))


def measure(rank: int, threads: int, precisions: list[str]) -> None:
    """Every rank measures all; rank 0 tells the mean of what they found."""
    begin = time.perf_counter()
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    own = {
        "precisions": {name: of_precision(device, DTYPES[name], rank) for name in precisions},
        "update": told(rank, "optimizer", lambda: measure_update(device)),
        "links": told(rank, "links", lambda: measure_links(device)) if dist.get_world_size() > 1 else {},
    }
    all_ranks: list[object] = [None] * dist.get_world_size()
    dist.all_gather_object(all_ranks, own)
    if rank == 0:
        found = mean(all_ranks)
        print(json.dumps({**about(device, threads), **found, "seconds": time.perf_counter() - begin}), flush=True)


def of_precision(device: torch.device, dtype: torch.dtype, rank: int) -> dict[str, object]:
    name = str(dtype).removeprefix("torch.")
    return {
        "products": told(rank, f"products in {name}", lambda: asdict(measure_products(device, dtype))),
        "attention": told(rank, f"attention in {name}", lambda: asdict(measure_attention(device, dtype))),
        "passes": told(rank, f"work between products in {name}", lambda: measure_passes(device, dtype)),
    }


def told(rank: int, what: str, work):  # type: ignore[no-untyped-def]
    begin = time.perf_counter()
    found = work()
    if rank == 0:
        print(f"{what}: {time.perf_counter() - begin:.1f} s", file=sys.stderr, flush=True)
    return found


def mean(found: list[object]) -> object:
    """Of alike trees of numbers."""
    first = found[0]
    if isinstance(first, dict):
        return {key: mean([one[key] for one in found]) for key in first}  # type: ignore[index]
    if isinstance(first, list | tuple):
        return [mean([one[i] for one in found]) for i in range(len(first))]  # type: ignore[index]
    if isinstance(first, int):
        return first
    return sum(float(one) for one in found) / len(found)  # type: ignore[arg-type]


def about(device: torch.device, threads: int) -> dict[str, object]:
    ranks = dist.get_world_size()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        kind = {"kind": "cuda", "name": properties.name, "memoryBytes": properties.total_memory}
    else:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        kind = {"kind": "cpu", "name": processor(), "memoryBytes": memory // ranks}
    return {**kind, "devices": ranks, "threads": threads, "torch": torch.__version__}


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return "CPU"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
