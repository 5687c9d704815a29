"""Which run folders a process takes: a run folder is the code of whoever wrote it, for it names what is called."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ich.commands.configuration.config import config_folder
from ich.commands.run_folders.files import config_hash
from ich.errors import ConfigError

TRUST = "trust=true"


def check_rank(run: Path, typed: Sequence[str]) -> None:
    """Refuse a run folder that neither this user's command handed over nor the user vouches for.

    Args:
        run: the folder.
        typed: what stands behind it: `config=HASH` of its `config.yaml`, or `trust=true`.

    Raises:
        ConfigError: neither, or the hash of another configuration.
    """
    if TRUST in typed:
        return
    given = [word.removeprefix("config=") for word in typed if word.startswith("config=")]
    if given == [config_hash(run)]:
        return
    found = f"that of another one ({given[0]})" if given else "none"
    raise ConfigError(
        f"{run}: expected the hash of its config.yaml, found {found}; type the line that "
        f"python train.py resume={run} launch=false prints, or add {TRUST} if you know who wrote it"
    )


def check_parts(run: Path, config: Mapping[str, Any]) -> None:
    """Refuse a run folder that names parts which our own configuration doesn't: they may be anybody's code.

    A run's configuration is written resolved. What would still be looked up could become a part after this check.

    Args:
        run: the folder.
        config: its configuration as it is written.

    Raises:
        ConfigError: names them.
    """
    looked_up = sorted(set(interpolations_of(config)))
    if looked_up:
        raise ConfigError(
            f"resume={run}: expected a configuration that is written out, found {', '.join(looked_up)}; "
            f"add {TRUST} if you know who wrote this run"
        )
    foreign = sorted(set(targets_of(config)) - own_targets())
    if foreign:
        raise ConfigError(
            f"resume={run}: expected parts that conf/ names, found {', '.join(foreign)}; "
            f"add {TRUST} if you know who wrote this run"
        )


def targets_of(node: Any) -> Iterator[str]:
    """Every `_target_` below a node."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            if key == "_target_":
                yield str(child)
            else:
                yield from targets_of(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from targets_of(child)


def interpolations_of(node: Any) -> Iterator[str]:
    """Every text below a node that OmegaConf would look up: another key, or what one of its functions makes."""
    if isinstance(node, Mapping):
        for child in node.values():
            yield from interpolations_of(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from interpolations_of(child)
    elif isinstance(node, str) and "${" in node:
        yield node


def own_targets() -> frozenset[str]:
    """What the files of `conf/` name as parts."""
    files = config_folder().rglob("*.yaml")
    return frozenset(target for file in files for target in targets_of(yaml.safe_load(file.read_text("utf-8"))))
