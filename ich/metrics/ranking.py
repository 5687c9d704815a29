"""How well scores rank positive rows over negative ones: area under the ROC curve, average precision."""

import numpy as np

from ich.metrics.curve import Curve, measure
from ich.metrics.value import Value


def roc_auc(labels: np.ndarray, scores: np.ndarray, *, weights: np.ndarray | None = None) -> Value:
    """Area under the ROC curve: how often a positive row outscores a negative one, ties counted half.

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,), higher means more likely.
        weights: (N,), not negative; None counts each row once.

    Returns:
        0 to 1, or None with the reason when positives or negatives are missing.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.75
    """
    return measure(area_under_curve, labels, scores, weights=weights)


def average_precision(labels: np.ndarray, scores: np.ndarray, *, weights: np.ndarray | None = None) -> Value:
    """Precision at each distinct threshold, weighted by the recall it adds; no interpolation.

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,), higher means more likely.
        weights: (N,), not negative; None counts each row once.

    Returns:
        0 to 1, or None with the reason when there is no positive.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 4)
    0.8333
    """
    return measure(average_precision_of, labels, scores, weights=weights)


def area_under_curve(curve: Curve) -> np.ndarray:
    """Area under the ROC curve for each weighting, float64 (K,); nan without positives or without negatives."""
    gained = np.diff(curve.false_positives, axis=1, prepend=0)  # (K, G)
    before = np.zeros_like(curve.true_positives)
    before[:, 1:] = curve.true_positives[:, :-1]
    area = np.einsum("kg,kg->k", gained, before + curve.true_positives) / 2
    return _ratio(area, curve.positives * curve.negatives)


def average_precision_of(curve: Curve) -> np.ndarray:
    """Average precision for each weighting, float64 (K,); nan without positives."""
    gained = np.diff(curve.true_positives, axis=1, prepend=0)  # (K, G)
    called = curve.true_positives + curve.false_positives
    precision = curve.true_positives / np.where(called > 0, called, 1)
    return _ratio(np.einsum("kg,kg->k", gained, precision), curve.positives)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
