"""Keeps a training from being lost: the checkpoints of a run, and an end at which all processes stop together."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from pytorch_lightning.callbacks import Checkpoint
from torch import Tensor

from ich.errors import DIVERGED_WAYS, Diverged
from ich.learn.run_files import BEST_FILE, LAST_FILE
from ich.learn.stopping.resume import with_validation_to_come
from ich.learn.stopping.stop import Stopped, StopRequest

MINUTES = 15.0  # between two checkpoints within an epoch


@dataclass(frozen=True)
class Keeping:
    """When a training is written down, and who may end it early."""

    minutes: float = MINUTES
    stop: StopRequest | None = None  # None: nobody, as in a notebook


USUAL_KEEPING = Keeping()


class BestAndLast(Checkpoint):
    """Keeps `best.ckpt` (lowest log loss on the validation fold; no optimizer) and `last.ckpt` (what going on needs).

    `last.ckpt` is written every few minutes, when an epoch's steps are done and its validation begins, and when the
    epoch is done. Whether it is time, or somebody asked to stop, the processes agree on at each step, so that all of
    them write, and leave, at the same one. Lightning's own callback keeps absolute paths in its state.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keeping: Keeping = USUAL_KEEPING,
        choose: str = "best",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep them in this folder.

        Args:
            folder: of the two files; made when the first is written.
            keeping: how often, and who may stop the training.
            choose: "best", or "last" for `best.ckpt` to hold the last epoch's net, as a cross-validation needs it.
            clock: seconds that only grow.
        """
        self.best_path, self.last_path = folder / BEST_FILE, folder / LAST_FILE
        self.best_score: float | None = None
        self.best_epoch: int | None = None
        self.scores: dict[str, float] = {}  # of the epoch whose net is the best
        self._keeping, self._choose, self._clock = keeping, choose, clock
        self._stop = keeping.stop or StopRequest()
        self._began = self._saved_at = clock()
        self._earlier_seconds = 0.0
        self._validation_to_come = self._stopping = False
        self._all_is_written = False  # no batch was learned from since it was written
        self._common_batches = 0  # validation batches that every process has

    @property
    def seconds(self) -> float:
        """How long the training took so far, before all its stops too."""
        return self._earlier_seconds + self._clock() - self._began

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Keep Lightning from handling SIGTERM.

        Its handler broadcasts: processes that the signal meets between different calls would wait for each other for
        ever. Without a handler of ours, as in a notebook, the signal does what it did before.
        """
        trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count the minutes from here."""
        self._saved_at = self._clock()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Leave after a step that all processes wrote down; its row of `metrics.csv` is written by now."""
        if self._stopping and self._all_is_written:
            raise Stopped

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Agree whether to write and whether to stop; the epoch's last step is written with the validation to come.

        Raises:
            Diverged: it is time to write, and a weight is nan or infinite; what was written before stays.
        """
        due = self._clock() - self._saved_at >= 60 * self._keeping.minutes
        stop, due = _any_process(trainer, [self._stop.asked, due])
        self._stopping |= stop
        self._all_is_written = False
        accumulates = (batch_idx + 1) % trainer.accumulate_grad_batches != 0  # gradients that no checkpoint holds
        if trainer.is_last_batch or accumulates or not (due or self._stopping):
            return
        _check_finite(pl_module)
        self._save_last(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write that the epoch's steps are done: a stop from here on does its validation again.

        Raises:
            Diverged: a weight is nan or infinite; what was written before stays.
        """
        _check_finite(pl_module)
        self._common_batches = _fewest_batches(trainer)
        self._validation_to_come = True
        self._save_last(trainer)
        self._validation_to_come = False
        if self._stopping:
            raise Stopped

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Leave together; processes may have one batch more than others, where nobody asks."""
        if batch_idx < self._common_batches and _any_process(trainer, [self._stop.asked])[0]:
            raise Stopped

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; where no log loss can be measured, the latest net counts as the best."""
        scores = dict(getattr(pl_module, "scores", {}))
        score = scores.get("log_loss")
        if self._choose == "last" or score is None or self.best_score is None or score < self.best_score:
            self.best_score, self.best_epoch, self.scores = score, trainer.current_epoch, scores
            trainer.save_checkpoint(self.best_path, weights_only=True)
        self._save_last(trainer)
        if self._stopping:
            raise Stopped

    def state_dict(self) -> dict[str, Any]:
        """What goes on after a stop: plain values, no path."""
        return {
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "scores": self.scores,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where a stopped training was."""
        self.best_score, self.best_epoch = state_dict["best_score"], state_dict["best_epoch"]
        self.scores, self._earlier_seconds = dict(state_dict["scores"]), state_dict["seconds"]

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say in the loop's counters that the validation is still to come."""
        if self._validation_to_come:
            checkpoint["loops"] = with_validation_to_come(checkpoint["loops"])

    def _save_last(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self.last_path, weights_only=False)
        self._saved_at = self._clock()
        self._all_is_written = True


def _check_finite(net: torch.nn.Module) -> None:
    """A net that has diverged must not take a good one's place; all processes have the same weights and leave alike."""
    weights = list(net.parameters())
    found = torch.stack([torch.isfinite(weight).all() for weight in weights])
    if not found.all():
        raise Diverged(
            f"training: expected finite weights, found nan or infinity in {int((~found).sum())} of {len(weights)} "
            f"tensors; {DIVERGED_WAYS}"
        )


def _any_process(trainer: pl.Trainer, flags: list[bool]) -> list[bool]:
    """Each flag, true where it is true on any process; every process must call this."""
    if trainer.world_size == 1:
        return flags
    return [bool(flag) for flag in _reduced(trainer, [int(flag) for flag in flags], operation=dist.ReduceOp.MAX)]


def _fewest_batches(trainer: pl.Trainer) -> int:
    """Validation batches of the process that has fewest."""
    own = int(sum(trainer.num_val_batches))
    return own if trainer.world_size == 1 else int(_reduced(trainer, [own], operation=dist.ReduceOp.MIN)[0])


def _reduced(trainer: pl.Trainer, values: list[int], *, operation: Any) -> list[int]:
    tensor: Tensor = torch.tensor(values, device=trainer.strategy.root_device)
    dist.all_reduce(tensor, op=operation)
    return [int(value) for value in tensor.tolist()]
