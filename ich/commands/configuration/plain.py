"""Configuration nodes as plain values."""

from typing import Any

from omegaconf import DictConfig, OmegaConf


def plain(node: Any, *, resolve: bool = True) -> Any:
    """A node as dicts, lists and values; anything else as it is.

    Args:
        node: of a configuration, or a value.
        resolve: look its interpolations up; else they stay as they are written, as nothing of a stranger's file may be
            looked up in this environment.
    """
    return OmegaConf.to_container(node, resolve=resolve) if OmegaConf.is_config(node) else node


def plain_dict(node: DictConfig, *, resolve: bool = True) -> dict[str, Any]:
    """The same of a node with keys."""
    return {str(key): value for key, value in plain(node, resolve=resolve).items()}
