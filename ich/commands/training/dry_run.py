"""Makes optimizer, schedule and net of a training once, without data or weights, to hear early what they refuse."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import torch

from ich.errors import ConfigError, one_line
from ich.learn.loop.module import Recipe
from ich.nets.backbones import check_backbone
from ich.nets.build import build
from ich.nets.windows import as_windows

STEPS = 3  # of an epoch each, so that a value an epoch is met too
FEATURES = 100_000  # more than any slice net pools: how many there are is known with the slice net


def try_recipe(recipe: Recipe) -> None:
    """Make optimizer and schedule for one weight and take some steps with them.

    Raises:
        ConfigError: values that they don't take.
    """
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    optimizer = _taken(lambda: recipe.optimizer([weight]), subject="optimizer")
    schedule = _taken(lambda: recipe.schedule(optimizer, total_steps=STEPS, steps_per_epoch=1), subject="schedule")
    for _ in range(STEPS):
        _taken(optimizer.step, subject="optimizer")
        _taken(schedule.step, subject="schedule")


def try_net(net: Mapping[str, Any]) -> None:
    """Build a net as its arguments say, without memory: a slice net around our tiny backbone, once its own is known.

    Args:
        net: build arguments as a configuration has them.

    Raises:
        ConfigError: an unknown backbone or net, or values it doesn't take.
    """
    arguments = dict(net)
    if "backbone" in arguments:
        check_backbone(str(arguments["backbone"]))
        arguments |= {"backbone": "tiny", "weights": None, "windows": _as_if_measured(arguments["windows"])}
    else:
        arguments["n_features"] = FEATURES
    with torch.device("meta"):
        _taken(lambda: build(arguments), subject="model.net")


def _as_if_measured(windows: Mapping[str, Any]) -> dict[str, Any]:
    """Windows with a mean and a deviation, which are else measured on the training fold."""
    known = [replace(window, mean=0.5, std=0.5) for window in as_windows(windows)]
    return {window.name: {key: value for key, value in asdict(window).items() if key != "name"} for window in known}


def _taken(make: Callable[[], Any], *, subject: str) -> Any:
    try:
        return make()
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        group = subject.partition(".")[0]
        raise ConfigError(f"{subject}: expected values it takes, found {one_line(error)}; see conf/{group}") from error
