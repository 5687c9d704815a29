"""What was typed for a command, as its configuration remembers it."""

from typing import Any

from omegaconf import OmegaConf


def typed_words(config: Any) -> list[str]:
    """The overrides as they were typed, in their order; none where the configuration was not composed by a command."""
    return [str(word) for word in OmegaConf.select(config, "started.typed") or ()]


def typed_keys(config: Any) -> set[str]:
    """Keys that were typed; of a group its name.

    >>> from omegaconf import OmegaConf
    >>> started = {"typed": ["+loss.alpha=1", "~seed", "sampling@data=all", "-m"]}
    >>> sorted(typed_keys(OmegaConf.create({"started": started})))
    ['loss.alpha', 'sampling', 'seed']
    """
    words = (word for word in typed_words(config) if not word.startswith("-"))
    return {word.partition("=")[0].lstrip("+~").partition("@")[0] for word in words}
