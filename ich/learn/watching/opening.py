"""The line before a training's first step: the net, its steps and its batches."""

import logging
import math

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

logger = logging.getLogger(__name__)


class OpeningLine(Callback):
    """Logs one line before the first step: parameters, steps, and the batch as it is shared out."""

    def __init__(self, *, unit: str) -> None:
        """Say what a batch is made of.

        Args:
            unit: slices or studies.
        """
        self.unit = unit

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log it from rank zero."""
        if not trainer.is_global_zero:
            return
        parameters = list(pl_module.parameters())
        n_trained = sum(one.numel() for one in parameters if one.requires_grad)
        n_frozen = sum(one.numel() for one in parameters if not one.requires_grad)
        logger.info(
            "%s parameters%s; %d steps an epoch, %s",
            f"{n_trained:,}",
            f" and {n_frozen:,} frozen" if n_frozen else "",
            math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches),
            batch_in_words(
                trainer.datamodule.batch_size,  # type: ignore[attr-defined]
                unit=self.unit,
                processes=trainer.world_size,
            )
            + (f", {trainer.accumulate_grad_batches} a step" if trainer.accumulate_grad_batches > 1 else ""),
        )


def batch_in_words(size: int, *, unit: str, processes: int) -> str:
    """A batch as it is shared out over processes."""
    shared = f" ({processes} x {size // processes})" if processes > 1 else ""
    return f"batches of {size} {unit}{shared}"
