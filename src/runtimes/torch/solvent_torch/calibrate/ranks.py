"""One rank a device, forked from the process that has torch loaded, each on its own core where devices are cores."""

import os
import socket
import sys
import traceback
from collections.abc import Callable

import torch
import torch.distributed as dist


def on_ranks(count: int, threads: int, work: Callable[[int], None]) -> int:
    """Runs ``work(rank)`` in ``count`` children; 0 where all ended well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sys.stdout.flush()
    sys.stderr.flush()
    children = []
    for rank in range(count):
        child = os.fork()
        if child == 0:
            os._exit(run_rank(rank, count, threads, port, work))
        children.append(child)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def run_rank(rank: int, count: int, threads: int, port: int, work: Callable[[int], None]) -> int:
    try:
        pin(rank, threads)
        torch.set_num_threads(threads)
        os.environ |= {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "RANK": str(rank),
            "WORLD_SIZE": str(count),
        }
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        if torch.cuda.is_available():
            torch.cuda.set_device(rank % torch.cuda.device_count())
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", "env://")
        work(rank)
        dist.destroy_process_group()
        return 0
    except BaseException:  # noqa: BLE001  a child never goes on as its parent
        traceback.print_exc()
        return 1


def pin(rank: int, threads: int) -> None:
    """A CPU device is so many cores of those that this process may use."""
    if torch.cuda.is_available() or not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    own = cores[rank * threads : (rank + 1) * threads]
    if len(own) == threads:
        os.sched_setaffinity(0, own)
