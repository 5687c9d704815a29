"""Points of the precision-recall and the ROC curve of each label, few enough to be drawn."""

from collections.abc import Callable

import numpy as np

from ich.labels import LABELS
from ich.metrics.curve import Curve, rank

MOST_POINTS = 100  # a label and curve; more can't be told apart on a screen
Point = tuple[str, float, float]  # label, x, y
Axes = tuple[np.ndarray, np.ndarray]  # x and y of a curve's points


def precision_recall_points(labels: np.ndarray, probabilities: np.ndarray) -> list[Point]:
    """Points (label, recall, precision) of each label that has positives.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        probabilities: (N, L) in 0..1.
    """
    return _points(labels, probabilities, _recall_and_precision)


def roc_points(labels: np.ndarray, probabilities: np.ndarray) -> list[Point]:
    """Points (label, 1 - specificity, sensitivity) of each label that has positives and negatives.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        probabilities: (N, L) in 0..1.
    """
    return _points(labels, probabilities, _alarms_and_sensitivity)


def _recall_and_precision(curve: Curve) -> Axes | None:
    hits, alarms = curve.true_positives[0], curve.false_positives[0]
    return (hits / curve.positives[0], hits / (hits + alarms)) if curve.positives[0] > 0 else None


def _alarms_and_sensitivity(curve: Curve) -> Axes | None:
    if curve.positives[0] == 0 or curve.negatives[0] == 0:
        return None
    alarms, hits = curve.false_positives[0] / curve.negatives[0], curve.true_positives[0] / curve.positives[0]
    return np.append(0.0, alarms), np.append(0.0, hits)


def _points(labels: np.ndarray, probabilities: np.ndarray, axes_of: Callable[[Curve], Axes | None]) -> list[Point]:
    """Each label's curve, at most MOST_POINTS of its points evenly spread over it, both ends among them."""
    points: list[Point] = []
    for number, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, number])
        axes = axes_of(rank(labels[known, number], probabilities[known, number]).curve()) if known.any() else None
        if axes is not None:
            places = np.unique(np.linspace(0, len(axes[0]) - 1, min(MOST_POINTS, len(axes[0]))).round().astype(int))
            points += [(label, float(axes[0][place]), float(axes[1][place])) for place in places]
    return points
