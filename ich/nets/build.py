"""A net from plain build arguments, looked up in the table of our nets: nothing a file names is ever imported."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from ich.errors import ConfigError
from ich.nets.sequence import SEQUENCE_NETS
from ich.nets.slice_net import SliceNet

NETS: dict[str, type[nn.Module]] = {"SliceNet": SliceNet, **SEQUENCE_NETS}


def build(arguments: Mapping[str, Any]) -> nn.Module:
    """Build a net for training; published weights are fetched if the arguments ask for them.

    Args:
        arguments: plain values with the net's name under `net` (or, from a configuration, its class under `_target_`).

    Raises:
        ConfigError: no net of ours, or arguments it doesn't take.
        DataError: weights that can't be reached or don't fit.
    """
    name, values = _split(arguments)
    if name not in NETS:
        raise ConfigError(f"net={name}: expected one of {', '.join(NETS)}, found {name!r}; choose one of these")
    try:
        return NETS[name](**values)
    except TypeError as error:
        raise ConfigError(
            f"net={name}: expected its arguments, found {sorted(values)} ({error}); see conf/model"
        ) from error


def rebuild(arguments: Mapping[str, Any]) -> nn.Module:
    """Build a net whose weights come from a checkpoint: asks no hub and opens no weights file, whatever it says."""
    return build({**arguments, "weights": None} if "weights" in arguments else arguments)


def _split(arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The net's name and what it is called with."""
    values = {key: value for key, value in arguments.items() if key not in ("net", "_target_", "_convert_")}
    named = arguments.get("net") or str(arguments.get("_target_", "")).rpartition(".")[2]
    return str(named), values
