"""A slice is positive where blood can be seen, not where a voxel holds some."""

import numpy as np

from ich.phantom.bleeds.contrast import LEAST_VISIBLE, visible_contrast
from ich.phantom.labels import slice_labels


def test_blood_as_bright_as_brain_is_no_label(head, bleed_of):
    contrast = np.zeros((1, 5))
    contrast[:, 1] = visible_contrast(bleed_of(pixels=60, contrast=0.2), head.fields)

    assert not slice_labels(contrast).any()


def test_the_threshold_is_25_mm2_of_30_hu():
    contrast = np.array([[0, 749.0, 0, 0, 0], [0, 751.0, 0, 0, 0]])

    labels = slice_labels(contrast)

    assert LEAST_VISIBLE == 750
    assert labels.tolist() == [[0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1]]


def test_any_is_the_maximum_of_the_five():
    labels = slice_labels(np.random.default_rng(0).uniform(0, 1500, (50, 5)))

    np.testing.assert_array_equal(labels[:, 5], labels[:, :5].max(axis=1))
