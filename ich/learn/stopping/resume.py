"""Where a stopped training stood, by its last checkpoint, and what its going on needs beside Lightning's part."""

import copy
import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import CSVLogger

from ich.errors import CheckpointError
from ich.learn.checkpoint import FACTS_KEY, read_plain
from ich.learn.stopping.randomness import RandomStates

METRICS_FILE = "metrics.csv"
STEP, STEP_COLUMN = "step", "train/loss"  # a row's step, and the column that only rows of single steps have
BATCHES, VALIDATION_BATCHES = "epoch_loop.batch_progress", "epoch_loop.val_loop.batch_progress"
SAME_FACTS = ("store_hash", "split_hash", "kind")  # that a training must find again to go on
PRECISION = "precision"  # name of the fact that says in which one a training began; optional


@dataclass(frozen=True)
class StoppedTraining:
    """A training that can go on."""

    checkpoint: Path
    n_batches: int  # done by each process, over all epochs
    n_steps: int  # of the optimizer
    in_epoch: bool  # between two steps of an epoch, not at its end
    validation_to_come: bool
    processes: int
    facts: Mapping[str, Any] = field(repr=False)

    def check(self, facts: Mapping[str, Any], *, processes: int) -> None:
        """Refuse to go on with other data, or within an epoch with another number of processes.

        Args:
            facts: of the training that is to go on.
            processes: that it runs on.

        Raises:
            CheckpointError: says what differs.
        """
        for name in SAME_FACTS:
            if self.facts.get(name) != facts[name]:
                raise CheckpointError(
                    f"{self.checkpoint.name}: expected to go on with {name} {self.facts.get(name)}, "
                    f"found {facts[name]}: the store or its split changed; begin a new run"
                )
        if self.in_epoch and self.processes != processes:
            raise CheckpointError(
                f"{self.checkpoint.name}: expected {self.processes} processes as before the stop, which was within an "
                f"epoch, found {processes}; ask for {self.processes} (they may change at an epoch's end)"
            )


def read_stopped(checkpoint: Path) -> StoppedTraining | None:
    """Where a training stood when its last checkpoint was written; None where there is none.

    Raises:
        CheckpointError: a file that no training of ours can go on with.
    """
    if not checkpoint.is_file():
        return None
    content = read_plain(checkpoint)
    try:
        loop = content["loops"]["fit_loop"]
        batches, epochs = loop[BATCHES], loop["epoch_progress"]["current"]
        return StoppedTraining(
            checkpoint=checkpoint,
            n_batches=batches["total"]["processed"],
            n_steps=content["global_step"],
            in_epoch=epochs["processed"] != epochs["started"] and not batches["is_last_batch"],
            validation_to_come=_is_to_come(loop),
            processes=len(content["callbacks"][RandomStates.__qualname__]["ranks"]),
            facts=content[FACTS_KEY],
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{checkpoint}: expected what a stopped training needs to go on, found no {error}; begin a new run"
        ) from error


def precision_of(checkpoint: Path) -> str | None:
    """The precision in which a stopped training began; None where there is none, or its checkpoint doesn't say.

    Raises:
        CheckpointError: as `read_stopped`.
    """
    stopped = read_stopped(checkpoint)
    return None if stopped is None else stopped.facts.get(PRECISION)


def with_validation_to_come(loops: Mapping[str, Any]) -> dict[str, Any]:
    """Lightning's counters at an epoch's last step, changed so that it validates first when it goes on.

    It has no state for this: it would take the validation for done. What it does know is a validation that was left
    in its first batch; it then begins that one again.
    """
    changed = copy.deepcopy(dict(loops))
    for progress in changed["fit_loop"][VALIDATION_BATCHES].values():
        if isinstance(progress, dict):
            progress.update(ready=1, started=1, processed=0, completed=0)
    return changed


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed while it wrote a checkpoint left beside it."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


class EarlierRows(Callback):
    """Gives `metrics.csv` its rows of before the stop back: Lightning's logger begins the file anew."""

    def __init__(self, run: Path, stopped: StoppedTraining) -> None:
        """Read them, before the logger is made.

        Args:
            run: the run's folder.
            stopped: what was done of the training; rows of later steps come again.
        """
        self._rows = [row for row in _rows_of(run / METRICS_FILE) if _is_kept(row, stopped)]

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log them again, to that file alone."""
        for logger in trainer.loggers:
            if isinstance(logger, CSVLogger):
                for row in self._rows:
                    logger.log_metrics({name: row[name] for name in row if name != STEP}, step=int(row[STEP]))
                logger.save()
        self._rows = []


def _is_to_come(loop: Mapping[str, Any]) -> bool:
    total = loop[VALIDATION_BATCHES]["total"]
    return bool(loop[BATCHES]["is_last_batch"] and total["started"] == total["processed"] + 1)


def _rows_of(table: Path) -> list[dict[str, float]]:
    """The rows of `metrics.csv` without their empty cells; a last row that was cut short is left out."""
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: int(value) if value.isdigit() else float(value) for name, value in row.items() if value}
        for row in rows
        if None not in row and None not in row.values() and row.get(STEP)
    ]


def _is_kept(row: Mapping[str, float], stopped: StoppedTraining) -> bool:
    """Rows of steps that are done; those of the last epoch's end only if that end is done."""
    last = stopped.n_steps - 1
    return row[STEP] < last or (row[STEP] == last and (STEP_COLUMN in row or not stopped.validation_to_come))
