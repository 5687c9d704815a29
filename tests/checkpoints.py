"""How two checkpoints are compared, for the tests of trainings that are stopped and go on."""

from typing import Any

import torch

from ich.learn.stopping.resume import VALIDATION_BATCHES

# What may differ from a training without a stop: how long it took, on which day it began, and Lightning's count of
# the validation batches that were begun: a validation that a stop broke off is begun again.
MAY_DIFFER = {("ich", "date"), ("callbacks", "BestAndLast", "seconds")}
MAY_DIFFER |= {("callbacks", "EpochLines", name) for name in ("seconds", "slices_per_second")}
MAY_DIFFER |= {("loops", "fit_loop", VALIDATION_BATCHES, "total", name) for name in ("ready", "started")}


def differences(one: Any, other: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where two checkpoints differ, tensors compared bit for bit; but for MAY_DIFFER."""
    if at in MAY_DIFFER:
        return []
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [place for key in one for place in differences(one[key], other[key], (*at, key))]
    if isinstance(one, list | tuple) and type(one) is type(other) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [place for number, pair in pairs for place in differences(*pair, (*at, number))]
    same = torch.equal(one, other) if isinstance(one, torch.Tensor) else type(one) is type(other) and one == other
    return [] if same else [at]
