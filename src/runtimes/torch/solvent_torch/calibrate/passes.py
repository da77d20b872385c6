"""Work between products: seconds of each step of a layer by the bytes that it reads and writes at least, forward and backward.

Each step is written as the models of this package write it and is timed in a row of several whose results stay until backward, as in
training: memory that was just freed and memory that is new cost differently.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from .clock import in_step

Step = Callable[[torch.Tensor], torch.Tensor]

ROWS = {"cpu": (32, 256, 2048), "cuda": (1024, 8192, 65536)}
WIDTH = 512
# Results that are alive at once, as those of a few layers are.
ALIVE = 4
HEAD = 64
VOCABULARY = 4096
EXPERTS = 8


def measure_passes(device: torch.device, dtype: torch.dtype) -> dict[str, dict[str, list[float]]]:
    """By the planner's name of the module: ``bytes`` by which the planner counts it, seconds ``forward`` and ``backward``."""
    return {name: curve(device, dtype, *of) for name, of in STEPS.items()}


def curve(
    device: torch.device, dtype: torch.dtype, width: int, moved: float, make: Callable[[torch.Tensor], Step]
) -> dict[str, list[float]]:
    result: dict[str, list[float]] = {"bytes": [], "forward": [], "backward": []}
    for rows in ROWS[device.type]:
        x = torch.randn(rows, width, device=device).to(dtype).requires_grad_()
        step = make(x)
        kept: list[torch.Tensor] = []

        def forward(x: torch.Tensor = x, step: Step = step, kept: list[torch.Tensor] = kept) -> None:
            kept.clear()
            kept.extend(step(x) for _ in range(ALIVE))

        def both(x: torch.Tensor = x, step: Step = step) -> None:
            outs = [step(x) for _ in range(ALIVE)]
            torch.autograd.grad(outs, x, [torch.ones_like(out) for out in outs])

        def ones(kept: list[torch.Tensor] = kept) -> None:
            for out in kept:
                torch.ones_like(out)

        once = in_step(forward, 5)
        ready = in_step(ones, 5)
        twice = in_step(both, 5)
        result["bytes"].append(moved * rows * width * x.element_size())
        result["forward"].append(once / ALIVE)
        # Autograd adds the copies' gradients up, one pass too many for all but the first.
        result["backward"].append(max(0.0, twice - once - ready) / ALIVE)
    return result


def norm(x: torch.Tensor) -> Step:
    weight = torch.ones(x.shape[1], dtype=x.dtype, device=x.device)
    return lambda x: F.rms_norm(x, (x.shape[1],), weight, 1e-5)


def residual(x: torch.Tensor) -> Step:
    other = torch.randn_like(x)
    return lambda x: x + other


def rope(x: torch.Tensor) -> Step:
    """Queries and keys [rows, heads, head]: the halves of each head are turned."""
    cos = torch.randn(x.shape[0], 1, HEAD // 2, dtype=x.dtype, device=x.device)
    sin = torch.randn_like(cos)

    def turn(x: torch.Tensor) -> torch.Tensor:
        low, high = x.view(x.shape[0], -1, HEAD).chunk(2, dim=-1)
        return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)

    return turn


def activation(x: torch.Tensor) -> Step:
    def gated(x: torch.Tensor) -> torch.Tensor:
        gate, up = x.chunk(2, dim=-1)
        return F.silu(gate) * up

    return gated


def loss(x: torch.Tensor) -> Step:
    target = torch.randint(0, x.shape[1], (x.shape[0],), device=x.device)
    return lambda x: F.cross_entropy(x.float(), target)


def permute(x: torch.Tensor) -> Step:
    order = torch.randperm(x.shape[0], device=x.device)
    return lambda x: x.index_select(0, order)


def router(x: torch.Tensor) -> Step:
    def choose(x: torch.Tensor) -> torch.Tensor:
        weights, _ = x.float().softmax(-1).topk(2, dim=-1)
        return weights / weights.sum(-1, keepdim=True)

    return choose


# Width of a row, how often the planner counts each of its elements as read or written, and the step.
STEPS: dict[str, tuple[int, float, Callable[[torch.Tensor], Step]]] = {
    "norm": (WIDTH, 2, norm),
    "residual": (WIDTH, 3, residual),
    "rope": (WIDTH, 2, rope),
    "activation": (2 * WIDTH, 1.5, activation),
    "loss": (VOCABULARY, 3, loss),
    "permute": (WIDTH, 2, permute),
    "router": (EXPERTS, 3, router),
}
