"""In which precision a training computes: as asked for where its devices can, else as they can."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from ich.errors import ConfigError, out_of_range
from ich.learn.hardware.devices import Devices

PRECISIONS = ("auto", "bf16-mixed", "16-mixed", "32-true")
CPU_FLAGS_WITH_BF16 = ("amx_bf16", "avx512_bf16")
PROBE_RATIO = 1.5  # of float32's time; emulated bf16 takes several times it, and a busy machine has shown 1.0
FIRST_WITH_BF16 = 8  # major compute capability of NVIDIA's first GPUs with bfloat16 arithmetic


def choose_precision(
    precision: str, devices: Devices, *, kept: str | None = None, has_bf16: Callable[[int], bool] | None = None
) -> tuple[str, str]:
    """The precision of a training, and the sentence that says why.

    Args:
        precision: "auto", or one of Lightning's names.
        devices: where the training runs.
        kept: what "auto" chose when the training began, to go on in where the devices can; None where it begins.
        has_bf16: whether the GPU of a number computes in bfloat16; None asks torch.

    Returns:
        Lightning's name ("bf16-mixed", "16-mixed" or "32-true") and a sentence for the terminal.

    Raises:
        ConfigError: another name, or one that these devices can't do.
    """
    if precision not in PRECISIONS:
        raise out_of_range(
            "trainer.precision",
            precision,
            expected=f"one of {', '.join(PRECISIONS)}",
            advice="auto decides by the hardware",
        )
    lacking = _gpus_without_bf16(devices, has_bf16 or gpu_has_bf16)
    if precision != "auto":
        _check_possible(precision, devices, lacking=lacking)
        return precision, f"precision {precision}, as asked for{_emulated(precision, devices)}"
    if kept not in PRECISIONS[1:]:  # it begins, or a checkpoint of before it was written down
        return _by_the_hardware(devices, lacking=lacking)
    try:
        _check_possible(kept, devices, lacking=lacking)
    except ConfigError:
        chosen, reason = _by_the_hardware(devices, lacking=lacking)
        return chosen, f"{reason}; the training began in {kept}, which these devices can't do"
    return kept, f"precision {kept}, as the training began{_emulated(kept, devices)}"


def gpu_has_bf16(number: int) -> bool:
    """Whether a GPU computes in bfloat16 itself; torch's own answer is about the current one, and may mean emulated."""
    return torch.version.hip is not None or torch.cuda.get_device_properties(number).major >= FIRST_WITH_BF16


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


def _by_the_hardware(devices: Devices, *, lacking: list[int]) -> tuple[str, str]:
    if devices.accelerator == "cpu":
        return _cpu_precision(measure=devices.strategy == "auto")
    if lacking:
        return "16-mixed", "precision 16-mixed: the GPU has no bfloat16"
    return "bf16-mixed", "precision bf16-mixed: the GPU computes in bfloat16"


def _gpus_without_bf16(devices: Devices, has_bf16: Callable[[int], bool]) -> list[int]:
    return [] if isinstance(devices.devices, int) else [one for one in devices.devices if not has_bf16(one)]


def _check_possible(precision: str, devices: Devices, *, lacking: list[int]) -> None:
    """Refuse what the devices can't do, which the training itself would say late or by its speed only."""
    if precision == "16-mixed" and devices.accelerator == "cpu":
        raise ConfigError("trainer.precision=16-mixed: expected a GPU, found a CPU; use auto, bf16-mixed or 32-true")
    if precision == "bf16-mixed" and lacking:
        raise ConfigError(
            f"trainer.precision=bf16-mixed: expected GPUs that compute in bfloat16, found GPU "
            f"{', '.join(map(str, lacking))} without; use auto, 16-mixed or 32-true"
        )


def _emulated(precision: str, devices: Devices) -> str:
    if precision != "bf16-mixed" or devices.accelerator != "cpu" or cpu_has_bf16() is not None:
        return ""
    return "; the CPU has no bfloat16 arithmetic and emulates it, which is slower than 32-true"


def _cpu_precision(*, measure: bool) -> tuple[str, str]:
    """By the CPU's flags; a single process also measures (several could come to different answers)."""
    flag = cpu_has_bf16()
    if flag is None:
        return "32-true", "precision 32-true: the CPU has no bfloat16 arithmetic"
    if not measure:
        return "bf16-mixed", f"precision bf16-mixed: the CPU has {flag}"
    ratio = bf16_ratio()
    took = f"a probe took {ratio:.2f} times as long as in float32"
    if ratio > PROBE_RATIO:
        return "32-true", f"precision 32-true: the CPU has {flag}, but {took}, over {PROBE_RATIO}: as if emulated"
    return "bf16-mixed", f"precision bf16-mixed: the CPU has {flag}; {took}, and only over {PROBE_RATIO} is emulated"
