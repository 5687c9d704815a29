"""What a fixed threshold gets right: accuracy, sensitivity, specificity."""

import numpy as np

from ich.metrics.curve import Curve, measure
from ich.metrics.value import Value

THRESHOLD = 0.5  # probability; a row is called positive at or above it


def accuracy(labels: np.ndarray, scores: np.ndarray, *, threshold: float = THRESHOLD) -> Value:
    """Share of rows on the right side of the threshold.

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,); called positive at `score >= threshold`.
        threshold: in the unit of the scores.

    >>> accuracy([0, 0, 1, 1], [0.1, 0.5, 0.35, 0.8]).value
    0.5
    """
    return measure(lambda curve: accuracy_at(curve, threshold), labels, scores, weights=None)


def sensitivity(labels: np.ndarray, scores: np.ndarray, *, threshold: float = THRESHOLD) -> Value:
    """Share of positive rows that are called positive; None with the reason without positives.

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,); called positive at `score >= threshold`.
        threshold: in the unit of the scores.
    """
    return measure(lambda curve: sensitivity_at(curve, threshold), labels, scores, weights=None)


def specificity(labels: np.ndarray, scores: np.ndarray, *, threshold: float = THRESHOLD) -> Value:
    """Share of negative rows that are called negative; None with the reason without negatives.

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,); called positive at `score >= threshold`.
        threshold: in the unit of the scores.
    """
    return measure(lambda curve: specificity_at(curve, threshold), labels, scores, weights=None)


def accuracy_at(curve: Curve, threshold: float = THRESHOLD) -> np.ndarray:
    """Accuracy for each weighting, float64 (K,); nan where all weights are zero."""
    hits, false_alarms = curve.at(threshold)
    return _share(hits + curve.negatives - false_alarms, curve.positives + curve.negatives)


def sensitivity_at(curve: Curve, threshold: float = THRESHOLD) -> np.ndarray:
    """Sensitivity for each weighting, float64 (K,); nan without positives."""
    hits, _ = curve.at(threshold)
    return _share(hits, curve.positives)


def specificity_at(curve: Curve, threshold: float = THRESHOLD) -> np.ndarray:
    """Specificity for each weighting, float64 (K,); nan without negatives."""
    _, false_alarms = curve.at(threshold)
    return _share(curve.negatives - false_alarms, curve.negatives)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
