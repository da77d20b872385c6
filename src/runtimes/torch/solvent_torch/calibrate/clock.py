"""Seconds of a piece of work, while the other ranks do the same."""

import time
from collections.abc import Callable
from statistics import quantiles

import torch
import torch.distributed as dist

Work = Callable[[], object]

# A slow measurement ends after these, whatever its budget.
LEAST_ROUNDS = 3


def synchronize() -> None:
    """Waits for a device that works behind the host's back; a CPU does not."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def together() -> None:
    """All ranks begin at once: they share caches, memory and the power limit."""
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.barrier()


def seconds(work: Work, budget: float = 0.04) -> float:
    """Of one run of ``work``, measured in batches long enough for the clock, for about ``budget`` seconds."""
    work()
    synchronize()
    together()
    begin = time.perf_counter()
    work()
    synchronize()
    once = max(1e-7, time.perf_counter() - begin)
    # Short work is timed by the dozen; a queue in front of a device needs so many to be full.
    batch = max(1, min(200, int(0.002 / once)))
    rounds = max(LEAST_ROUNDS, min(25, int(budget / (once * batch))))
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(batch):
            work()
        synchronize()
        taken.append((time.perf_counter() - begin) / batch)
    return undisturbed(taken)


def in_step(work: Work, rounds: int) -> float:
    """Of ``rounds`` runs, each counted alone: for work in which ranks meet, where all must run equally often."""
    work()
    synchronize()
    together()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        synchronize()
        taken.append(time.perf_counter() - begin)
    return undisturbed(taken)


def undisturbed(taken: list[float]) -> float:
    """The lower quartile: what else the machine does makes runs longer, never shorter."""
    return quantiles(taken, n=4)[0] if len(taken) > 1 else taken[0]
