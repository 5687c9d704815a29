"""Thresholds chosen on validation patients, to be frozen before anyone looks at the test."""

import math

import numpy as np

from ich.metrics.value import Value

# Below 10 positives one missed case moves the sensitivity by more than 10 points: "95 %" would mean "all of them".
MINIMUM_POSITIVES = 10


def threshold_at_sensitivity(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    sensitivity: float = 0.95,
    minimum_positives: int = MINIMUM_POSITIVES,
) -> Value:
    """Highest threshold that still finds at least this share of the positive rows (`score >= threshold`).

    Args:
        labels: (N,) of 0, 1 and nan for unknown (left out).
        scores: (N,), higher means more likely.
        sensitivity: above 0, at most 1.
        minimum_positives: with fewer there is no threshold, but a reason.

    >>> threshold_at_sensitivity([1, 1, 1, 0], [0.9, 0.8, 0.4, 0.5], sensitivity=0.6, minimum_positives=3).value
    0.8
    """
    positive_scores = np.sort(np.asarray(scores, dtype=np.float64)[np.asarray(labels) == 1])
    n_positives = len(positive_scores)
    if n_positives < max(minimum_positives, 1):
        return Value(None, f"{n_positives} positives; at least {minimum_positives} are needed for an operating point")
    n_found = math.ceil(sensitivity * n_positives - 1e-9)  # .55 * 100 is 55.00000000000001 in floats
    return Value(float(positive_scores[n_positives - n_found]))
