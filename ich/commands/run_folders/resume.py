"""`resume=`: which run a command goes on with, and with what of what was typed beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ich.commands.configuration.config import checked
from ich.commands.configuration.plain import plain_dict
from ich.commands.configuration.typed import typed_keys
from ich.commands.run_folders.files import CONFIG_FILE, ENSEMBLE_FILE, RESULT_FILE, is_pair
from ich.commands.run_folders.lock import check_free
from ich.commands.run_folders.slice_checkpoints import slice_checkpoints
from ich.commands.run_folders.trust import check_parts
from ich.commands.stores import store_paths
from ich.commands.terminal import say, shown
from ich.errors import ConfigError, IchError, one_line

LAST, AUTO = "last", "auto"
PLACES = ("*/config.yaml", "*/*/config.yaml", "sweeps/*/*/*/config.yaml")  # of runs, below paths.runs
DEVICES = ("gpus", "processes", "nodes")  # of the trainer: what may differ from before the stop
HOW = ("run", "resume", "trust", "launch", "started")  # how a run is started, not what it is

UNREADABLE = (OmegaConfBaseException, yaml.YAMLError, OSError, AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Resumed:
    """A run that goes on."""

    folder: Path
    config: DictConfig


def resumed_run(config: DictConfig) -> Resumed | None:
    """The run that `resume=` means, with its own configuration on this command's devices.

    Args:
        config: of the command; `resume` is a run folder, `last`, `auto` or null.

    Returns:
        None: a new run, for nothing was asked for, or `auto` found none.

    Raises:
        ConfigError: no such run, one that is finished or at work, or something typed that would change it.
    """
    if config.resume is None:
        return None
    if config.resume in (LAST, AUTO):
        folder = _newest(config)
        if folder is None:
            return None
    else:
        folder = Path(config.resume).absolute()
    own = _read(folder, trusted=config.trust)
    if is_finished(folder):
        raise ConfigError(
            f"resume={shown(folder)}: expected a run that was stopped, found a finished one; "
            f"to train longer, begin a new run with model.net.weights={shown(folder)}"
        )
    _check_typed(config, own, folder=folder)
    check_free(folder)
    for name in DEVICES:
        if f"trainer.{name}" in typed_keys(config):
            own.trainer[name] = config.trainer[name]
    own.run, own.launch = str(folder), config.launch
    say("train", f"going on with {shown(folder)}")
    return Resumed(folder, own)


def is_finished(folder: Path) -> bool:
    """Whether a run has left all it was to leave."""
    return (folder / RESULT_FILE).is_file() or (folder / ENSEMBLE_FILE).is_file()


def is_run_of(folder: Path, config: DictConfig) -> bool:
    """Whether a folder holds a run of this configuration, on whatever devices."""
    return (folder / CONFIG_FILE).is_file() and _is_of(folder, _identity(config))


def _newest(config: DictConfig) -> Path | None:
    """The newest unfinished run of the same configuration; with `run=` that run only."""
    if config.run and (Path(config.run) / CONFIG_FILE).is_file():
        return Path(config.run).absolute()
    unfinished = [path.parent for path in _configs(Path(config.paths.runs)) if not is_finished(path.parent)]
    wanted = _identity(config)
    for folder in unfinished:
        if _is_of(folder, wanted):
            return folder.absolute()
    if config.resume == AUTO:
        say("train", f"no unfinished run of this configuration under {config.paths.runs}: a new one begins")
        return None
    others = f"others, the newest is resume={shown(unfinished[0])}" if unfinished else "none at all"
    raise ConfigError(
        f"resume=last: expected an unfinished run of this configuration under {config.paths.runs}, found {others}; "
        "name one, or use resume=auto to begin where there is none"
    )


def _is_of(folder: Path, wanted: Mapping[str, Any]) -> bool:
    try:
        return _identity(OmegaConf.load(folder / CONFIG_FILE)) == wanted
    except IchError:
        return False  # a run over slice nets that are gone
    except UNREADABLE as error:
        say("train", f"{shown(folder)} is passed over: its {CONFIG_FILE} can't be read ({type(error).__name__})")
        return False


def _configs(runs: Path) -> Iterator[Path]:
    """Configurations of runs, the newest first."""
    found = {path for place in PLACES for path in runs.glob(place) if not is_pair(path.parent)}
    yield from sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _identity(config: Any) -> dict[str, Any]:
    """What a run is, without how and on what it was started; paths as one would find them from here."""
    if not isinstance(config, DictConfig) or "model" not in config or "store" not in config:
        return {}  # the configuration of another command
    identity = plain_dict(config, resolve=False)
    for name in HOW:
        identity.pop(name, None)
    identity["trainer"] = {key: value for key, value in identity.get("trainer", {}).items() if key not in DEVICES}
    identity["store"] = {**identity["store"], "path": _value(config, "store.path")}
    if identity["model"].get("stage") == "sequence":
        identity["cnn"] = _value(config, "cnn")
    return identity


def _value(config: Any, key: str) -> Any:
    """What an option says; of stores and slice nets the places, however they were named."""
    if key == "store.path":
        return [path.resolve() for path in store_paths(config)]
    if key == "cnn" and config.cnn:
        return [path.resolve() for path in slice_checkpoints(config.cnn)]
    return OmegaConf.select(config, key)


def _read(folder: Path, *, trusted: bool) -> DictConfig:
    """A run's configuration; whose parts these are is asked before any is imported, as the check of their keys does."""
    if is_pair(folder) and (folder.parent / CONFIG_FILE).is_file():
        raise ConfigError(
            f"resume={shown(folder)}: expected a run, found one pair of it; name the run: resume={shown(folder.parent)}"
        )
    if not (folder / CONFIG_FILE).is_file():
        found = "a folder without it" if folder.exists() else "no such folder"
        raise ConfigError(f"resume={shown(folder)}: expected a run with {CONFIG_FILE}, found {found}; name its folder")
    try:
        loaded = OmegaConf.load(folder / CONFIG_FILE)
        if not isinstance(loaded, DictConfig):
            raise ValueError("a list")
        if not trusted:
            check_parts(folder, plain_dict(loaded, resolve=False))
        return checked("train", loaded)
    except UNREADABLE as error:
        raise ConfigError(
            f"resume={shown(folder)}: expected the configuration of a training, found one that can't be used "
            f"({type(error).__name__}: {one_line(error)}); name another run"
        ) from error


def _check_typed(config: DictConfig, own: DictConfig, *, folder: Path) -> None:
    """What was typed beside `resume=RUN` must be what that run has, its devices apart."""
    if config.resume in (LAST, AUTO):
        if _identity(config) != _identity(own):
            raise ConfigError(
                f"resume={config.resume} run={shown(folder)}: expected a run of this configuration, "
                f"found another one's; go on with it by resume={shown(folder)}, or name another folder"
            )
        return
    free = {*HOW, *(f"trainer.{name}" for name in DEVICES)}
    differing = [key for key in sorted(typed_keys(config) - free) if _value(config, key) != _value(own, key)]
    if differing:
        raise ConfigError(
            f"resume={shown(folder)}: expected only devices beside it, found {', '.join(differing)}; "
            "a run goes on with its own configuration: begin a new run for another one"
        )
