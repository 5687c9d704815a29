"""Backbones by name: timm's and our tiny one; what a head and a class activation map need to know of them."""

import difflib
from typing import Any

from torch import nn

from ich.errors import ConfigError
from ich.nets.tiny import TinyBackbone


def make_backbone(name: str, n_channels: int) -> nn.Module:
    """Make an untrained backbone that ends in its own global pool, (B, n_channels, R, C) to (B, F).

    Args:
        name: "tiny", or a timm name, with or without the tag of its weights.
        n_channels: windows times slices.

    Raises:
        ConfigError: a name timm doesn't know.
    """
    if name == "tiny":
        return TinyBackbone(n_channels)
    import timm

    check_backbone(name)
    try:
        return timm.create_model(name, pretrained=False, in_chans=n_channels, num_classes=0)
    except RuntimeError as error:
        raise ConfigError(
            f"model.net.backbone={name}: expected a tag of weights that timm knows, found {name!r} ({error}); "
            "leave the tag out or see timm.list_pretrained()"
        ) from error


def check_backbone(name: str) -> None:
    """Refuse a name that is neither "tiny" nor timm's.

    Raises:
        ConfigError: with the nearest name.
    """
    if name == "tiny":
        return
    import timm

    if timm.is_model(name):
        return
    near = difflib.get_close_matches(name, timm.list_models(), n=1)
    hint = f"did you mean {near[0]}?" if near else "timm.list_models() lists them"
    raise ConfigError(f"model.net.backbone={name}: expected tiny or a timm name, found {name!r}; {hint}")


def n_pooled(backbone: nn.Module) -> int:
    """Length F of what a backbone pools."""
    # timm: some nets widen once more behind the pool; then num_features is what goes into the pool.
    width: Any = getattr(backbone, "head_hidden_size", None) or backbone.num_features
    return int(width)


def cam_layer_name(backbone: nn.Module) -> str:
    """Name of the last module whose output is a map.

    Raises:
        ConfigError: a backbone that says of none of its modules that it gives a map.
    """
    if isinstance(backbone, TinyBackbone):
        return backbone.cam_layer_name
    stages = getattr(backbone, "feature_info", None)
    if not stages:
        raise ConfigError(
            f"model.net.backbone={type(backbone).__name__}: expected a backbone that names its stages (feature_info), "
            "found none; class activation maps need one of timm's convolutional nets"
        )
    return str(stages[-1]["module"])
