"""How much a bleed changes a slice, and how much is visible."""

import numpy as np

from ich.phantom.anatomy.fields import HeadFields
from ich.phantom.bleeds.bleed import Bleed

# HU times mm2: 25 mm2 of 30 HU over what they replace. A voxel or two of faint blood is no label: nobody could read it.
LEAST_VISIBLE = 25.0 * 30.0


def visible_contrast(bleed: Bleed, head: HeadFields) -> np.ndarray:
    """How much a bleed changes each slice, before blur and noise.

    Args:
        bleed: the bleed.
        head: the head it replaces tissue of.

    Returns:
        float64, one value a slice of the bleed's box: sum over pixels of share times the difference of HU, times mm2.
    """
    difference = np.abs(bleed.hu - head.hu[bleed.box]) * bleed.mask
    difference *= head.cavity[bleed.box] < 0  # what spills over into bone can't be seen
    return difference.sum(axis=(1, 2), dtype=np.float64) * head.spacing[1] * head.spacing[2]
