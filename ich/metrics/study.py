"""From slices to studies: the truth and the score of a study are those of its loudest slice."""

import numpy as np


def study_scores(scores: np.ndarray, studies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum over the slices of each study; grows with the number of slices, so state the slice thickness.

    Args:
        scores: (N, ...) one row a slice.
        studies: (N,) the study of each slice.

    Returns:
        The studies (M,), sorted, and their scores (M, ...).
    """
    return _reduce(np.maximum, scores, studies)


def study_labels(labels: np.ndarray, studies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What any slice of a study has, the study has; without a positive slice it is negative only if all are known.

    Args:
        labels: (N, ...) of 0, 1 and nan for unknown.
        studies: (N,) the study of each slice.

    Returns:
        The studies (M,), sorted, and their labels (M, ...).
    """
    names, greatest = _reduce(np.fmax, labels, studies)
    n_unknown = _reduce(np.add, np.isnan(np.asarray(labels, dtype=np.float64)), studies)[1]
    return names, np.where((greatest == 1) | (n_unknown == 0), greatest, np.nan)


def study_means(scores: np.ndarray, studies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the slices of each study, for comparison with the maximum.

    Args:
        scores: (N, ...) one row a slice.
        studies: (N,) the study of each slice.

    Returns:
        The studies (M,), sorted, and their means (M, ...).
    """
    names, sums = _reduce(np.add, scores, studies)
    counts = np.unique(np.asarray(studies), return_counts=True)[1]
    return names, sums / counts.reshape(-1, *[1] * (sums.ndim - 1))


def _reduce(function: np.ufunc, values: np.ndarray, studies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    studies = np.asarray(studies)
    order = np.argsort(studies, kind="stable")
    names, starts = np.unique(studies[order], return_index=True)
    return names, function.reduceat(np.asarray(values, dtype=np.float64)[order], starts, axis=0)
