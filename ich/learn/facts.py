"""What every checkpoint of ours says of itself: plain values, no path, no patient's name."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

import ich
from ich.labels import LABELS
from ich.learn.checkpoint import FORMAT, Checkpoint
from ich.store.split import Split
from ich.store.store import Store


class TrainingData(Protocol):
    """What the facts need of a data module."""

    store: Store
    split: Split
    fold: int
    leave_out: Sequence[int | str]
    prevalence: np.ndarray  # (L,)
    position_bins: np.ndarray  # (n_bins, L)


def slice_facts(data: TrainingData) -> dict[str, Any]:
    """Facts of a slice net's training; its build arguments and windows are added by the module that builds it."""
    return _facts("slice", data)


def sequence_facts(data: TrainingData, *, cnn: Checkpoint) -> dict[str, Any]:
    """Facts of a sequence net's training on the features of a slice net."""
    return _facts("sequence", data) | {
        "cnn_hash": cnn.hash,
        "size": cnn.facts["size"],
        "windows": cnn.facts["windows"],
    }


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


def _facts(kind: str, data: TrainingData) -> dict[str, Any]:
    facts = {
        "format": FORMAT,
        "kind": kind,
        "labels": LABELS,
        "size": int(data.store.size),
        "store_hash": data.store.hash,
        "source": data.store.source,
        "split_hash": data.split.hash,
        "train_patients": data.split.train_patients,
        "validation_patients": data.split.validation_patients,
        "prevalence": data.prevalence,
        "position_bins": data.position_bins,
        "code_version": ich.__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "fold": data.fold,
        "leave_out": data.leave_out,
    }
    return plain(facts)
