"""A few batches instead of a whole training: a net that can't learn these by heart has a fault somewhere."""

import copy
import itertools
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.labels import LABELS
from ich.learn.loop.metrics import RowScores
from ich.learn.loop.trainer import TrainingSettings
from ich.metrics.log_loss import training_prevalence, weighted_log_loss
from ich.store.split import Split
from ich.store.store import Store

PREVALENCE_SCORE = "prevalence_log_loss"  # what `FewBatches.prevalence_log_loss` is called among a training's scores
PASSES_AN_EPOCH = 20  # over the few batches: an epoch ends with checkpoints, which would take most of the time


class FewBatches(pl.LightningDataModule):
    """The first batches of a training, as they were drawn once, to train on again and again and to validate on.

    Their slices are not augmented: mixed labels are neither 0 nor 1, and can't be answered with certainty.
    """

    def __init__(self, data: SliceDataModule | StudyDataModule, n_batches: int) -> None:
        """Say whose batches; they are drawn when first asked for.

        Args:
            data: slices or studies of a store.
            n_batches: how many each process takes.
        """
        super().__init__()
        self.data, self.n_batches, self.batch_size = _unchanged(data), n_batches, data.batch_size
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

    def resume_after(self, n_batches: int, *, limit: int | None = None) -> None:
        """Let the training go on after so many batches of a process; before the fit. It cuts no epoch short."""
        assert limit is None
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


def unhindered(settings: TrainingSettings) -> TrainingSettings:
    """The same loop with a step a batch, and no batch left out: else too few steps are left to learn by heart."""
    return replace(settings, accumulate=1, limit_batches=None)


def without_dropout(net: nn.Module) -> None:
    """Let a net forget nothing while it learns; what it says otherwise does not depend on this."""
    for part in net.modules():
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = 0.0
        elif isinstance(part, nn.RNNBase):
            part.dropout = 0.0


def without_smoothing(loss: nn.Module) -> nn.Module:
    """The same loss for labels as they are, where it draws them towards one half; what was handed in stays."""
    if not getattr(loss, "label_smoothing", 0.0):
        return loss
    plain: Any = copy.deepcopy(loss)
    plain.label_smoothing = 0.0
    return cast(nn.Module, plain)


def _unchanged(data: SliceDataModule | StudyDataModule) -> SliceDataModule | StudyDataModule:
    if isinstance(data, StudyDataModule):
        return data
    plain = copy.copy(data)
    plain.augment = None
    return plain


def _loader(batches: list[dict[str, Tensor]]) -> DataLoader[Any]:
    return DataLoader(cast(Dataset[Any], batches), batch_size=None, shuffle=False)
