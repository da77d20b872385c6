"""Matrix products: operations a second on a grid of sizes, and how much slower the two gradients are."""

from dataclasses import dataclass
from itertools import product
from statistics import median

import torch
import torch.nn.functional as F

from .clock import seconds

SIZES = {"cpu": (32, 128, 512, 2048), "cuda": (128, 512, 2048, 8192)}
# Shapes (m, n, k) that layers have, for the gradients.
USUAL = ((256, 512, 512), (1024, 1024, 256), (512, 256, 1024))


@dataclass(frozen=True)
class Products:
    """``rates[i][j][k]``: operations a second of (sizes[i] rows) x (sizes[j] columns), sizes[k] deep; the slower, the smaller."""

    sizes: tuple[int, ...]
    rates: list[list[list[float]]]
    input_gradient: float
    weight_gradient: float


def measure_products(device: torch.device, dtype: torch.dtype) -> Products:
    """The forward product is x[m, k] times a weight [n, k]; its gradients are g[m, n] w[n, k] and g[m, n]^T x[m, k]."""
    sizes = SIZES[device.type]

    def tensor(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, device=device).to(dtype)

    def rate(m: int, n: int, k: int) -> float:
        x, w = tensor(m, k), tensor(n, k)
        return 2 * m * n * k / seconds(lambda: F.linear(x, w), 0.02)

    rates = {shape: rate(*shape) for shape in product(sizes, repeat=3)}
    slower_input, slower_weight = [], []
    for m, n, k in USUAL:
        x, w, g = tensor(m, k), tensor(n, k), tensor(m, n)
        forward = seconds(lambda x=x, w=w: F.linear(x, w))
        slower_input.append(seconds(lambda g=g, w=w: g @ w) / forward)
        slower_weight.append(seconds(lambda g=g, x=x: g.t() @ x) / forward)
    return Products(
        sizes=sizes,
        rates=[[[rates[m, n, k] for k in sizes] for n in sizes] for m in sizes],
        input_gradient=median(slower_input),
        weight_gradient=median(slower_weight),
    )
