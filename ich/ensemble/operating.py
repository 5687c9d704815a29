"""Freezes operating points on the validation patients, for studies and for slices apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ich.ensemble.prediction import OperatingPoint
from ich.labels import LABELS
from ich.metrics.operating import threshold_at_sensitivity
from ich.metrics.study import study_labels, study_scores
from ich.metrics.value import Value

SENSITIVITIES = {"sensitivity_95": 0.95}  # the only point triage papers and clearances share (FDA 21 CFR 892.2080)
LEVELS = ("study", "slice")
NOT_FITTED = "not frozen yet: the sequence stage freezes it on the validation patients"


def fit_operating_points(frame: pd.DataFrame, *, scores: str = "ensemble") -> dict[str, dict[str, dict[str, Any]]]:
    """Thresholds that find the named share of the positives, a label, for studies and slices apart.

    Args:
        frame: one row a validation slice: study, label_<label> (nan unknown) and <scores>_<label> (probability).
        scores: which columns to judge: "ensemble" or "cnn".

    Returns:
        Plain values: name, then level ("study", "slice"), then label: {"threshold", "reason"}; the threshold is None,
        with a reason, where the label has too few positives.
    """
    labels = frame[[f"label_{label}" for label in LABELS]].to_numpy(dtype=np.float64)  # (N, L)
    probabilities = frame[[f"{scores}_{label}" for label in LABELS]].to_numpy(dtype=np.float64)
    studies = frame["study"].to_numpy()
    levels = {
        "study": (study_labels(labels, studies)[1], study_scores(probabilities, studies)[1]),
        "slice": (labels, probabilities),
    }
    return {
        name: {level: _fit(*rows, sensitivity=sensitivity) for level, rows in levels.items()}
        for name, sensitivity in SENSITIVITIES.items()
    }


def unfitted_points() -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """The points of an ensemble that has seen no validation patients: none, with the reason."""
    return {
        name: {level: {label: {"threshold": None, "reason": NOT_FITTED} for label in LABELS} for level in LEVELS}
        for name in SENSITIVITIES
    }


def points_at(points: Mapping[str, Any], level: str) -> dict[str, dict[str, OperatingPoint]]:
    """The points of one level, from the plain values in an ensemble's facts."""
    return {
        name: {
            label: OperatingPoint(levels[level][label]["threshold"], levels[level][label]["reason"]) for label in LABELS
        }
        for name, levels in points.items()
    }


def _fit(labels: np.ndarray, probabilities: np.ndarray, *, sensitivity: float) -> dict[str, dict[str, Any]]:
    values = (
        threshold_at_sensitivity(labels[:, index], probabilities[:, index], sensitivity=sensitivity)
        for index in range(len(LABELS))
    )
    return {
        label: {"threshold": value.value, "reason": _reason(value)} for label, value in zip(LABELS, values, strict=True)
    }


def _reason(value: Value) -> str | None:
    return None if value.reason is None else f"validation patients: {value.reason}"
