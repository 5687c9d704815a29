"""Run folders: made once by whoever starts a training, and found again by the checkpoint they hold."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from ich.commands.terminal import shown
from ich.errors import CheckpointError, ConfigError, DataError
from ich.store.several import open_stores, stores_of
from ich.store.store import Store

CONFIG_FILE = "config.yaml"
RESULT_FILE = "result.json"
ENSEMBLE_FILE = "ensemble.ckpt"  # of the sequence stage
VALIDATION_FILE = "validation.parquet"  # what a pair of the sequence stage says about the validation slices
BEST = Path("checkpoints") / "best.ckpt"
SECRET = re.compile(r"(^|_)(token|key|password|passwd|secret|credentials?)s?($|_)", re.IGNORECASE)
MASK = "***"


def write_config(config: DictConfig, folder: Path) -> None:
    """Write the resolved configuration, whole or not at all; what is named like a secret is masked."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{CONFIG_FILE}.tmp"
    OmegaConf.save(OmegaConf.create(_masked(OmegaConf.to_container(config, resolve=True))), unfinished)
    unfinished.replace(folder / CONFIG_FILE)


def _masked(node: Any) -> Any:
    """Plain values in which no secret is readable, also among what was typed."""
    if isinstance(node, Mapping):
        hidden = {key for key, value in node.items() if isinstance(value, str) and SECRET.search(str(key))}
        return {key: MASK if key in hidden else _masked(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_masked(value) for value in node]
    if isinstance(node, str) and "=" in node:
        key, _, _ = node.partition("=")
        return f"{key}={MASK}" if SECRET.search(key.rpartition(".")[2]) else node
    return node


def config_hash(folder: Path) -> str:
    """Hash of a run's configuration, by which a process knows that it was handed this one."""
    return hashlib.sha256((folder / CONFIG_FILE).read_bytes()).hexdigest()[:32]


def name_of(config: DictConfig) -> str:
    """Name of a run: as typed, else net and data set; of several stores the data sets, never the folders' names."""
    if config.name:
        return str(config.name)
    net = config.model.net
    what = net.get("backbone") or str(net["_target_"]).rpartition(".")[2]
    paths = store_paths(config)
    data = config.data.name if len(paths) == 1 else "-".join(dict.fromkeys(Store.open(path).source for path in paths))
    return f"{str(what).partition('.')[0].lower()}-{data}"


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


def open_training_stores(config: DictConfig) -> Store:
    """Open the store, or the several as one, that a training learns from.

    Raises:
        IchError: as `open_store`, or stores that don't go together.
    """
    paths = store_paths(config)
    for path in paths:
        _check_there(config, path)
    share = config.store.get("share")
    return open_stores(paths if len(paths) != 1 else paths[0], share=None if share is None else list(share))


def keep_store_paths(config: DictConfig, store: Store) -> None:
    """Let a configuration say where its stores lie, to be found again from anywhere."""
    paths = [str(one.path) for one in stores_of(store)]
    config.store.path = paths[0] if len(paths) == 1 else paths


def _check_there(config: DictConfig, path: Path) -> None:
    if not (path / "store.json").is_file():
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
    shares = "" if share is None else f" 'store.share={_listed(share)}'"
    return f"data={config.data.name} 'store.path={_listed([shown(path) for path in paths])}'{shares}"


def words_a_store(config: DictConfig) -> list[str]:
    """What names each store by itself in the next command to type."""
    return [_words(config, path) for path in store_paths(config)]


def _listed(values: Sequence[Any]) -> str:
    return f"[{','.join(str(value) for value in values)}]"


def _words(config: DictConfig, path: Path) -> str:
    path = path.absolute()
    usual = (Path(config.paths.stores) / config.data.name).absolute()
    return f"data={config.data.name}" if path == usual else f"data={config.data.name} store.path={shown(path)}"


def slice_checkpoints(cnn: Any) -> list[Path]:
    """The slice checkpoints that `cnn=` names: checkpoint files, run folders, sweep folders, or a list of these.

    Raises:
        ConfigError: nothing was named.
        CheckpointError: something was named that holds none.
    """
    named = list(cnn) if isinstance(cnn, list | tuple | ListConfig) else [cnn] if cnn else []
    if not named:
        raise ConfigError(
            "cnn=null: expected the run of a slice net, found none; train one first with "
            "python train.py model=seresnext, then name its folder: cnn=RUN"
        )
    return [checkpoint for where in named for checkpoint in _checkpoints_in(Path(str(where)))]


def _checkpoints_in(where: Path) -> Sequence[Path]:
    if where.is_file():
        return [where]
    if (where / BEST).is_file():
        return [where / BEST]
    swept = sorted(where.glob(f"*/{BEST}")) if where.is_dir() else []
    if not swept:
        found = "nothing there" if not where.exists() else "none in it"
        raise CheckpointError(f"cnn={where}: expected a checkpoint, a run or a sweep folder with {BEST}, found {found}")
    return swept
