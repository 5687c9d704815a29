"""Schedules: the factor of `optimizer.lr` at each step of a training.

Each public function takes an optimizer and the training's length and gives the scheduler, stepped once a batch.
"""

import math
from collections.abc import Callable, Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from ich.errors import ConfigError, out_of_range


def constant(optimizer: Optimizer, *, total_steps: int, steps_per_epoch: int) -> LambdaLR:
    """The rate of the optimizer, unchanged."""
    return LambdaLR(optimizer, lambda step: 1.0)


def founding(
    optimizer: Optimizer, *, total_steps: int, steps_per_epoch: int, factors: Sequence[float] = (1.0, 1.0, 0.2)
) -> LambdaLR:
    """A factor an epoch; the last one stays for all epochs after it.

    Raises:
        ConfigError: no factors, or one that is no number of 0 or more.

    Source: the founding README's 1e-4, 1e-4, 2e-5 over three epochs.
    """
    if not factors:
        raise ConfigError("schedule.factors=[]: expected a factor an epoch, found none; [1.0] is a constant rate")
    by_epoch = list(factors)
    for factor in by_epoch:
        if isinstance(factor, bool) or not isinstance(factor, int | float) or factor < 0:
            raise out_of_range("schedule.factors", by_epoch, expected="numbers of 0 or more")
    return LambdaLR(optimizer, lambda step: by_epoch[min(step // max(steps_per_epoch, 1), len(by_epoch) - 1)])


def one_cycle(
    optimizer: Optimizer,
    *,
    total_steps: int,
    steps_per_epoch: int,
    warmup_share: float = 0.3,
    start_factor: float = 0.04,
    end_factor: float = 4e-6,
) -> LambdaLR:
    """Up to the optimizer's rate along a cosine, then down along a cosine to almost nothing.

    Raises:
        ConfigError: a warm-up share outside 0 to below 1, or a factor below 0.

    Source: Smith and Topin, arXiv 1708.07120; defaults as torch's OneCycleLR (momentum left alone).
    """
    _check_share(warmup_share)
    _check_factors(start_factor=start_factor, end_factor=end_factor)

    def factor(step: int) -> float:
        peak = warmup_share * total_steps - 1
        last = max(total_steps - 1, 1)
        if step < peak:
            return _cosine(start_factor, 1.0, step / peak)
        start = max(peak, 0.0)
        return _cosine(1.0, end_factor, (step - start) / max(last - start, 1e-9))

    return LambdaLR(optimizer, factor)


def warmup_cosine(
    optimizer: Optimizer,
    *,
    total_steps: int,
    steps_per_epoch: int,
    warmup_share: float = 0.05,
    end_factor: float = 0.0,
) -> LambdaLR:
    """A straight line up to the optimizer's rate, then a cosine down.

    Raises:
        ConfigError: a warm-up share outside 0 to below 1, or a factor below 0.

    Source: Loshchilov and Hutter, arXiv 1608.03983, without restarts.
    """
    _check_share(warmup_share)
    _check_factors(end_factor=end_factor)

    def factor(step: int) -> float:
        warmup_steps = int(warmup_share * total_steps)
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        return _cosine(1.0, end_factor, (step - warmup_steps) / max(total_steps - warmup_steps, 1))

    return LambdaLR(optimizer, factor)


Schedule = Callable[..., LambdaLR]
"""Any of the functions above, with its own numbers already bound."""


def _cosine(start: float, end: float, share: float) -> float:
    """From start (share 0) to end (share 1) along half a cosine; beyond 1 it stays there."""
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


def _check_share(warmup_share: float) -> None:
    if not 0 <= warmup_share < 1:
        raise out_of_range(
            "schedule.warmup_share", warmup_share, expected="0 to below 1", advice="0.3 is three in ten steps"
        )


def _check_factors(**factors: float) -> None:
    for name, factor in factors.items():
        if factor < 0:
            raise out_of_range(f"schedule.{name}", factor, expected="0 or more", advice="1 is optimizer.lr")
