"""What was measured is put together and told apart from noise."""

import torch

from solvent_torch.calibrate.__main__ import mean
from solvent_torch.calibrate.clock import undisturbed
from solvent_torch.calibrate.passes import STEPS


def test_ranks_are_averaged_number_by_number() -> None:
    assert mean([{"sizes": [32], "rates": [1.0, 3.0]}, {"sizes": [32], "rates": [3.0, 5.0]}]) == {
        "sizes": [32],
        "rates": [2.0, 4.0],
    }


def test_what_was_disturbed_does_not_count() -> None:
    assert undisturbed([1.0, 1.0, 1.0, 1.0, 50.0]) == 1.0


def test_every_step_between_products_has_a_gradient() -> None:
    for name, (width, _, make) in STEPS.items():
        x = torch.randn(16, width, requires_grad=True)
        (gradient,) = torch.autograd.grad(make(x)(x).sum(), x)
        assert gradient.shape == x.shape, name
