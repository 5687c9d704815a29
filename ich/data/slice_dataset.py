"""Slices as samples: read from the store into the batch, augmented in HU (imported by workers: nothing heavy)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ich.data.augment import Augment, Unchanged
from ich.data.mixup import mixed
from ich.data.rows import labels_of, rows_of
from ich.data.sampling import Item
from ich.dicom.geometry.neighbours import ALONE, Neighbours
from ich.store.store import Store


class SliceDataset(Dataset[Mapping[str, Tensor]]):
    """The slices of some studies of a store, one after the other.

    A batch is {"hu": int16 (B, n, R, C), "labels": float32 (B, L) with nan for unknown, "row": int64 (B,)}, the row
    being the slice's number in `store.slices`; n slices, the neighbours of a slice beside it. With mixup
    the labels are mixed, and "mix_partner" and "mix_share" say how the net is to mix the slices.
    """

    def __init__(
        self,
        store: Store,
        studies: Sequence[str],
        *,
        augment: Augment | None = None,
        neighbours: Neighbours = ALONE,
        seed: int = 0,
    ) -> None:
        """Look up the slices; nothing is read yet.

        Args:
            store: prepared store.
            studies: study keys, in this order.
            augment: changes a sample; None leaves it.
            neighbours: slices that come along.
            seed: a sample is augmented by (seed, epoch, row, occurrence in the epoch), whichever worker reads it.
        """
        self.store = store
        self.augment = Unchanged() if augment is None else augment
        self.mixup = float(getattr(self.augment, "mixup", 0.0))
        self.seed = seed
        self.rows = rows_of(store, studies)  # (N,)
        self.labels = labels_of(store, studies)  # (N, L)
        chosen = store.slices.iloc[self.rows]
        self.study_keys = chosen["study"].to_numpy()
        self.study_numbers = chosen.groupby("study", sort=False).ngroup().to_numpy(dtype=np.int64)
        self.around = _around(chosen, neighbours)  # (N, n)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: Item | int) -> Mapping[str, Tensor]:
        """One sample as a batch of one."""
        return self.__getitems__([item if isinstance(item, Item) else Item(item)])

    def __getitems__(self, items: Sequence[Item]) -> Mapping[str, Tensor]:
        """Read a batch, each slice decompressed straight into its place."""
        size = self.store.size
        hu = torch.empty((len(items), self.around.shape[1], size, size), dtype=torch.int16)
        into = hu.numpy()
        for place, item in enumerate(items):
            self._read(item.number, into[place])
            if not isinstance(self.augment, Unchanged):
                rng = np.random.default_rng([self.seed, item.epoch, int(self.rows[item.number]), item.occurrence])
                into[place] = self.augment(into[place], rng)
        numbers = [item.number for item in items]
        batch = {
            "hu": hu,
            "labels": torch.from_numpy(self.labels[numbers]),
            "row": torch.from_numpy(self.rows[numbers]),
        }
        if not self.mixup:
            return batch
        return mixed(batch, alpha=self.mixup, seed=[self.seed, items[0].epoch, *self.rows[numbers].tolist()])

    def _read(self, number: int, into: np.ndarray) -> None:
        """Read a slice and its neighbours into (n, R, C)."""
        for place, index in enumerate(self.around[number]):
            self.store.read_slice(self.study_keys[number], int(index), out=into[place])


def _around(slices: pd.DataFrame, neighbours: Neighbours) -> np.ndarray:
    """Indices of the slices around each row of whole studies, in the rows' order; int32 (N, n)."""
    parts = [
        neighbours.around(len(rows), rows["position_mm"].to_numpy()).astype(np.int32)
        for _, rows in slices.groupby("study", sort=False)
    ]
    return np.concatenate(parts) if parts else np.empty((0, neighbours.n_images), dtype=np.int32)
