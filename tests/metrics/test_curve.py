"""Counts over falling thresholds."""

import numpy as np
import pytest

from ich.errors import DataError
from ich.metrics.curve import rank


def test_equal_scores_share_one_threshold():
    curve = rank([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]).curve()

    np.testing.assert_array_equal(curve.thresholds, [0.9, 0.5, 0.1])
    np.testing.assert_array_equal(curve.true_positives, [[1, 2, 2]])
    np.testing.assert_array_equal(curve.false_positives, [[0, 1, 2]])


def test_a_row_at_the_threshold_counts_as_called():
    curve = rank([1, 0], [0.5, 0.4]).curve()

    found, false_alarms = curve.at(0.5)

    assert (found[0], false_alarms[0]) == (1, 0)


def test_nothing_is_called_above_the_highest_score():
    curve = rank([1, 0], [0.5, 0.4]).curve()

    found, false_alarms = curve.at(0.6)

    assert (found[0], false_alarms[0]) == (0, 0)


def test_a_patients_weight_counts_all_of_his_rows_that_often():
    labels, scores, patients = np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7]), np.array([0, 0, 1])

    weighted = rank(labels, scores, owner=patients).curve(np.array([[2, 0]]))
    repeated = rank([1, 0, 1, 0], [0.9, 0.8, 0.9, 0.8]).curve()

    np.testing.assert_array_equal(weighted.true_positives[:, :2], repeated.true_positives)
    np.testing.assert_array_equal(weighted.false_positives[:, :2], repeated.false_positives)


@pytest.mark.parametrize(
    ("labels", "scores", "sentence"),
    [
        ([1, 0], [0.5], "one label a score"),
        ([], [], "at least one row"),
        ([1, 2], [0.5, 0.5], "only 0 and 1"),
        ([1, 0], [0.5, np.nan], "found 1 that are not"),
    ],
    ids=["lengths differ", "nothing", "a label of 2", "a score of nan"],
)
def test_what_cannot_be_ranked_is_refused(labels, scores, sentence):
    with pytest.raises(DataError, match=sentence):
        rank(labels, scores)
