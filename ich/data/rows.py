"""Rows of a store's slice table for some of its studies, and their labels and positions."""

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


def positions_of(store: Store, studies: Sequence[str]) -> dict[str, np.ndarray]:
    """Positions of some studies' slices along the normal in mm, feet to head; by study float32 (S,)."""
    slices = store.slices.iloc[rows_of(store, studies)]
    return {
        str(study): rows.to_numpy(dtype=np.float32)
        for study, rows in slices.groupby("study", sort=False)["position_mm"]
    }


def study_labels_of(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Labels of whole studies as the store has them; float32 (n, L), nan where unknown.

    They are those of their slices by the rule of `ich.metrics.study.study_labels`; where these don't tell, what was
    said of the study as a whole.
    """
    return store.studies.set_index("study").loc[list(studies), list(LABELS)].to_numpy(dtype=np.float32)
