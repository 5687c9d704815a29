"""Which devices and processes a training uses."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ich.errors import ConfigError, out_of_range

_FORMS = "use auto (all there are, else CPU), 0 (CPU), a count as 4, or GPU numbers as [0,2]"


@dataclass(frozen=True)
class Devices:
    """What Lightning is told: accelerator, devices and strategy."""

    accelerator: str
    devices: int | list[int]
    strategy: str
    nodes: int = 1

    @property
    def n_processes(self) -> int:
        """Processes on all nodes."""
        return self.nodes * (self.devices if isinstance(self.devices, int) else len(self.devices))

    @property
    def torch_device(self) -> torch.device:
        """Where this process works: its own GPU, or the CPU."""
        if isinstance(self.devices, int):
            return torch.device("cpu")
        rank = int(os.environ.get("LOCAL_RANK", "0")) if self.strategy == "ddp" else 0
        return torch.device("cuda", self.devices[rank])

    def __str__(self) -> str:
        if isinstance(self.devices, int):
            return "CPU, 1 process" if self.devices == 1 else f"CPU, {self.devices} processes"
        return f"GPU {', '.join(map(str, self.devices))}"


def available_gpus() -> int:
    """GPUs this process sees."""
    return torch.cuda.device_count()


def gpu_names() -> list[str]:
    """What names each GPU that this process sees, the same in every process on this machine."""
    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(available_gpus())]


def resolve_devices(
    gpus: str | int | Sequence[int],
    *,
    available: int,
    processes: int = 1,
    nodes: int = 1,
    option: str = "trainer.gpus",
) -> Devices:
    """Turn `trainer.gpus` into Lightning's accelerator, devices and strategy.

    Args:
        gpus: "auto" (all there are, else CPU), a count (0 is CPU), or GPU numbers as seen by this process.
        available: GPUs this process sees.
        processes: CPU processes a node when no GPU is used.
        nodes: machines.
        option: what the user types for it.

    Raises:
        ConfigError: none of these forms, or more or other GPUs than there are.
    """
    for name, count in (("processes", processes), ("nodes", nodes)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise out_of_range(
                f"trainer.{name}", count, expected="a whole number of 1 or more", advice="1 is the default"
            )
    numbers = _gpu_numbers(gpus, available, option=option)
    needed = max(numbers, default=-1) + 1
    if needed > available:
        raise ConfigError(
            f"{option}={gpus}: expected at least {needed} GPUs, found {available}; "
            f"use {option}=auto for all there are, 0 for CPU"
        )
    if not numbers:
        return Devices("cpu", processes, "ddp" if processes * nodes > 1 else "auto", nodes)
    return Devices("gpu", numbers, "ddp" if len(numbers) * nodes > 1 else "auto", nodes)


def _gpu_numbers(gpus: str | int | Sequence[int], available: int, *, option: str) -> list[int]:
    if isinstance(gpus, str) and gpus == "auto":
        return list(range(available))
    if isinstance(gpus, int) and not isinstance(gpus, bool) and gpus >= 0:
        return list(range(gpus))
    if isinstance(gpus, Sequence) and not isinstance(gpus, str):
        numbers = list(gpus)
        whole = all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)
        if numbers and whole and len(set(numbers)) == len(numbers):
            return numbers
    raise ConfigError(f"{option}={gpus}: expected which GPUs to use, found {gpus!r}; {_FORMS}")
