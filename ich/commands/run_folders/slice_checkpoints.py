"""The slice nets that `cnn=` names for a sequence stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import ListConfig

from ich.commands.run_folders.files import BEST
from ich.errors import CheckpointError, ConfigError


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
