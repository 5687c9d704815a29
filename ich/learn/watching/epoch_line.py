"""The line of an epoch: training loss, scores and slices a second, as a callback that measures the speed."""

import logging
import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from ich.learn.loop.module import NetModule

logger = logging.getLogger(__name__)


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

    def state_dict(self) -> dict[str, Any]:
        """What an epoch that goes on after a stop has behind it."""
        return {
            "slices_per_second": self.slices_per_second,
            "seconds": time.perf_counter() - self._start,
            "n_slices": self._n_slices,
            "n_batches": self._n_batches,
            "loss_sum": float(self._loss_sum),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on to measure the epoch that was stopped."""
        self.slices_per_second = state_dict["slices_per_second"]
        self._start = time.perf_counter() - state_dict["seconds"]
        self._n_slices, self._n_batches = state_dict["n_slices"], state_dict["n_batches"]
        self._loss_sum = state_dict["loss_sum"]

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: pl.Trainer, pl_module: NetModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count slices; at the epoch's last step take the speed, before validation takes its time."""
        self._n_slices += pl_module.n_slices(batch)
        self._n_batches += 1
        self._loss_sum = self._loss_sum + outputs["loss"].detach()
        if trainer.is_last_batch:
            self._loss_sum = float(self._loss_sum)  # waits for a GPU to be done
            self.slices_per_second = self._n_slices * trainer.world_size / (time.perf_counter() - self._start)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: NetModule) -> None:  # type: ignore[override]
        """Log the epoch's row and line; at its end, for what was logged at a step would be lost with a stop."""
        if not self._n_batches:
            return
        speed = {
            "train/epoch_loss": float(self._loss_sum) / self._n_batches,
            "train/slices_per_second": self.slices_per_second or 0.0,
        }
        pl_module.log_dict(speed, on_step=False, on_epoch=True, batch_size=1)
        if not trainer.is_global_zero:
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
