"""The control that sees no pixel: what the place of a slice in its study says about its labels."""

import numpy as np
from numpy.typing import ArrayLike

N_BINS = 20  # equal parts of the study's height; some 1.5 slices of 5 mm each


def relative_positions(positions: np.ndarray) -> np.ndarray:
    """Place of each slice between the lowest (0, feet) and the highest (1, head) of its study.

    Args:
        positions: (S,) mm along the normal, or slice numbers feet to head.

    Returns:
        float64 (S,); 0.5 where all slices lie at one place.
    """
    positions = np.asarray(positions, dtype=np.float64)
    height = np.ptp(positions)
    if height == 0:
        return np.full(len(positions), 0.5)
    return (positions - positions.min()) / height


def position_bins(positions: np.ndarray, labels: np.ndarray, *, n_bins: int = N_BINS) -> np.ndarray:
    """Learn from training slices how frequent each label is at each height.

    Args:
        positions: (N,) relative positions, 0 feet to 1 head.
        labels: (N, L) of 0, 1 and nan for unknown (left out).
        n_bins: equal parts of 0..1.

    Returns:
        float64 (n_bins, L): P(label | bin), drawn to the overall prevalence by the weight of one slice, so that
        an empty bin has the prevalence and no answer is exactly 0 where positives exist.
    """
    labels = np.asarray(labels, dtype=np.float64)
    known = ~np.isnan(labels)
    prevalence = np.nansum(labels, axis=0) / np.maximum(known.sum(axis=0), 1)
    bins = _bin_of(positions, n_bins)
    positives, counts = np.zeros((2, n_bins, labels.shape[1]))
    np.add.at(positives, bins, np.nan_to_num(labels))
    np.add.at(counts, bins, known)
    return (positives + prevalence) / (counts + 1)


def position_scores(bins: ArrayLike, positions: np.ndarray) -> np.ndarray:
    """Score slices by their height alone.

    Args:
        bins: (n_bins, L) of `position_bins`; nested lists, as a checkpoint keeps them, will do.
        positions: (N,) relative positions, 0 feet to 1 head.

    Returns:
        float64 (N, L) probabilities.
    """
    bins = np.asarray(bins, dtype=np.float64)
    return bins[_bin_of(positions, len(bins))]


def _bin_of(positions: np.ndarray, n_bins: int) -> np.ndarray:
    return np.clip((np.asarray(positions, dtype=np.float64) * n_bins).astype(np.int64), 0, n_bins - 1)
