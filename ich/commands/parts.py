"""Parts that a configuration names by `_target_`, built from plain values."""

from dataclasses import fields
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from ich.commands.options import SamplingOptions
from ich.sources.source import Source


def make_part(node: DictConfig) -> Any:
    """Build what a node's `_target_` names, from plain values."""
    return instantiate(node, _convert_="all")


def make_source(config: DictConfig) -> Source:
    """The data set that `data` names; how a training draws from it stands beside its arguments."""
    beside = {field.name for field in fields(SamplingOptions)}
    source: Source = make_part(OmegaConf.create({key: node for key, node in config.data.items() if key not in beside}))
    return source
