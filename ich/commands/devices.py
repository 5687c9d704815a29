"""The one device that evaluation and prediction compute on."""

from typing import Any

import torch

from ich.commands.configuration.plain import plain
from ich.errors import ConfigError
from ich.learn.hardware.devices import available_gpus, resolve_devices


def inference_device(gpus: Any) -> torch.device:
    """The one torch device that evaluation and prediction use.

    Args:
        gpus: `auto`, 0 for the CPU, or one GPU's number in a list.

    Raises:
        ConfigError: more or other GPUs than there are, or more than one.
    """
    devices = resolve_devices(plain(gpus), available=available_gpus(), option="gpus")
    if devices.n_processes > 1 and gpus != "auto":
        raise ConfigError(f"gpus={gpus}: expected one GPU or 0 for CPU, found {devices.n_processes}; name one, as [0]")
    return devices.torch_device
