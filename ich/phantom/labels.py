"""The labels of a slice: positive where a bleed is visible."""

import numpy as np

from ich.phantom.bleeds.contrast import LEAST_VISIBLE


def slice_labels(contrast: np.ndarray) -> np.ndarray:
    """Six labels a slice from the contrast of each kind.

    Args:
        contrast: float (S, 5), HU times mm2, in the order of `ich.labels.SUBTYPES`.

    Returns:
        int8 (S, 6) in the order of `ich.labels.LABELS`; `any` is the maximum of the five.
    """
    subtypes = contrast >= LEAST_VISIBLE
    return np.column_stack([subtypes, subtypes.any(axis=1)]).astype(np.int8)
