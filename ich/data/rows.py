"""Rows of a store's slice table for some of its studies, and what their labels say."""

from collections.abc import Sequence

import numpy as np

from ich.labels import LABELS
from ich.store.store import Store


def rows_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Row numbers in `store.slices` of some studies' slices, study by study feet to head; int64 (N,)."""
    place = {study: i for i, study in enumerate(studies)}
    frame = store.slices[["study", "index"]].reset_index(drop=True)
    chosen = frame[frame["study"].isin(place)]
    order = np.lexsort((chosen["index"].to_numpy(), chosen["study"].map(place).to_numpy()))
    return chosen.index.to_numpy(dtype=np.int64)[order]


def labels_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Labels of some studies' slices in the order of `rows_of`; float32 (N, L), nan for unknown."""
    return store.slices.iloc[rows_of(store, studies)][list(LABELS)].to_numpy(dtype=np.float32, copy=True)


def prevalence_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Share of positives of each label among the slices where it is known; float64 (L,), nan where it never is."""
    labels = labels_of(store, studies).astype(np.float64)
    known = (~np.isnan(labels)).sum(axis=0)
    return np.where(known, np.nansum(labels, axis=0) / np.maximum(known, 1), np.nan)


def study_labels_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Labels of whole studies, the maximum over their slices; float32 (n, L), nan where no slice's label is known."""
    rows = store.studies.set_index("study").loc[list(studies)]
    return rows[list(LABELS)].to_numpy(dtype=np.float32, copy=True)
