"""Parts that a configuration names by `_target_`, built from plain values."""

from dataclasses import fields
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.training_options import LoadingOptions
from ich.errors import ConfigError, IchError, first_line
from ich.sources.source import Source


def make_part(node: DictConfig, *, name: str) -> Any:
    """Build what a node's `_target_` names, from plain values.

    Args:
        node: the target and its arguments.
        name: of the node, as the user typed it.

    Raises:
        IchError: what the part itself refuses, in its own words.
        ConfigError: values that the part can't take.
    """
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, IchError):
            last, cause = cause, cause.__cause__
        if cause is not None:
            raise cause from error
        raise ConfigError(
            f"{name}: expected values that {node.get('_target_')} takes, found {first_line(last)}; see conf/{name}"
        ) from error


def make_source(config: DictConfig) -> Source:
    """The data set that `data` names; how a training draws from it stands beside its arguments."""
    beside = {field.name for field in fields(LoadingOptions)}
    node = OmegaConf.create({key: value for key, value in config.data.items() if key not in beside})
    source: Source = make_part(node, name="data")
    return source
