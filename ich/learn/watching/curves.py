"""Points of the precision-recall and the ROC curve of each label, few enough to be drawn."""

from collections.abc import Iterator

import numpy as np

from ich.labels import LABELS
from ich.metrics.curve import Curve, rank

MOST_POINTS = 100  # a label and curve; more can't be told apart on a screen
Point = tuple[str, float, float]  # label, x, y


def precision_recall_points(labels: np.ndarray, probabilities: np.ndarray) -> list[Point]:
    """Points (label, recall, precision) of each label that has positives.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        probabilities: (N, L) in 0..1.
    """
    points = []
    for label, curve in _curves(labels, probabilities):
        hits, alarms = curve.true_positives[0], curve.false_positives[0]
        if curve.positives[0] > 0:
            points += _thinned(label, hits / curve.positives[0], hits / (hits + alarms))
    return points


def roc_points(labels: np.ndarray, probabilities: np.ndarray) -> list[Point]:
    """Points (label, 1 - specificity, sensitivity) of each label that has positives and negatives.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        probabilities: (N, L) in 0..1.
    """
    points = []
    for label, curve in _curves(labels, probabilities):
        if curve.positives[0] > 0 and curve.negatives[0] > 0:
            alarms = np.append(0.0, curve.false_positives[0] / curve.negatives[0])
            points += _thinned(label, alarms, np.append(0.0, curve.true_positives[0] / curve.positives[0]))
    return points


def _curves(labels: np.ndarray, probabilities: np.ndarray) -> Iterator[tuple[str, Curve]]:
    for number, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, number])
        if known.any():
            yield label, rank(labels[known, number], probabilities[known, number]).curve()


def _thinned(label: str, x: np.ndarray, y: np.ndarray) -> list[Point]:
    """At most MOST_POINTS of a curve's points, evenly spread over it, both ends among them."""
    places = np.unique(np.linspace(0, len(x) - 1, min(MOST_POINTS, len(x))).round().astype(int))
    return [(label, float(x[place]), float(y[place])) for place in places]
