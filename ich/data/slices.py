"""The data module of the slice stage: training and validation slices of a store."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning
from torch.utils.data import DataLoader

from ich.data.augment import Augment
from ich.data.draws import AllSlices, Sampling, shared_draws
from ich.data.loaders import as_read, make_loader, n_workers, share_of_batch
from ich.data.sampling import ShardSampler, TrainingSampler
from ich.data.slice_dataset import SliceDataset
from ich.dicom.geometry.neighbours import ALONE, Neighbours
from ich.store.split import Split, training_split
from ich.store.store import Store


class SliceDataModule(pytorch_lightning.LightningDataModule):
    """Training and validation slices of a store, split by patient."""

    def __init__(
        self,
        store: Store | str | Path,
        *,
        fold: int = 0,
        leave_out: Sequence[int | str] = (),
        batch_size: int = 32,
        workers: int | None = None,
        augment: Augment | None = None,
        sampling: Sampling | None = None,
        neighbours: Neighbours = ALONE,
        seed: int = 0,
        processes: int = 1,
        nodes: int = 1,
    ) -> None:
        """Say what is drawn; the store is opened when first needed.

        Args:
            store: the store, several as one, or the folder of one.
            fold: validation fold.
            leave_out: further folds or patient keys that are in neither part.
            batch_size: global batch, over all processes.
            workers: loader processes a training process; None goes by the cores of its machine.
            augment: of training samples; validation is never augmented.
            sampling: how often training slices are drawn; None takes each once an epoch.
            neighbours: slices that come along.
            seed: of order and augmentation.
            processes: training processes of all machines (world size).
            nodes: machines, each with as many of these processes.

        Raises:
            ConfigError: a batch that can't be shared out, or a negative number.
        """
        super().__init__()
        self.fold, self.leave_out = fold, tuple(leave_out)
        self._given = store
        self.batch_size, self.neighbours, self.seed = batch_size, neighbours, seed
        self.augment, self.processes = augment, processes
        self.sampling = AllSlices() if sampling is None else sampling
        self.batch_a_process = share_of_batch(batch_size, processes)
        self.workers = n_workers(workers, processes // nodes)
        self._batches_done = 0
        self._limit: int | None = None

    @cached_property
    def store(self) -> Store:
        """The opened store."""
        return self._given if isinstance(self._given, Store) else Store.open(Path(self._given))

    @cached_property
    def split(self) -> Split:
        """Who trains and who validates."""
        return training_split(self.store, fold=self.fold, leave_out=self.leave_out)

    def resume_after(self, n_batches: int, *, limit: int | None = None) -> None:
        """Let the training loader go on after so many batches of a process; before the fit.

        Args:
            n_batches: over all epochs.
            limit: batches after which the training cuts an epoch short; None takes all.
        """
        self._batches_done, self._limit = n_batches, limit

    def train_dataloader(self) -> DataLoader[Any]:
        """Drawn by (seed, epoch); equally many steps on each process."""
        dataset = self._dataset(self.split.train, self.augment)
        drawn = self.sampling(dataset.labels, dataset.study_numbers)
        draws = shared_draws(drawn, self.store, studies=dataset.study_keys)
        sampler = TrainingSampler(draws, seed=self.seed, rank=self._rank, world=self.processes)
        sampler.go_on_after(self._batches_done, batch_size=self.batch_a_process, limit=self._limit)
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
