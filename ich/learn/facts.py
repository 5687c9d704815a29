"""What every checkpoint of ours says of itself: plain values, no path, no patient's name."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

import ich
from ich.data.rows import labels_of, rows_of, study_labels_of
from ich.dicom.geometry.neighbours import ENDS
from ich.labels import LABELS
from ich.learn.checkpoint import FORMAT, Checkpoint
from ich.learn.seen import PRETRAINED, start_of
from ich.metrics.log_loss import training_prevalence
from ich.metrics.position import position_bins, relative_positions
from ich.store.several import StoreGroup, stores_of
from ich.store.split import Split
from ich.store.store import Store


class TrainingData(Protocol):
    """What the facts need of a data module."""

    @property
    def store(self) -> Store:
        """Where the slices come from."""

    @property
    def split(self) -> Split:
        """Who trains and who validates."""


def slice_facts(data: TrainingData, *, weights: str | None = None) -> dict[str, Any]:
    """Facts of a slice net's training; `net` and `windows` are added by the module that builds it.

    Args:
        data: what it learns from.
        weights: that it starts from; what they have seen becomes a fact of their heir.
    """
    more = {"neighbour_ends": ENDS, PRETRAINED: start_of(weights)}
    return _facts("slice", data.store, split=data.split) | more


def sequence_facts(data: TrainingData, *, cnn: Checkpoint) -> dict[str, Any]:
    """Facts of a sequence net's training on the features of a slice net; `net` is added by the module."""
    return _facts("sequence", data.store, split=data.split) | {
        "cnn_hash": cnn.hash,
        "size": cnn.facts["size"],
        "windows": cnn.facts["windows"],
    }


def training_position_bins(store: Store, studies: Sequence[str]) -> np.ndarray:
    """How frequent each label is at each height of the studies, float64 (n_bins, L): the position-only control."""
    slices = store.slices.iloc[rows_of(store, studies)]
    heights = slices.groupby("study", sort=False)["position_mm"].transform(relative_positions)
    return position_bins(heights.to_numpy(), labels_of(store, studies).astype(np.float64))


def plain(value: Any) -> Any:
    """The same in plain JSON values: mappings to dict, sequences and arrays to list, nan to None.

    Raises:
        TypeError: neither of these nor a string, number, bool or None.
    """
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and value != value:
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"fact={value!r}: expected a plain value, found a {type(value).__name__}")


def _facts(kind: str, store: Store, *, split: Split) -> dict[str, Any]:
    fold, leave_out = _folds(store, split)
    facts = {
        "format": FORMAT,
        "kind": kind,
        "labels": LABELS,
        "size": store.size,
        "store_hash": store.hash,
        "source": store.source,
        "sources": sorted({one.source for one in stores_of(store)}),
        "stores": [
            {"source": one.source, "hash": one.hash, "share": one_share}
            for one, one_share in zip(stores_of(store), _shares(store), strict=True)
        ],
        "split_hash": split.hash,
        "train_patients": split.train_patients,
        "validation_patients": split.validation_patients,
        "prevalence": training_prevalence(labels_of(store, split.train)),
        "study_prevalence": training_prevalence(study_labels_of(store, split.train)),
        "position_bins": training_position_bins(store, split.train),
        "code_version": ich.__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "fold": fold,
        "leave_out": leave_out,
    }
    return plain(facts)


def _shares(store: Store) -> Sequence[float | None]:
    """Share of an epoch that each store was given, None where each slice came as often as any other."""
    stores = stores_of(store)
    return store.share if isinstance(store, StoreGroup) and store.share is not None else [None] * len(stores)


def _folds(store: Store, split: Split) -> tuple[int, list[int | str]]:
    """The validation fold, and the folds and patients that are on neither side, as the split shows them."""
    by_patient = store.studies.drop_duplicates("patient").set_index("patient")["fold"]
    fold = int(by_patient[list(split.validation_patients)].iloc[0])
    training_folds = set(by_patient[list(split.train_patients)])
    left_folds = sorted({int(one) for one in by_patient if one >= 0} - training_folds - {fold})
    of_used_folds = by_patient[by_patient.isin([*training_folds, fold])].index
    left_patients = sorted(set(of_used_folds) - split.train_patients - split.validation_patients)
    return fold, [*left_folds, *left_patients]
