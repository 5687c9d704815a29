"""Slices as training samples: read from the store into the batch, augmented in HU."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ich.data.augment import Augment, Unchanged
from ich.data.loaders import as_read, make_loader, n_workers, share_of_batch
from ich.data.rows import labels_of, prevalence_of, rows_of
from ich.data.sampling import Item, ShardSampler, TrainingSampler
from ich.errors import ConfigError
from ich.metrics.position import position_bins, relative_positions
from ich.store.split import Split, training_split
from ich.store.store import Store

SAMPLINGS = ("all",)


class SliceDataset(Dataset[Mapping[str, Tensor]]):
    """The slices of some studies of a store, one after the other.

    A batch is {"hu": int16 (B, n, R, C), "labels": float32 (B, L) with nan for unknown, "row": int64 (B,)}, the row
    being the slice's number in `store.slices`; n = 2 * neighbours + 1 slices, the ends of a study repeated.
    """

    def __init__(
        self,
        store: Store,
        studies: Sequence[str],
        *,
        augment: Augment | None = None,
        neighbours: int = 0,
        seed: int = 0,
    ) -> None:
        """Look up the slices; nothing is read yet.

        Args:
            store: prepared store.
            studies: study keys, in this order.
            augment: changes a sample; None leaves it.
            neighbours: slices on each side that come along.
            seed: a sample is augmented by (seed, epoch, row), whichever worker reads it.
        """
        self.store = store
        self.augment = Unchanged() if augment is None else augment
        self.neighbours, self.seed = neighbours, seed
        self.rows = rows_of(store, studies)  # (N,)
        self.labels = labels_of(store, studies)  # (N, L)
        chosen = store.slices.iloc[self.rows]
        self.indices = chosen["index"].to_numpy(dtype=np.int64)
        self.studies = list(studies)
        number = {study: i for i, study in enumerate(self.studies)}
        self.study_numbers = chosen["study"].map(number).to_numpy(dtype=np.int64)
        self.n_slices = np.bincount(self.study_numbers, minlength=len(self.studies))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: Item | int) -> Mapping[str, Tensor]:
        """One sample as a batch of one."""
        return self.__getitems__([item if isinstance(item, tuple) else (item, 0)])

    def __getitems__(self, items: Sequence[Item]) -> Mapping[str, Tensor]:
        """Read a batch of (number, epoch), each slice decompressed straight into its place."""
        n_images, size = 2 * self.neighbours + 1, self.store.size
        hu = torch.empty((len(items), n_images, size, size), dtype=torch.int16)
        into = hu.numpy()
        for place, (number, epoch) in enumerate(items):
            self._read(number, into[place])
            if not isinstance(self.augment, Unchanged):
                rng = np.random.default_rng([self.seed, epoch, int(self.rows[number])])
                into[place] = self.augment(into[place], rng)
        numbers = [number for number, _ in items]
        return {
            "hu": hu,
            "labels": torch.from_numpy(self.labels[numbers]),
            "row": torch.from_numpy(self.rows[numbers]),
        }

    def _read(self, number: int, into: np.ndarray) -> None:
        """Read a slice and its neighbours into (n, R, C)."""
        study_number = self.study_numbers[number]
        study, last = self.studies[study_number], int(self.n_slices[study_number]) - 1
        for place, step in enumerate(range(-self.neighbours, self.neighbours + 1)):
            index = min(max(int(self.indices[number]) + step, 0), last)
            self.store.read_slice(study, index, out=into[place])


class SliceDataModule(pytorch_lightning.LightningDataModule):
    """Training and validation slices of a store, split by patient."""

    def __init__(
        self,
        store: str | Path,
        *,
        fold: int = 0,
        leave_out: Sequence[int | str] = (),
        batch_size: int = 32,
        workers: int | None = None,
        augment: Augment | None = None,
        neighbours: int = 0,
        seed: int = 0,
        processes: int = 1,
        sampling: str = "all",
    ) -> None:
        """Say what is drawn; the store is opened when first needed.

        Args:
            store: folder of the store.
            fold: validation fold.
            leave_out: further folds or patient keys that are in neither part.
            batch_size: global batch, over all processes.
            workers: loader processes a training process; None goes by the cores.
            augment: of training samples; validation is never augmented.
            neighbours: slices on each side that come along.
            seed: of order and augmentation.
            processes: training processes of all machines (world size).
            sampling: "all": every training slice once an epoch.

        Raises:
            ConfigError: a batch that can't be shared out, another sampling, a negative number.
        """
        super().__init__()
        if sampling not in SAMPLINGS:
            raise ConfigError(
                f"data.sampling={sampling}: expected {', '.join(SAMPLINGS)}, found {sampling!r}; set it so"
            )
        self.path, self.fold, self.leave_out = Path(store), fold, tuple(leave_out)
        self.batch_size, self.neighbours, self.seed = batch_size, neighbours, seed
        self.augment, self.processes = augment, processes
        self.batch_a_process = share_of_batch(batch_size, processes)
        self.workers = n_workers(workers, processes)
        self._batches_done = 0

    @cached_property
    def store(self) -> Store:
        """The opened store."""
        return Store.open(self.path)

    @cached_property
    def split(self) -> Split:
        """Who trains and who validates."""
        return training_split(self.store, fold=self.fold, leave_out=self.leave_out)

    @cached_property
    def prevalence(self) -> np.ndarray:
        """Share of positive training slices; float64 (L,), nan where no label is known."""
        return prevalence_of(self.store, self.split.train)

    @cached_property
    def position_bins(self) -> np.ndarray:
        """Training prevalence by height in the study, of the position-only control; float64 (bins, L)."""
        training = self.store.slices.iloc[rows_of(self.store, self.split.train)]
        heights = training.groupby("study", sort=False)["position_mm"].transform(relative_positions)
        return position_bins(heights.to_numpy(), labels_of(self.store, self.split.train))

    def resume_after(self, n_batches: int) -> None:
        """Let the training loader go on after so many steps of a training; before the fit."""
        self._batches_done = n_batches

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled by (seed, epoch); equally many steps on each process."""
        dataset = self._dataset(self.split.train, self.augment)
        sampler = TrainingSampler(len(dataset), seed=self.seed, rank=self._rank, world=self.processes)
        sampler.go_on_after(self._batches_done, batch_size=self.batch_a_process)
        return self._loader(dataset, sampler)

    def val_dataloader(self) -> DataLoader[Any]:
        """In order, each slice on one process, never augmented."""
        dataset = self._dataset(self.split.validation, None)
        return self._loader(dataset, ShardSampler(len(dataset), rank=self._rank, world=self.processes))

    @property
    def _rank(self) -> int:
        return 0 if self.trainer is None else self.trainer.global_rank

    def _dataset(self, studies: Sequence[str], augment: Augment | None) -> SliceDataset:
        return SliceDataset(self.store, studies, augment=augment, neighbours=self.neighbours, seed=self.seed)

    def _loader(self, dataset: SliceDataset, sampler: Any) -> DataLoader[Any]:
        return make_loader(
            dataset,
            sampler,
            batch_size=self.batch_a_process,
            workers=self.workers,
            seed=self.seed,
            collate=as_read,
        )
