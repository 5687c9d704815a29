"""A slice is positive where blood can be seen, not where a voxel holds some."""

from dataclasses import replace

import numpy as np

from ich.phantom.bleeds.fields import Bleed
from ich.phantom.labels import LEAST_VISIBLE, slice_labels, visible_contrast


def bleed_of(head, *, pixels, contrast):
    """`pixels` pixels in the middle of slice 15, `contrast` HU over what lies there."""
    box = (slice(15, 16), slice(28, 36), slice(28, 36))
    mask = np.zeros((1, 8, 8), dtype=np.float32)
    mask.ravel()[:pixels] = 1
    return Bleed("intraparenchymal", box, head.fields.hu[box] + np.float32(contrast), mask)


def test_contrast_is_hu_times_square_millimetres(head):
    bleed = bleed_of(head, pixels=3, contrast=30)

    expected = 3 * 30 * head.fields.spacing[1] * head.fields.spacing[2]

    np.testing.assert_allclose(visible_contrast(bleed, head.fields), [expected], rtol=1e-4)


def test_dark_old_blood_counts_like_bright_blood(head):
    dark, bright = (visible_contrast(bleed_of(head, pixels=3, contrast=c), head.fields) for c in (-20, 20))

    np.testing.assert_allclose(dark, bright, rtol=1e-4)


def test_blood_as_bright_as_brain_is_no_label(head):
    contrast = np.zeros((1, 5))
    contrast[:, 1] = visible_contrast(bleed_of(head, pixels=60, contrast=0.2), head.fields)

    assert not slice_labels(contrast).any()


def test_the_threshold_is_25_mm2_of_30_hu():
    contrast = np.array([[0, 749.0, 0, 0, 0], [0, 751.0, 0, 0, 0]])

    labels = slice_labels(contrast)

    assert LEAST_VISIBLE == 750
    assert labels.tolist() == [[0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1]]


def test_any_is_the_maximum_of_the_five():
    labels = slice_labels(np.random.default_rng(0).uniform(0, 1500, (50, 5)))

    np.testing.assert_array_equal(labels[:, 5], labels[:, :5].max(axis=1))


def test_blood_spilt_into_bone_is_not_seen(head):
    bleed = bleed_of(head, pixels=64, contrast=30)
    all_bone = replace(head.fields, cavity=np.ones_like(head.fields.cavity))

    assert visible_contrast(bleed, all_bone).max() == 0
