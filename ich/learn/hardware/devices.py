"""Which devices, processes and precision a training uses; no other place knows of devices."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ich.errors import ConfigError
from ich.learn.hardware.own_gpus import own_gpus

PRECISIONS = ("auto", "bf16-mixed", "16-mixed", "32-true")
CPU_FLAGS_WITH_BF16 = ("amx_bf16", "avx512_bf16")
PROBE_RATIO = 1.5  # of float32's time; emulated bf16 takes several times it, and a busy machine has shown 1.0
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


@contextmanager
def gpus_of_job(
    gpus: str | int | Sequence[int],
    *,
    auto_is_one: bool,
    option: str = "trainer.gpus",
    names: Sequence[str] | None = None,
    folder: Path | None = None,
) -> Iterator[list[int]]:
    """Give one job of a sweep GPUs that no other job on this machine has while the block runs.

    Args:
        gpus: "auto", a count of any that are free, or numbers; waits until they are free.
        auto_is_one: whether "auto" means one GPU, where jobs run side by side, or all there are.
        option: what the user types for it.
        names: of the GPUs; None: of those that this process sees.
        folder: of the locks; None: this user's own.

    Yields:
        Their numbers as seen by this process; none on a machine without, or for 0.

    Raises:
        ConfigError: none of these forms, or more or other GPUs than there are.
    """
    names = gpu_names() if names is None else names
    if gpus == "auto":
        wanted: int | Sequence[int] = min(1, len(names)) if auto_is_one else len(names)
    else:
        resolve_devices(gpus, available=len(names), option=option)
        assert not isinstance(gpus, str)
        wanted = gpus
    with own_gpus(wanted, names, folder=folder) as numbers:
        yield numbers


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
            raise ConfigError(f"trainer.{name}={count}: expected a whole number of 1 or more; 1 is the default")
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


def choose_precision(precision: str, devices: Devices) -> tuple[str, str]:
    """The precision of a training, and the sentence that says why.

    Args:
        precision: "auto", or one of Lightning's names that is taken as it is.
        devices: where the training runs.

    Returns:
        Lightning's name ("bf16-mixed", "16-mixed" or "32-true") and a sentence for the terminal.

    Raises:
        ConfigError: another name, or 16-mixed on a CPU.
    """
    if precision not in PRECISIONS:
        raise ConfigError(
            f"trainer.precision={precision}: expected one of {', '.join(PRECISIONS)}; auto decides by the hardware"
        )
    if precision == "16-mixed" and devices.accelerator == "cpu":
        raise ConfigError("trainer.precision=16-mixed: expected a GPU, found a CPU; use auto, bf16-mixed or 32-true")
    if precision != "auto":
        return precision, f"precision {precision}, as asked for"
    if devices.accelerator == "gpu":
        return _gpu_precision()
    return _cpu_precision(measure=devices.strategy == "auto")


def cpu_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """The CPU's flag for bfloat16 arithmetic, None where it would be emulated or nothing is known."""
    if not cpuinfo.is_file():
        return None
    flags = next((line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")), "").split()
    return next((flag for flag in CPU_FLAGS_WITH_BF16 if flag in flags), None)


def bf16_ratio(repeats: int = 5) -> float:
    """Time of a small convolution's training step on the CPU in bf16, over that in float32; some 0.1 s."""
    with torch.random.fork_rng(devices=[]):
        layers = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1))
        images = torch.randn(4, 32, 48, 48)
    layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = images.contiguous(memory_format=torch.channels_last)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(repeats + 1):  # in turns, so that a busy moment meets both
        for in_bf16 in (False, True):
            start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
                layers(images).float().square().mean().backward()
            seconds[in_bf16].append(time.perf_counter() - start)
    return min(seconds[True][1:]) / min(seconds[False][1:])


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


def _gpu_precision() -> tuple[str, str]:
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16-mixed", "precision bf16-mixed: the GPU computes in bfloat16"
    return "16-mixed", "precision 16-mixed: the GPU has no bfloat16"


def _cpu_precision(*, measure: bool) -> tuple[str, str]:
    """By the CPU's flags; a single process also measures (several could come to different answers)."""
    flag = cpu_has_bf16()
    if flag is None:
        return "32-true", "precision 32-true: the CPU has no bfloat16 arithmetic"
    if not measure:
        return "bf16-mixed", f"precision bf16-mixed: the CPU has {flag}"
    ratio = bf16_ratio()
    if ratio > PROBE_RATIO:
        return (
            "32-true",
            f"precision 32-true: the CPU has {flag}, but a probe took {ratio:.2f} of float32's time",
        )
    return "bf16-mixed", f"precision bf16-mixed: the CPU has {flag}, a probe took {ratio:.2f} of float32's time"
