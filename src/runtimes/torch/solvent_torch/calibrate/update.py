"""The optimizer: seconds of one update by the number of parameters, norm of the gradient and clipping included."""

import torch

from .clock import seconds

# A tensor of a small layer.
TENSOR = 1 << 18
TENSORS = (1, 8, 64)


def measure_update(device: torch.device) -> dict[str, dict[str, list[float]]]:
    """Parameters in fp32, which are their own master copy."""
    return {name: curve(device, make) for name, make in OPTIMIZERS.items()}


OPTIMIZERS = {
    "adam": lambda parameters: torch.optim.AdamW(parameters, 1e-4, betas=(0.9, 0.95)),
    "sgd": lambda parameters: torch.optim.SGD(parameters, 1e-4, momentum=0.9),
}


def curve(device: torch.device, make: object) -> dict[str, list[float]]:
    taken = []
    for count in TENSORS:
        parameters = [torch.nn.Parameter(torch.randn(TENSOR, device=device)) for _ in range(count)]
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        optimizer = make(parameters)  # type: ignore[operator]

        def update(
            parameters: list[torch.nn.Parameter] = parameters, optimizer: torch.optim.Optimizer = optimizer
        ) -> None:
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

        taken.append(seconds(update))
    return {"parameters": [float(count * TENSOR) for count in TENSORS], "seconds": taken}
