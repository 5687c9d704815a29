"""A few batches instead of a whole training: a net that can't learn these by heart has a fault somewhere."""

import itertools
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.labels import LABELS
from ich.learn.loop.metrics import RowScores
from ich.metrics.log_loss import training_prevalence, weighted_log_loss
from ich.store.split import Split
from ich.store.store import Store

PREVALENCE_SCORE = "prevalence_log_loss"  # what `FewBatches.prevalence_log_loss` is called among a training's scores
PASSES_AN_EPOCH = 20  # over the few batches: an epoch ends with checkpoints, which would take most of the time


class FewBatches(pl.LightningDataModule):
    """The first batches of a training, as they were drawn once, to train on again and again and to validate on."""

    def __init__(self, data: SliceDataModule | StudyDataModule, n_batches: int) -> None:
        """Say whose batches; they are drawn when first asked for.

        Args:
            data: slices or studies of a store.
            n_batches: how many each process takes.
        """
        super().__init__()
        self.data, self.n_batches, self.batch_size = data, n_batches, data.batch_size
        self._batches: list[dict[str, Tensor]] = []
        self._done = 0

    @property
    def store(self) -> Store:
        """Where the batches come from."""
        return self.data.store

    @property
    def split(self) -> Split:
        """Who may train; only those of the batches do."""
        return self.data.split

    def resume_after(self, n_batches: int) -> None:
        """Let the training go on after so many batches of a process; before the fit."""
        self._done = n_batches

    def train_dataloader(self) -> DataLoader[Any]:
        """The few batches in turn."""
        self.data.trainer = self.trainer  # tells the process whose share it takes
        self._batches = list(itertools.islice(self.data.train_dataloader(), self.n_batches))
        passes = self._batches * PASSES_AN_EPOCH
        done, self._done = self._done % len(passes), 0
        return _loader(passes[done:])

    def val_dataloader(self) -> DataLoader[Any]:
        """The few batches once."""
        return _loader(self._batches)

    def prevalence_log_loss(self) -> float:
        """Weighted log loss of who answers each label's share in these batches, over all processes' batches.

        Every process must call this, after the training.
        """
        answers = RowScores()
        for batch in self._batches:
            labels = batch["labels"].reshape(-1, len(LABELS))  # studies: padded places are unknown labels
            rows = batch["rows"] if "rows" in batch else batch["row"]
            answers.update(rows.reshape(-1), labels * 0, labels)
        truth = answers.gathered().labels
        shares = np.broadcast_to(training_prevalence(truth), truth.shape)
        return float(weighted_log_loss(truth, shares))


def _loader(batches: list[dict[str, Tensor]]) -> DataLoader[Any]:
    return DataLoader(cast(Dataset[Any], batches), batch_size=None, shuffle=False)
