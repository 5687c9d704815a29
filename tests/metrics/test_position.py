"""The control that sees no pixel."""

import numpy as np

from ich.metrics.position import position_bins, position_scores, relative_positions


def test_the_lowest_slice_is_0_and_the_highest_1():
    np.testing.assert_allclose(relative_positions([-40, -35, -20]), [0, 0.25, 1])


def test_slices_at_one_place_lie_in_the_middle():
    np.testing.assert_array_equal(relative_positions([7.0]), [0.5])


def test_a_bin_holds_the_share_of_its_training_slices_drawn_to_the_prevalence_by_one_slice():
    positions, labels = np.array([0.1, 0.2, 0.9]), np.array([[1.0], [1.0], [0.0]])

    bins = position_bins(positions, labels, n_bins=2)

    np.testing.assert_allclose(bins[:, 0], [(2 + 2 / 3) / 3, (0 + 2 / 3) / 2])  # by hand


def test_an_empty_bin_has_the_prevalence():
    bins = position_bins([0.1, 0.1], [[1.0], [0.0]], n_bins=4)

    np.testing.assert_allclose(bins[1:, 0], 0.5)


def test_unknown_labels_teach_nothing():
    with_unknown = position_bins([0.1, 0.6, 0.6], [[1.0], [0.0], [np.nan]], n_bins=2)

    np.testing.assert_array_equal(with_unknown, position_bins([0.1, 0.6], [[1.0], [0.0]], n_bins=2))


def test_slices_are_scored_by_their_bin_and_the_head_belongs_to_the_last():
    bins = [[0.1] * 6, [0.7] * 6]

    scores = position_scores(bins, [0.0, 0.49, 0.5, 1.0])

    np.testing.assert_array_equal(scores[:, 5], [0.1, 0.1, 0.7, 0.7])
