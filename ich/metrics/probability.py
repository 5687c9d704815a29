"""Logits to probabilities."""

import numpy as np


def probability_of(logits: np.ndarray) -> np.ndarray:
    """The logistic function, in float64 and without overflow.

    Args:
        logits: of any shape.

    >>> probability_of(np.array([-1e9, 0.0, 1e9])).round(12).tolist()
    [0.0, 0.5, 1.0]
    """
    return (1 + np.tanh(np.asarray(logits, dtype=np.float64) / 2)) / 2
