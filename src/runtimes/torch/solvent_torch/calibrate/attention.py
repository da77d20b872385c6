"""The attention core: operations a second by head size and keys, forward and backward."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .clock import seconds

HEAD_SIZES = (32, 64, 128)
KEYS = {"cpu": (64, 256, 1024), "cuda": (512, 2048, 8192)}
HEADS = 8


@dataclass(frozen=True)
class Attention:
    """``forward[i][j]``: operations a second for heads of ``head_sizes[i]`` and ``keys[j]`` keys, counting only keys that a query sees."""

    head_sizes: tuple[int, ...]
    keys: tuple[int, ...]
    forward: list[list[float]]
    backward: list[list[float]]


def measure_attention(device: torch.device, dtype: torch.dtype) -> Attention:
    keys = KEYS[device.type]
    pairs = [[rates_of(device, dtype, size, length) for length in keys] for size in HEAD_SIZES]
    return Attention(
        head_sizes=HEAD_SIZES,
        keys=keys,
        forward=[[forward for forward, _ in row] for row in pairs],
        backward=[[backward for _, backward in row] for row in pairs],
    )


def rates_of(device: torch.device, dtype: torch.dtype, head_size: int, length: int) -> tuple[float, float]:
    """One sequence of ``length`` tokens, causal: a query sees half of the keys. Two products forward, five backward."""

    def tensor() -> torch.Tensor:
        return torch.randn(1, HEADS, length, head_size, device=device).to(dtype).requires_grad_()

    q, k, v = tensor(), tensor(), tensor()
    gradient = torch.ones_like(q)
    operations = 2 * HEADS * length * (length / 2) * 2 * head_size
    forward = seconds(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    backward = seconds(lambda: torch.autograd.grad(out, (q, k, v), gradient, retain_graph=True))
    return operations / forward, 2.5 * operations / backward
