"""Callbacks of ours: the two checkpoints a run keeps, and a line an epoch for the terminal."""

import logging
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, Checkpoint

from ich.learn.module import NetModule

logger = logging.getLogger(__name__)


class BestAndLast(Checkpoint):
    """Keeps `best.ckpt` (lowest log loss on the validation fold; no optimizer) and `last.ckpt` (each epoch's end).

    Lightning's own callback keeps absolute paths in its state, which travels in every checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        """Keep them in this folder.

        Args:
            folder: of the two files; made when the first is written.
        """
        self.best_path, self.last_path = folder / "best.ckpt", folder / "last.ckpt"
        self.best_score: float | None = None
        self.best_epoch: int | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; where no log loss can be measured, the latest net counts as the best."""
        score = getattr(pl_module, "scores", {}).get("log_loss")
        if score is None or self.best_score is None or score < self.best_score:
            self.best_score, self.best_epoch = score, trainer.current_epoch
            trainer.save_checkpoint(self.best_path, weights_only=True)
        trainer.save_checkpoint(self.last_path, weights_only=False)

    def state_dict(self) -> dict[str, Any]:
        """What goes on after a stop: plain values, no path."""
        return {"best_score": self.best_score, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where a stopped training was."""
        self.best_score, self.best_epoch = state_dict["best_score"], state_dict["best_epoch"]


class EpochLines(Callback):
    """Measures slices a second, the loader included, and logs one line an epoch from rank zero."""

    def __init__(self) -> None:
        self.slices_per_second: float | None = None
        self._start = 0.0
        self._n_slices = 0
        self._n_batches = 0
        self._loss_sum: torch.Tensor | float = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to measure."""
        self._start = time.perf_counter()
        self._n_slices = self._n_batches = 0
        self._loss_sum = 0.0

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: pl.Trainer, pl_module: NetModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count slices; at the epoch's last step log the speed, before validation takes its time."""
        self._n_slices += pl_module.n_slices(batch)
        self._n_batches += 1
        self._loss_sum = self._loss_sum + outputs["loss"].detach()
        if not trainer.is_last_batch:
            return
        mean_loss = float(self._loss_sum) / self._n_batches  # waits for a GPU to be done
        self.slices_per_second = self._n_slices * trainer.world_size / (time.perf_counter() - self._start)
        speed = {"train/epoch_loss": mean_loss, "train/slices_per_second": self.slices_per_second}
        pl_module.log_dict(speed, on_step=False, on_epoch=True, batch_size=1)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: NetModule) -> None:  # type: ignore[override]
        """Log the epoch's line."""
        if not trainer.is_global_zero or not self._n_batches:
            return
        logger.info(
            "epoch %d of %s: training loss %.4f, %s; %.0f slices/s, %.0f s",
            trainer.current_epoch + 1,
            trainer.max_epochs,
            float(self._loss_sum) / self._n_batches,
            _in_words(pl_module.scores),
            self.slices_per_second or 0.0,
            time.perf_counter() - self._start,
        )


def _in_words(scores: dict[str, float]) -> str:
    named = {"log loss": "log_loss", "AUC any": "auc_any"}
    known = [f"{name} {scores[key]:.4f}" for name, key in named.items() if key in scores]
    return "validation " + (", ".join(known) or "without labels")
