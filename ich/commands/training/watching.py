"""Who looks on while a run folder is trained: its loggers, the progress bar's row, the report at the end."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from ich.commands.terminal import say, shown
from ich.commands.training.run_words import flat_config, group_of, place_of, readable_name, tags_of
from ich.errors import ConfigError, out_of_range
from ich.learn.watching.wandb_run import MODES, Mode, RunFacts, choose_mode, has_key, start_run
from ich.store.keys import PUBLIC_KEY, HashKey
from ich.store.several import stores_of
from ich.store.store import Store

if TYPE_CHECKING:
    import wandb
    from pytorch_lightning.callbacks import Callback
    from pytorch_lightning.loggers import Logger

    from ich.learn.watching.watch import Watch

PUBLIC_KEY_ID = HashKey(PUBLIC_KEY, "public").id


@dataclass(frozen=True)
class Watcher:
    """Callbacks and loggers of one training, and its report."""

    callbacks: "Sequence[Callback]"
    loggers: "Sequence[Logger]"
    watch: "Watch"
    store: Store
    config: DictConfig

    def report(self, best: Path) -> None:
        """Report the best epoch to whoever can show more than numbers.

        Args:
            best: the best checkpoint.
        """
        slice_net = best if self.config.model.stage == "slice" else Path(self.config.cnn)
        self.watch.report(store=self.store, slice_checkpoint=slice_net, shown_path=place_of(best))


def check_loggers(config: DictConfig) -> None:
    """Refuse, before the run has a folder, what a logger could not do.

    Raises:
        ConfigError: an unknown mode, a server without a key, or a package that is not installed.
    """
    chosen = config.get("logger") or {}
    if "tensorboard" in chosen and find_spec("tensorboard") is None:
        raise ConfigError(
            "logger=tensorboard: expected the package tensorboard, found none; install it with: pip install tensorboard"
        )
    if "wandb" not in chosen:
        return
    options = chosen["wandb"]
    if options.mode not in MODES:
        raise out_of_range("logger.wandb.mode", options.mode, expected=f"one of {', '.join(MODES)}")
    if options.worst < 1:
        raise out_of_range("logger.wandb.worst", options.worst, expected="1 slice or more")
    if options.mode == "online" and not has_key():
        raise ConfigError(
            "logger.wandb.mode=online: expected a key in WANDB_API_KEY or netrc, found none; "
            "type wandb login, or set logger.wandb.mode=offline"
        )


@contextmanager
def watched(config: DictConfig, folder: Path, *, store: Store, rank: int) -> Iterator[Watcher]:
    """Begin to watch a training, and end it whatever becomes of the training.

    Args:
        config: the run's configuration.
        folder: the run's folder.
        store: what it learns from; only a published data set is sent anywhere unasked, or shown in pictures.
        rank: of this process; the first one reports.
    """
    from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger

    from ich.learn.loop.trainer import csv_logger
    from ich.learn.watching.gpu_memory import GpuMemory
    from ich.learn.watching.opening import OpeningLine
    from ich.learn.watching.watch import Watch

    chosen = config.get("logger") or {}
    loggers: list[Any] = [csv_logger(folder)]
    if "tensorboard" in chosen:
        loggers.append(TensorBoardLogger(folder, name="", version="tensorboard"))
    run = _start(config, folder, public=is_public(store)) if rank == 0 and "wandb" in chosen else None
    if run is not None:
        loggers.append(WandbLogger(experiment=run))
    options = chosen.get("wandb") or {}
    asked = options.get("pictures")
    pictures = is_public(store) if asked is None else asked
    watch = Watch(run, n_worst=options.get("worst", 1), pictures=pictures, choose=config.trainer.choose)
    unit = "slices" if config.model.stage == "slice" else "studies"
    try:
        yield Watcher([OpeningLine(unit=unit), GpuMemory(), watch], loggers, watch, store, config)
    finally:
        if run is not None:
            run.finish(exit_code=0 if sys.exc_info()[0] is None else 1)


def is_public(store: Store) -> bool:
    """Are all patients of a store from published data sets? They are then hashed with the documented key."""
    return all(one.settings.get("key_id") == PUBLIC_KEY_ID for one in stores_of(store))


def _start(config: DictConfig, folder: Path, *, public: bool) -> "wandb.Run | None":
    options = config.logger.wandb
    mode = choose_mode(options.mode, public=public)
    if mode.word == "disabled":
        say("train", f"W&B: nothing is logged, {mode.reason}")
        return None
    facts = RunFacts(
        project=options.project,
        entity=options.entity,
        name=readable_name(config),
        group=options.group or group_of(config),
        tags=[*tags_of(config), *options.tags],
        config=flat_config(config),
    )
    run, mode = start_run(folder, facts, mode=mode)
    say("train", _line(run, mode))
    return run


def _line(run: "wandb.Run", mode: Mode) -> str:
    if mode.word == "online":
        return f"W&B: {run.url}"
    return f"W&B offline ({mode.reason}); to send it: wandb sync {shown(Path(run.dir).parent)}"
