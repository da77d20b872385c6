"""What ranks say to each other: seconds of each collective by the bytes of its whole buffer, as all ranks run it at once."""

from collections.abc import Callable

import torch
import torch.distributed as dist

from .clock import in_step

BYTES = {"cpu": (1 << 10, 1 << 13, 1 << 16, 1 << 19, 1 << 22, 1 << 25), "cuda": tuple(1 << n for n in range(12, 31, 3))}


def measure_links(device: torch.device) -> dict[str, dict[str, list[float]]]:
    """By name: ``bytes``, and the ``seconds`` that they take. ``bytes`` counts a rank's whole buffer: the gathered result of an all-gather."""
    sizes = BYTES[device.type]
    return {
        name: {
            "bytes": [float(size) for size in sizes],
            "seconds": [in_step(make(device, size), rounds(size)) for size in sizes],
        }
        for name, make in COLLECTIVES.items()
    }


def rounds(size: int) -> int:
    return 40 if size <= 1 << 16 else 12 if size <= 1 << 22 else 4


def whole(device: torch.device, size: int) -> torch.Tensor:
    """fp32, a multiple of the ranks."""
    ranks = dist.get_world_size()
    return torch.zeros(max(1, size // 4 // ranks) * ranks, device=device)


def part(device: torch.device, size: int) -> torch.Tensor:
    return torch.zeros(max(1, size // 4 // dist.get_world_size()), device=device)


def all_reduce(device: torch.device, size: int) -> Callable[[], object]:
    buffer = whole(device, size)
    return lambda: dist.all_reduce(buffer)


def all_gather(device: torch.device, size: int) -> Callable[[], object]:
    result, own = whole(device, size), part(device, size)
    return lambda: dist.all_gather_into_tensor(result, own)


def reduce_scatter(device: torch.device, size: int) -> Callable[[], object]:
    own, given = part(device, size), whole(device, size)
    return lambda: dist.reduce_scatter_tensor(own, given)


def all_to_all(device: torch.device, size: int) -> Callable[[], object]:
    received, sent = whole(device, size), whole(device, size)
    return lambda: dist.all_to_all_single(received, sent)


def send(device: torch.device, size: int) -> Callable[[], object]:
    """Each rank sends to the next one and receives from the one before: what a ring or a pipeline does in one turn."""
    ranks, own = dist.get_world_size(), dist.get_rank()
    sent, received = torch.zeros(max(1, size // 4), device=device), torch.zeros(max(1, size // 4), device=device)

    def turn() -> None:
        there = dist.P2POp(dist.isend, sent, (own + 1) % ranks)
        back = dist.P2POp(dist.irecv, received, (own - 1) % ranks)
        for work in dist.batch_isend_irecv([there, back]):
            work.wait()

    return turn


COLLECTIVES: dict[str, Callable[[torch.device, int], Callable[[], object]]] = {
    "all-reduce": all_reduce,
    "all-gather": all_gather,
    "reduce-scatter": reduce_scatter,
    "all-to-all": all_to_all,
    "send": send,
}
