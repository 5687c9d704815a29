"""The folder of a run while a command trains it: made or taken up under its lock, so that only one writes into it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.run_folders.files import CONFIG_FILE, write_config
from ich.commands.run_folders.lock import COMMAND_LOCK, RANK_LOCK, check_free, check_unheld, held
from ich.commands.run_folders.resume import is_finished
from ich.commands.stores import store_paths
from ich.commands.terminal import shown
from ich.errors import ConfigError
from ich.store.store import Store


@contextmanager
def run_folder(config: DictConfig, *, going_on: Path | None = None) -> Iterator[Path]:
    """A run's folder with the resolved configuration in it, which no other command takes while the block runs.

    Args:
        config: of the run; the folder is written into it.
        going_on: folder of a run that was stopped; None makes a new one.

    Raises:
        ConfigError: `run=` names a folder that holds a run already, or another command was faster.
    """
    if going_on is None:
        folder = _new_folder(config)
        check_new(folder)
        folder.mkdir(parents=True, exist_ok=True)
    else:
        folder = going_on
    with held(folder, COMMAND_LOCK):
        check_unheld(folder, RANK_LOCK)  # else the ranks of a command that was killed are still writing
        if going_on is None:
            _check_unused(folder)  # once more: another command may have made it meanwhile
        elif is_finished(folder):
            raise ConfigError(
                f"resume={shown(folder)}: expected a run that was stopped, found one that is finished meanwhile"
            )
        config.run = str(folder)
        write_config(config, folder)
        yield folder


def check_new(folder: Path) -> None:
    """Refuse a folder in which a run lies already, and say how that one goes on.

    Raises:
        ConfigError: it holds a run: one at work, a finished one, or one that was stopped.
    """
    if (folder / CONFIG_FILE).exists() and not is_finished(folder):
        check_free(folder)
    _check_unused(folder)


def check_name(config: DictConfig) -> None:
    """Refuse names that would lead out of the folder of runs, or deeper into it than a run is looked for.

    Raises:
        ConfigError: of the run or of the data set that it is called after.
    """
    for option, name in (("name", config.name), ("data.name", config.data.get("name") if "data" in config else None)):
        if name and "/" in str(name):
            raise ConfigError(f"{option}={name}: expected a name, found a path; run=FOLDER says where a run lies")


def name_of(config: DictConfig) -> str:
    """Name of a run: as typed, else net and data set; of several stores the data sets, never the folders' names.

    Raises:
        ConfigError: a name that is a path.
    """
    check_name(config)
    if config.name:
        return str(config.name)
    net = config.model.net
    what = net.get("backbone") or str(net["_target_"]).rpartition(".")[2]
    paths = store_paths(config)
    data = config.data.name if len(paths) == 1 else "-".join(dict.fromkeys(Store.open(path).source for path in paths))
    return f"{str(what).partition('.')[0].lower()}-{data}"


def _new_folder(config: DictConfig) -> Path:
    folder = Path(config.run) if config.run else _dated(Path(config.paths.runs), name_of(config))
    return folder.absolute()


def _check_unused(folder: Path) -> None:
    if not (folder / CONFIG_FILE).exists():
        return
    run = f"run={shown(folder)}: expected a new folder"
    if is_finished(folder):
        raise ConfigError(f"{run}, found a finished run in it; name another folder")
    raise ConfigError(
        f"{run}, found a run in it that was stopped; go on with it by resume={shown(folder)}, or name another folder"
    )


def _dated(folder: Path, name: str) -> Path:
    """A folder by date and time that no other run has, also not one started in the same second."""
    day = folder / time.strftime("%Y-%m-%d")
    clock = time.strftime("%H-%M-%S")
    for number in range(1000):
        candidate = day / (f"{clock}-{name}" if number == 0 else f"{clock}-{name}-{number}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate
    raise ConfigError(
        f"paths.runs={folder}: expected room for a run, found a thousand of this second; name it with run="
    )
