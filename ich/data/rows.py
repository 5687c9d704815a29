"""Rows of a store's slice table for some of its studies; labels and positions; how often their store lets them come."""

from collections.abc import Sequence

import numpy as np

from ich.data.draws import Draws, shared
from ich.labels import LABELS
from ich.store.several import StoreGroup
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


def shared_draws(draws: Draws, store: Store, studies: Sequence[str]) -> Draws:
    """Draws of some samples by the shares of the stores they come from; unchanged where no shares were asked for.

    Args:
        draws: how often samples are drawn, whichever store they are from.
        store: one store, or several as one.
        studies: study key of each sample.
    """
    if not isinstance(store, StoreGroup) or store.share is None:
        return draws
    numbers = np.array([store.numbers[study] for study in studies], dtype=np.int64)
    return shared(draws, numbers, store.share)


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
