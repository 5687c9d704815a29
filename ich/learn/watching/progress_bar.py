"""The progress bar of a training: loss, slices a second, and the time left for all epochs."""

import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar
from tqdm import tqdm

from ich.learn.loop.module import NetModule

REFRESH = 0.2  # seconds between two drawings, however fast the steps are
FORMAT = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} steps{postfix}"


class TrainingBar(ProgressBar):
    """One row of the terminal for the whole training."""

    def __init__(self, *, row: int = 0) -> None:
        """Take a row.

        Args:
            row: of the terminal; trainings side by side have rows of their own.
        """
        super().__init__()
        self.row, self._shown = row, True
        self._bar: tqdm | None = None
        self._start = self._drawn = 0.0
        self._first_step = self._n_slices = 0

    def disable(self) -> None:
        """Draw nothing; Lightning asks for this on all processes but the first."""
        self._shown = False

    def enable(self) -> None:
        """Draw."""
        self._shown = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin where the training stands: at its start, or where it was stopped."""
        self._start, self._first_step, self._n_slices = time.monotonic(), trainer.fit_loop.total_batch_idx + 1, 0
        self._bar = tqdm(
            total=int(trainer.num_training_batches) * (trainer.max_epochs or 1),
            initial=self._first_step,
            position=self.row,
            disable=not self._shown,
            dynamic_ncols=True,
            leave=False,
            file=sys.stderr,
            bar_format=FORMAT,
        )

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: pl.Trainer, pl_module: NetModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Draw loss, rate and time left, at most five times a second: each drawing waits for a GPU."""
        bar, now = self._bar, time.monotonic()
        if bar is None or bar.disable:
            return
        self._n_slices += pl_module.n_slices(batch)
        bar.n += 1
        if now - self._drawn < REFRESH and not trainer.is_last_batch:
            return
        self._drawn, seconds = now, max(now - self._start, 1e-6)
        rate = self._n_slices * trainer.world_size / seconds
        left = seconds / (bar.n - self._first_step) * (bar.total - bar.n)
        bar.set_description_str(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}", refresh=False)
        bar.set_postfix_str(
            f"loss {float(outputs['loss']):.4f}, {rate:.0f} slices/s, {tqdm.format_interval(left)} left", refresh=True
        )

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take the bar away; the table of scores comes in its place."""
        if self._bar is not None:
            self._bar.close()
