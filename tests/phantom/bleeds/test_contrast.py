"""How much a bleed changes a slice: HU over what lies there times area, in the skull only."""

from dataclasses import replace

import numpy as np

from ich.phantom.bleeds.contrast import visible_contrast


def test_contrast_is_hu_times_square_millimetres(head, bleed_of):
    bleed = bleed_of(pixels=3, contrast=30)

    expected = 3 * 30 * head.fields.spacing[1] * head.fields.spacing[2]

    np.testing.assert_allclose(visible_contrast(bleed, head.fields), [expected], rtol=1e-4)


def test_dark_old_blood_counts_like_bright_blood(head, bleed_of):
    dark, bright = (visible_contrast(bleed_of(pixels=3, contrast=c), head.fields) for c in (-20, 20))

    np.testing.assert_allclose(dark, bright, rtol=1e-4)


def test_blood_spilt_into_bone_is_not_seen(head, bleed_of):
    bleed = bleed_of(pixels=64, contrast=30)
    all_bone = replace(head.fields, cavity=np.ones_like(head.fields.cavity))

    assert visible_contrast(bleed, all_bone).max() == 0
