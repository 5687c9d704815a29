"""Studies as training samples: the features of their slices in order, padded to a batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytorch_lightning
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

from ich.data.draws import each_once, shared_draws
from ich.data.loaders import make_loader, share_of_batch
from ich.data.rows import labels_of, rows_of
from ich.data.sampling import Item, ShardSampler, TrainingSampler
from ich.errors import DataError
from ich.progress import Progress, quiet
from ich.store.split import Split, training_split
from ich.store.store import Store

NO_ROW = -1  # row of a padded place


class FeatureReader(Protocol):
    """Where the features of a study's slices come from."""

    @property
    def n_features(self) -> int:
        """Features of a slice."""

    def read(self, study: str) -> np.ndarray:
        """float32 (S, F) of one study, feet to head."""
        ...


class StudyDataset(Dataset[Mapping[str, Tensor]]):
    """Some studies of a store by the features of their slices.

    A sample is {"features": float32 (S, F), "labels": float32 (S, L) with nan for unknown, "rows": int64 (S,)}.
    """

    def __init__(self, features: FeatureReader, store: Store, *, studies: Sequence[str]) -> None:
        """Look up the slices; features are read when asked for.

        Args:
            features: of all these studies.
            store: whose slices they are.
            studies: study keys, in this order.
        """
        self.features, self.studies = features, list(studies)
        rows = rows_of(store, self.studies)
        labels = labels_of(store, self.studies)  # (N, L)
        names = store.slices["study"].to_numpy()[rows]
        ends = np.flatnonzero(names[1:] != names[:-1]) + 1
        self.rows = np.split(rows, ends)
        self.labels = np.split(labels, ends)

    def __len__(self) -> int:
        return len(self.studies)

    def __getitem__(self, item: Item | int) -> Mapping[str, Tensor]:
        """Read one study.

        Raises:
            DataError: features of another number of slices than the store has.
        """
        number = item.number if isinstance(item, Item) else item
        features = np.array(self.features.read(self.studies[number]), dtype=np.float32)  # (S, F)
        if len(features) != len(self.rows[number]):
            raise DataError(
                f"features of study {self.studies[number]}: expected {len(self.rows[number])} slices as in the store, "
                f"found {len(features)}; remove the folder of these features, they are made again"
            )
        return {
            "features": torch.from_numpy(features),
            "labels": torch.from_numpy(self.labels[number]),
            "rows": torch.from_numpy(self.rows[number]),
        }


def collate_studies(samples: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Pad studies at their end to the longest of the batch.

    Returns:
        "features" float32 (B, S, F) padded with 0, "mask" bool (B, S), "labels" float32 (B, S, L) padded with nan,
        "rows" int64 (B, S) padded with -1.
    """
    lengths = torch.tensor([len(sample["rows"]) for sample in samples])
    return {
        "features": pad_sequence([sample["features"] for sample in samples], batch_first=True),
        "mask": torch.arange(int(lengths.max()))[None] < lengths[:, None],
        "labels": pad_sequence([sample["labels"] for sample in samples], batch_first=True, padding_value=torch.nan),
        "rows": pad_sequence([sample["rows"] for sample in samples], batch_first=True, padding_value=NO_ROW),
    }


def feature_statistics(
    features: FeatureReader, studies: Sequence[str], *, progress: Progress = quiet
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each feature over all slices of some studies; float32 (F,) each.

    Studies are read one after the other and their moments joined, so that a large set needs no memory.

    Source: Chan, Golub and LeVeque 1979, pairwise updating of sums of squares.
    """
    count, mean, squares = 0, np.zeros(features.n_features), np.zeros(features.n_features)
    for study in progress(studies, total=len(studies), description="features"):
        values = np.asarray(features.read(study), dtype=np.float64)  # (S, F)
        total, difference = count + len(values), values.mean(0) - mean
        squares += ((values - values.mean(0)) ** 2).sum(0) + difference**2 * count * len(values) / total
        mean += difference * len(values) / total
        count = total
    deviation = np.sqrt(squares / max(count, 1))
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(deviation.astype(np.float32))


class StudyDataModule(pytorch_lightning.LightningDataModule):
    """Training and validation studies by their features, split by patient."""

    def __init__(
        self,
        features: FeatureReader,
        store: Store | str | Path,
        *,
        fold: int = 0,
        leave_out: Sequence[int | str] = (),
        batch_size: int = 8,
        seed: int = 0,
        processes: int = 1,
    ) -> None:
        """Say what is drawn.

        Args:
            features: of all training and validation studies.
            store: the store, or its folder.
            fold: validation fold.
            leave_out: further folds or patient keys that are in neither part.
            batch_size: studies of the global batch, over all processes.
            seed: of the order.
            processes: training processes of all machines (world size).

        Raises:
            ConfigError: a batch that can't be shared out.
        """
        super().__init__()
        self.features = features
        self.store = store if isinstance(store, Store) else Store.open(Path(store))
        self.split: Split = training_split(self.store, fold=fold, leave_out=leave_out)
        self.batch_size, self.seed, self.processes = batch_size, seed, processes
        self.batch_a_process = share_of_batch(batch_size, processes, option="data.studies_per_batch")
        self._batches_done = 0
        self._limit: int | None = None

    def resume_after(self, n_batches: int, *, limit: int | None = None) -> None:
        """Let the training loader go on after so many batches of a process; before the fit.

        Args:
            n_batches: over all epochs.
            limit: batches after which the training cuts an epoch short; None takes all.
        """
        self._batches_done, self._limit = n_batches, limit

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled by (seed, epoch); equally many steps on each process."""
        dataset = StudyDataset(self.features, self.store, studies=self.split.train)
        draws = shared_draws(each_once(len(dataset)), self.store, studies=dataset.studies)
        sampler = TrainingSampler(draws, seed=self.seed, rank=self._rank, world=self.processes)
        sampler.go_on_after(self._batches_done, batch_size=self.batch_a_process, limit=self._limit)
        return self._loader(dataset, sampler)

    def val_dataloader(self) -> DataLoader[Any]:
        """In order, each study on one process."""
        dataset = StudyDataset(self.features, self.store, studies=self.split.validation)
        return self._loader(dataset, ShardSampler(len(dataset), rank=self._rank, world=self.processes))

    @property
    def _rank(self) -> int:
        return 0 if self.trainer is None else self.trainer.global_rank

    def _loader(self, dataset: StudyDataset, sampler: Any) -> DataLoader[Any]:
        return make_loader(
            dataset, sampler, batch_size=self.batch_a_process, workers=0, seed=self.seed, collate=collate_studies
        )
