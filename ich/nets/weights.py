"""Weights a slice net starts from: a published set from the hub or its cache, a file, a run, or none."""

import importlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ich.errors import ConfigError, DataError
from ich.nets.backbones import check_backbone

LEAST_SHARE = 0.9  # of a backbone's tensors that a file must hold by name, or it belongs to another net
BEST_OF_RUN = Path("checkpoints") / "best.ckpt"  # within a run folder of this project
PUBLISHED_FILES = ("model.safetensors", "pytorch_model.bin")  # as timm's repositories on the hub name them
UNTRAINED = (None, "none")  # weights that are random
_WAYS_OUT = "use model.net.weights=FILE for weights you have, or model.net.weights=none to train from scratch"


def load_weights(net: nn.Module, weights: str | None, *, n_channels: int) -> None:
    """Load the weights a net starts from, in place.

    Args:
        net: has a `backbone` (timm's or tiny) and a `head`.
        weights: "hub", a path, or None or "none" for random ones. A path is a safetensors file, a torch state dict
            (read with `weights_only=True`), a checkpoint of a run of this project (its head is taken too), or the run.
        n_channels: input channels; a published first convolution for three is adapted to them.

    Raises:
        ConfigError: "hub" for a backbone that has no published weights.
        DataError: a hub that can't be reached, or a file that is absent, unreadable or of another net.
    """
    if weights is None or weights in UNTRAINED:
        return
    if weights == "hub":
        _load_from_hub(net.get_submodule("backbone"), n_channels)
        return
    path = weights_file(weights)
    state = read_state(path)
    if any(name.startswith("backbone.") for name in state):
        _load_own(net, state, path)
    else:
        _load_backbone(net.get_submodule("backbone"), state, path=path, n_channels=n_channels)


def weights_file(weights: str) -> Path:
    """The file that a path of weights means: itself, or the chosen net of a run folder.

    Raises:
        DataError: it is absent.
    """
    path = Path(weights)
    path = path / BEST_OF_RUN if path.is_dir() else path
    if not path.is_file():
        raise DataError(f"model.net.weights={path}: expected a file of weights, found none; check the path")
    return path


def check_weights(weights: str | None) -> None:
    """Read the file that a net would start from, so that its absence or damage is said before anything is made.

    Args:
        weights: as `load_weights` takes them.

    Raises:
        DataError: absent, or holding something else than tensors.
    """
    if weights not in (*UNTRAINED, "hub"):
        assert weights is not None
        read_state(weights_file(weights))


def fetch_published(backbone: str) -> None:
    """Bring a backbone's published weights into the hub's cache, if they don't lie there.

    A training asks for this before it makes its folder; its processes then need no network.

    Args:
        backbone: timm's name and tag.

    Raises:
        ConfigError: no such backbone, or one without published weights.
        DataError: not in the cache, and the hub can't be reached.
    """
    import huggingface_hub
    from timm.models import get_pretrained_cfg

    check_backbone(backbone)
    facts = get_pretrained_cfg(backbone)
    place = facts.hf_hub_id if facts else None
    if not place:
        raise _without_published(backbone)
    if any(isinstance(huggingface_hub.try_to_load_from_cache(place, name), str) for name in PUBLISHED_FILES):
        return
    try:
        with _quiet_hub():
            huggingface_hub.hf_hub_download(place, PUBLISHED_FILES[0])
    except Exception as error:  # no network, no such repository, offline switch, broken download: one way out
        raise _unreachable(place, error) from error


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file; no pickled object is ever loaded.

    Raises:
        DataError: unreadable, or holding something else than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: Any = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # foreign bytes: pickle, zip, key, index, end-of-file, header and runtime errors
        raise DataError(
            f"model.net.weights={path}: expected safetensors or a torch state dict without pickled objects, found "
            f"something that can't be read so ({type(error).__name__}); save it again as safetensors"
        ) from error
    return _tensors(found, path)


def _tensors(found: Any, path: Path) -> dict[str, Tensor]:
    """The state dict in what a file held, its names without the prefixes that wrappers add."""
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    tensors = {
        str(name).removeprefix("module.").removeprefix("net."): value
        for name, value in (found.items() if isinstance(found, Mapping) else ())
        if isinstance(value, Tensor)
    }
    if not tensors:
        raise DataError(f"model.net.weights={path}: expected named tensors, found none; {_WAYS_OUT}")
    return tensors


def _load_own(net: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """All tensors of a slice net of this project."""
    own = net.state_dict()
    try:
        net.load_state_dict({name: value for name, value in state.items() if name in own})
    except RuntimeError as error:
        raise DataError(
            f"model.net.weights={path}: expected the tensors of this net, found others ({_first_complaint(error)}); "
            "choose the model, windows and neighbours it was trained with"
        ) from error


def _load_backbone(backbone: nn.Module, state: dict[str, Tensor], *, path: Path, n_channels: int) -> None:
    """A backbone's tensors; its classifier is left out, its first convolution adapted, as timm does for its own."""
    names = set(backbone.state_dict())
    state = _filtered(backbone, state)
    share = len(names & set(state)) / len(names)
    if share < LEAST_SHARE:
        raise DataError(
            f"model.net.weights={path}: expected the tensors of this backbone, found {share:.0%} of them by name; "
            "choose the backbone the file was made for (model.net.backbone)"
        )
    try:
        if hasattr(backbone, "pretrained_cfg"):
            _load_by_timm(backbone, n_channels, state_dict=state)
        else:
            backbone.load_state_dict({name: value for name, value in state.items() if name in names})
    except RuntimeError as error:
        raise DataError(
            f"model.net.weights={path}: expected tensors of this backbone, found others ({_first_complaint(error)}); "
            "choose the backbone the file was made for (model.net.backbone)"
        ) from error


def _load_from_hub(backbone: nn.Module, n_channels: int) -> None:
    """Published weights by timm's road: the hub's cache (HF_HOME), else the hub itself."""
    facts = getattr(backbone, "pretrained_cfg", None) or {}
    place = facts.get("hf_hub_id")
    if not place:
        raise _without_published(facts.get("architecture") or "tiny")
    try:
        with _quiet_hub():
            _load_by_timm(backbone, n_channels)
    except (
        Exception
    ) as error:  # no network, no such repository, offline switch, broken download: the way out is the same
        raise _unreachable(place, error) from error


def _without_published(backbone: str) -> ConfigError:
    return ConfigError(
        f"model.net.weights=hub: expected a backbone with published weights, found {backbone} without; {_WAYS_OUT}"
    )


def _unreachable(place: str, error: Exception) -> DataError:
    return DataError(
        f"model.net.weights=hub: expected {place} in the hub's cache or on the hub, could not get it "
        f"({type(error).__name__}); {_WAYS_OUT}"
    )


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Without the hub's lines on each of its retries; our own error says what came of them."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _load_by_timm(backbone: nn.Module, n_channels: int, **source: Any) -> None:
    from timm.models import load_pretrained

    facts = {**getattr(backbone, "pretrained_cfg", {}), **source}
    filter_fn = None if source else _filter_function(backbone)
    load_pretrained(backbone, pretrained_cfg=facts, num_classes=0, in_chans=n_channels, filter_fn=filter_fn)


def _filtered(backbone: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names as this version of timm has them; older files of some nets use others."""
    rename = _filter_function(backbone)
    return rename(state, backbone) if rename else state


def _filter_function(backbone: nn.Module) -> Any:
    return getattr(importlib.import_module(type(backbone).__module__), "checkpoint_filter_fn", None)


def _first_complaint(error: Exception) -> str:
    """What torch complains of first, below its heading."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 else lines[0]
