"""The folder of a run while a command trains it: made or taken up under its lock, so that only one writes into it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.run_folders.lock import COMMAND_LOCK, RANK_LOCK, held
from ich.commands.run_folders.resume import is_finished
from ich.commands.run_folders.runs import CONFIG_FILE, name_of, write_config
from ich.commands.terminal import shown
from ich.errors import ConfigError


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
        _check_new(folder)
        folder.mkdir(parents=True, exist_ok=True)
    else:
        folder = going_on
    with held(folder, COMMAND_LOCK):
        with held(folder, RANK_LOCK):
            pass  # else the ranks of a command that was killed are still writing
        if going_on is None:
            _check_new(folder)  # once more: another command may have made it meanwhile
        elif is_finished(folder):
            raise ConfigError(
                f"resume={shown(folder)}: expected a run that was stopped, found one that is finished meanwhile"
            )
        config.run = str(folder)
        write_config(config, folder)
        yield folder


def _new_folder(config: DictConfig) -> Path:
    folder = Path(config.run) if config.run else _dated(Path(config.paths.runs), name_of(config))
    return folder.absolute()


def _check_new(folder: Path) -> None:
    if (folder / CONFIG_FILE).exists():
        raise ConfigError(
            f"run={shown(folder)}: expected a new folder, found a run in it; name another folder or remove it"
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
