"""The challenge's log loss, by hand and against scikit-learn and the field's known figures."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from ich.errors import DataError
from ich.labels import LABEL_WEIGHTS
from ich.metrics.log_loss import prevalence_answer, training_prevalence, weighted_log_loss


def test_it_is_the_mean_over_rows_of_the_weighted_mean_over_labels():
    rng = np.random.default_rng(0)
    labels, probabilities = rng.integers(0, 2, (50, 6)), rng.random((50, 6))

    by_label = [log_loss(labels[:, i], probabilities[:, i], labels=[0, 1]) for i in range(6)]

    expected = np.average(by_label, weights=LABEL_WEIGHTS)
    assert weighted_log_loss(labels, probabilities) == pytest.approx(expected)


def test_any_counts_twice():
    labels = np.zeros((1, 6))
    only_any, only_first = np.zeros((2, 1, 6))
    only_any[0, 5] = only_first[0, 0] = 0.5

    assert weighted_log_loss(labels, only_any) == pytest.approx(2 * weighted_log_loss(labels, only_first))


def test_a_confident_miss_costs_what_the_platforms_clip_allows():
    labels, probabilities = np.ones((1, 6)), np.zeros((1, 6))

    assert weighted_log_loss(labels, probabilities) == pytest.approx(34.54, abs=0.01)  # -ln 1e-15
    assert weighted_log_loss(labels, probabilities, clip=1e-5) == pytest.approx(11.51, abs=0.01)  # -ln 1e-5


def test_the_prevalence_answer_of_the_challenges_training_set_scores_as_known():
    # Stage-2 train: images and positives a label of the challenge's label file (duplicates dropped); log loss .2311.
    positives = np.array([3_145, 36_118, 26_205, 35_675, 47_166, 107_933])
    n = 752_803
    prevalence = positives / n
    labels = np.zeros((2, 6))

    negatives_cost = weighted_log_loss(labels[:1], prevalence_answer(prevalence, 1), weights=LABEL_WEIGHTS)
    entropy = -(prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence))

    assert np.average(entropy, weights=LABEL_WEIGHTS) == pytest.approx(0.2311, abs=5e-5)
    assert negatives_cost == pytest.approx(np.average(-np.log(1 - prevalence), weights=LABEL_WEIGHTS))


def test_unknown_labels_are_left_out_label_by_label():
    labels = np.array([[1.0, np.nan], [np.nan, np.nan]])
    probabilities = np.array([[0.5, 0.9], [0.1, 0.9]])

    assert weighted_log_loss(labels, probabilities, weights=(1, 2)) == pytest.approx(np.log(2))


def test_nothing_known_is_nan():
    assert np.isnan(weighted_log_loss(np.full((3, 6), np.nan), np.full((3, 6), 0.5)))


@pytest.mark.parametrize("wrong", [1.2, -0.1, np.nan], ids=["above 1", "below 0", "nan"])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(DataError, match="between 0 and 1"):
        weighted_log_loss(np.zeros((1, 6)), np.full((1, 6), wrong))


def test_training_prevalence_counts_known_labels_only():
    labels = np.array([[1, np.nan], [0, np.nan], [np.nan, np.nan]])

    np.testing.assert_array_equal(training_prevalence(labels), [0.5, 0])
