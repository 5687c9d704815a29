"""Slices as samples: read from the store into the batch, augmented in HU (imported by workers: nothing heavy)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ich.data.augment import Augment, Unchanged
from ich.data.rows import labels_of, rows_of
from ich.data.sampling import Item
from ich.store.store import Store


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
