"""The challenge's metric: weighted log loss over six labels, and the answer that only knows how frequent each is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ich.errors import DataError
from ich.labels import LABEL_WEIGHTS

CLIP = 1e-15  # what the challenge's platform is said to clip to (its page, not verified); a miss costs 34.5 nats


def weighted_log_loss(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    weights: Sequence[float] = LABEL_WEIGHTS,
    clip: float = CLIP,
) -> float:
    """Weighted mean over labels of each label's mean log loss over the rows where it is known.

    Where every label is known this is the challenge's metric: the mean over rows of the weighted mean over labels.
    A label that is known nowhere is left out with its weight.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        probabilities: (N, L) in 0..1.
        weights: (L,), not negative.
        clip: probabilities are kept this far from 0 and 1.

    Returns:
        Nats; nan when no label is known in any row.

    Source: Flanders et al., Radiology: AI 2020;2(3):e190211; weights 2/7 for `any`, 1/7 for each subtype.

    >>> round(weighted_log_loss([[0, 0, 0, 0, 0, 0]], [[0.5] * 6]), 4)
    0.6931
    """
    losses = row_losses(labels, probabilities, clip=clip)  # (N, L)
    known = ~np.isnan(losses)
    return float(weighted_mean(np.nansum(losses, axis=0), known.sum(axis=0), weights=weights))


def row_losses(labels: np.ndarray, probabilities: np.ndarray, *, clip: float = CLIP) -> np.ndarray:
    """Binary log loss of each row and label, float64 (N, L); nan where the label is unknown.

    Raises:
        DataError: shapes differ, or a probability lies outside 0..1.
    """
    labels = np.asarray(labels, dtype=np.float64)
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if labels.shape != probabilities.shape:
        raise DataError(f"labels: expected the probabilities' shape {probabilities.shape}, found {labels.shape}")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise DataError("probabilities: expected numbers between 0 and 1, found others; logits go through a sigmoid")
    clipped = np.clip(probabilities, clip, 1 - clip)
    return -(labels * np.log(clipped) + (1 - labels) * np.log1p(-clipped))


def weighted_mean(sums: np.ndarray, counts: np.ndarray, *, weights: Sequence[float] = LABEL_WEIGHTS) -> np.ndarray:
    """Weighted mean over labels of `sums / counts`; labels with a count of zero are left out with their weight.

    Args:
        sums: (..., L) losses summed over rows.
        counts: (..., L) rows (or weight of rows) behind each sum.
        weights: (L,).

    Returns:
        float64 (...); nan where all counts are zero.
    """
    counts = np.asarray(counts, dtype=np.float64)
    used = np.where(counts > 0, np.asarray(weights, dtype=np.float64), 0)  # (..., L)
    means = np.asarray(sums) / np.where(counts > 0, counts, 1)
    total = used.sum(axis=-1)
    return np.where(total > 0, (used * means).sum(axis=-1) / np.where(total > 0, total, 1), np.nan)


def training_prevalence(labels: np.ndarray) -> np.ndarray:
    """Share of positives among the rows where a label is known, float64 (L,); 0 where it is known nowhere."""
    labels = np.asarray(labels, dtype=np.float64)
    n_known = (~np.isnan(labels)).sum(axis=0)
    return np.nansum(labels, axis=0) / np.maximum(n_known, 1)


def prevalence_answer(prevalence: ArrayLike, n_rows: int) -> np.ndarray:
    """The answer without looking: each label's training prevalence as its probability in every row.

    Returns:
        float64 (n_rows, L).
    """
    return np.tile(np.asarray(prevalence, dtype=np.float64), (n_rows, 1))
