"""What a threshold of one half gets right, by hand."""

import pytest

from ich.metrics.confusion import accuracy, sensitivity, specificity

LABELS = [1, 1, 1, 0, 0]
SCORES = [0.9, 0.5, 0.2, 0.6, 0.1]


def test_counts_by_hand_with_a_score_on_the_threshold_called_positive():
    assert accuracy(LABELS, SCORES).value == pytest.approx(3 / 5)
    assert sensitivity(LABELS, SCORES).value == pytest.approx(2 / 3)
    assert specificity(LABELS, SCORES).value == pytest.approx(1 / 2)


def test_another_threshold_gives_other_counts():
    assert sensitivity(LABELS, SCORES, threshold=0.2).value == 1
    assert specificity(LABELS, SCORES, threshold=0.7).value == 1


def test_sensitivity_without_positives_and_specificity_without_negatives_say_why():
    assert sensitivity([0, 0], [0.1, 0.9]).reason == "no positive among 2"
    assert specificity([1, 1], [0.1, 0.9]).reason == "no negative among 2"
    assert accuracy([0, 0], [0.1, 0.9]).value == 0.5
