"""Early stopping: ends a training whose validation log loss gets no better; only where it is asked for."""

import logging

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.callbacks.early_stopping import EarlyStoppingReason

from ich.errors import out_of_range

logger = logging.getLogger(__name__)


class StopEarly(EarlyStopping):
    """Lightning's early stopping on `val/log_loss`, which says in one line when and why it ended a training."""

    def __init__(self, patience: int = 3, *, min_delta: float = 0.0) -> None:
        """Say how long to wait.

        Args:
            patience: epochs without a better log loss before the training ends, 1 or more.
            min_delta: by how much the log loss must fall to count as better, 0 or more.

        Raises:
            ConfigError: a number out of range.
        """
        if patience < 1:
            raise out_of_range("callbacks.early_stopping.patience", patience, expected="1 epoch or more")
        if min_delta < 0:
            raise out_of_range(
                "callbacks.early_stopping.min_delta", min_delta, expected="0 or more", advice="0 counts any fall"
            )
        super().__init__(monitor="val/log_loss", patience=patience, min_delta=min_delta, mode="min", strict=False)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say when and why, from rank zero."""
        super().on_train_end(trainer, pl_module)
        if not trainer.is_global_zero or self.stopping_reason is EarlyStoppingReason.NOT_STOPPED:
            return
        found = f"no better validation log loss than {float(self.best_score):.4f} in {self.wait_count} epochs"
        if self.stopping_reason is EarlyStoppingReason.NON_FINITE_METRIC:
            found = "the validation log loss is no number any more; a lower optimizer.lr may help"
        logger.info("stopped early after epoch %d of %s: %s", self.stopped_epoch + 1, trainer.max_epochs, found)
