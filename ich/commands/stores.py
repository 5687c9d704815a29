"""The store or the stores that a configuration means: where they lie, opened, and what to type for them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig

from ich.commands.configuration.typed import typed_keys
from ich.commands.terminal import as_typed, shown
from ich.errors import ConfigError, DataError
from ich.store.settings import STORE_FILE
from ich.store.several import open_stores, stores_of
from ich.store.store import Store


def store_paths(config: DictConfig) -> list[Path]:
    """Where the store or the stores lie: as said, else beside the others under its data set's name, and its part's."""
    named = config.store.path
    if isinstance(named, list | tuple | ListConfig):
        return [Path(str(path)) for path in named]
    part = config.data.get("part", "train")
    name = config.data.name if part == "train" else f"{config.data.name}_{part}"
    return [Path(named or Path(config.paths.stores) / name)]


def store_path(config: DictConfig) -> Path:
    """Where the one store lies.

    Raises:
        ConfigError: several were named.
    """
    paths = store_paths(config)
    if len(paths) != 1:
        raise ConfigError(
            f"store.path={_listed(paths)}: expected one store, found {len(paths)}; only train.py takes several, "
            "name one here"
        )
    return paths[0]


def open_store(config: DictConfig) -> Store:
    """Open the one store that a configuration means.

    Raises:
        ConfigError: several were named.
        DataError: there is none, and the command that makes it; or it isn't complete.
    """
    path = store_path(config)
    _check_there(config, path)
    return Store.open(path)


def is_there(config: DictConfig) -> bool:
    """Whether each store that a configuration means has been prepared."""
    return all((path / STORE_FILE).is_file() for path in store_paths(config))


def open_training_stores(config: DictConfig) -> Store:
    """Open the store, or the several as one, that a training learns from.

    Raises:
        IchError: as `open_store`, or stores that don't go together.
    """
    paths = store_paths(config)
    for path in paths:
        _check_there(config, path)
    share = config.store.get("share")
    store = open_stores(paths if len(paths) != 1 else paths[0], share=None if share is None else list(share))
    check_prepared_so(config, store.settings)
    return store


def check_prepared_so(config: DictConfig, settings: Mapping[str, Any]) -> None:
    """Refuse what was typed of a store and is otherwise in it: a training changes no store.

    Args:
        config: of a training.
        settings: what the store was prepared with.

    Raises:
        ConfigError: another size or another height of slabs.
    """
    typed = typed_keys(config)
    for key in ("size", "slab_mm"):
        if f"store.{key}" in typed and config.store[key] != settings[key]:
            raise ConfigError(
                f"store.{key}={config.store[key]}: expected the {settings[key]} that the store was prepared with; "
                "leave it out, prepare another store, or give the net its own size by model.net.size"
            )


def keep_store_paths(config: DictConfig, store: Store) -> None:
    """Let a configuration say where its stores lie, to be found again from anywhere."""
    paths = [str(one.path) for one in stores_of(store)]
    config.store.path = paths[0] if len(paths) == 1 else paths


def _check_there(config: DictConfig, path: Path) -> None:
    if not (path / STORE_FILE).is_file():
        found = "a folder without it" if path.exists() else "no such folder"
        root = "" if config.data.name == "phantom" else " data.root=DIR"
        raise DataError(
            f"store.path={path}: expected store.json, found {found}; "
            f"make it with: python prepare.py {_words(config, path)}{root}"
        )


def store_words(config: DictConfig) -> str:
    """What names the store or the stores in the next command to type."""
    paths = store_paths(config)
    if len(paths) == 1:
        return _words(config, paths[0])
    share = config.store.get("share")
    shares = "" if share is None else f" {as_typed('store.share', list(share))}"
    return f"data={config.data.name} {as_typed('store.path', [shown(path) for path in paths])}{shares}"


def words_a_store(config: DictConfig) -> list[str]:
    """What names each store by itself in the next command to type."""
    return [_words(config, path) for path in store_paths(config)]


def _listed(values: Sequence[Any]) -> str:
    return f"[{','.join(str(value) for value in values)}]"


def _words(config: DictConfig, path: Path) -> str:
    path = path.absolute()
    usual = (Path(config.paths.stores) / config.data.name).absolute()
    return (
        f"data={config.data.name}"
        if path == usual
        else f"data={config.data.name} {as_typed('store.path', shown(path))}"
    )
