"""True and false positives over falling thresholds, for one or many weightings of the same rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ich.errors import DataError
from ich.metrics.value import Value


@dataclass(frozen=True)
class Curve:
    """What lies at or above each distinct score, for `K` weightings at once; most metrics are one line over it.

    Attributes:
        thresholds: float64 (G,), the distinct scores, falling.
        true_positives: float64 (K, G), weight of positive rows with a score at or above the threshold.
        false_positives: float64 (K, G), the same for negative rows.
    """

    thresholds: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray

    @property
    def positives(self) -> np.ndarray:
        """Weight of all positive rows, float64 (K,)."""
        return self.true_positives[:, -1]

    @property
    def negatives(self) -> np.ndarray:
        """Weight of all negative rows, float64 (K,)."""
        return self.false_positives[:, -1]

    def at(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """True and false positives, each (K,), when rows with `score >= threshold` are called positive."""
        n_above = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        if n_above == 0:
            nothing = np.zeros(len(self.positives))
            return nothing, nothing
        return self.true_positives[:, n_above - 1], self.false_positives[:, n_above - 1]


CurveMetric = Callable[[Curve], np.ndarray]  # Curve of K weightings -> float64 (K,), nan where it has no meaning


@dataclass(frozen=True)
class Ranking:
    """Rows sorted once by falling score, so that any weighting of them costs two cumulated sums.

    Attributes:
        thresholds: float64 (G,), distinct scores, falling.
        ends: int64 (G,), last row of each group of equal scores.
        positive_rows: int64 (P,), places of the positive rows among the sorted ones.
        n_positive: int64 (G,), positive rows up to the end of each group.
        owner: int64 (N,), which weight belongs to a sorted row: its own, or its patient's.
        n_weights: how many weights a weighting has.
    """

    thresholds: np.ndarray
    ends: np.ndarray
    positive_rows: np.ndarray
    n_positive: np.ndarray
    owner: np.ndarray
    n_weights: int

    def curve(self, weights: np.ndarray | None = None) -> Curve:
        """Count over falling thresholds.

        Args:
            weights: (K, n_weights), a weight a row or patient; None counts each row once (K = 1).
        """
        weights = np.ones((1, self.n_weights)) if weights is None else np.asarray(weights, dtype=np.float64)
        by_row = weights[:, self.owner]  # (K, N)
        found = np.zeros((len(weights), len(self.positive_rows) + 1))
        np.cumsum(by_row[:, self.positive_rows], axis=1, out=found[:, 1:])
        true_positives = found[:, self.n_positive]  # (K, G)
        called = np.cumsum(by_row, axis=1, out=by_row)
        if len(self.ends) < called.shape[1]:
            called = called[:, self.ends]
        return Curve(self.thresholds, true_positives, called - true_positives)


def rank(labels: np.ndarray, scores: np.ndarray, *, owner: np.ndarray | None = None) -> Ranking:
    """Sort rows by falling score and find the ties.

    Args:
        labels: (N,) of 0 and 1, at least one row.
        scores: (N,) finite numbers, higher means more likely.
        owner: int (N,), number of the patient whose weight a row takes; None gives each row a weight of its own.

    Raises:
        DataError: lengths differ, nothing to rank, labels that are not 0 or 1, scores that are not finite.
    """
    labels, scores = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    _check(labels, scores)
    order = np.argsort(-scores, kind="stable")
    sorted_scores, positive = scores[order], labels[order] == 1
    ends = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)
    owner = np.arange(len(scores)) if owner is None else np.asarray(owner)
    return Ranking(
        thresholds=sorted_scores[ends],
        ends=ends,
        positive_rows=np.flatnonzero(positive),
        n_positive=np.cumsum(positive)[ends],
        owner=owner[order],
        n_weights=int(owner.max()) + 1,
    )


def _check(labels: np.ndarray, scores: np.ndarray) -> None:
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise DataError(f"labels: expected one label a score, found shapes {labels.shape} and {scores.shape}")
    if len(labels) == 0:
        raise DataError("labels: expected at least one row, found none")
    if not np.isin(labels, (0, 1)).all():
        raise DataError("labels: expected only 0 and 1, found others; leave rows with unknown labels out")
    if not np.isfinite(scores).all():
        raise DataError(f"scores: expected finite numbers, found {int((~np.isfinite(scores)).sum())} that are not")


def measure(metric: CurveMetric, labels: np.ndarray, scores: np.ndarray, *, weights: np.ndarray | None) -> Value:
    """One metric of one set of rows, or why it has none; rows with a nan label are left out.

    Args:
        metric: a function of a Curve.
        labels: (N,) of 0, 1 and nan for unknown.
        scores: (N,).
        weights: (N,), not negative; None counts each row once.
    """
    labels, scores = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    known = ~np.isnan(labels)
    if not known.any():
        return Value(None, "no row with a known label")
    weighting = None if weights is None else np.asarray(weights, dtype=np.float64)[None, known]
    curve = rank(labels[known], scores[known]).curve(weighting)
    value = float(metric(curve)[0])
    return Value(value) if np.isfinite(value) else Value(None, why_undefined(curve))


def why_undefined(curve: Curve) -> str:
    """Say in one sentence what the first weighting of a curve lacks."""
    n_rows = f"{curve.positives[0] + curve.negatives[0]:g}"
    if curve.positives[0] == 0:
        return f"no positive among {n_rows}"
    if curve.negatives[0] == 0:
        return f"no negative among {n_rows}"
    return f"not defined for {curve.positives[0]:g} positives among {n_rows}"
