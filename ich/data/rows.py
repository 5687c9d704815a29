"""Rows of a store's slice table for some of its studies, and what their labels say."""

from collections.abc import Sequence

import numpy as np

from ich.labels import LABELS
from ich.metrics.study import study_labels
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


def study_labels_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Labels of whole studies by the rule of `ich.metrics.study.study_labels`; float32 (n, L), nan where unknown."""
    names = store.slices["study"].to_numpy()[rows_of(store, studies)]
    found, labels = study_labels(labels_of(store, studies), names)
    place = {study: number for number, study in enumerate(found)}
    return labels[[place[study] for study in studies]].astype(np.float32)
