"""Thresholds that reach a sensitivity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.metrics.operating import threshold_at_sensitivity


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=20, max_size=60), st.floats(0.05, 1))
def test_the_threshold_reaches_the_sensitivity_and_the_next_higher_score_does_not(rows, wanted):
    labels, scores = np.array(rows, dtype=float).T
    positive_scores = scores[labels == 1]
    if len(positive_scores) == 0:
        return

    threshold = threshold_at_sensitivity(labels, scores, sensitivity=wanted, minimum_positives=1).value

    assert (positive_scores >= threshold).mean() >= wanted - 1e-9
    assert (positive_scores > threshold).mean() < wanted


def test_nineteen_of_twenty_are_ninety_five_percent():
    scores = np.arange(20) / 20

    assert threshold_at_sensitivity(np.ones(20), scores).value == 0.05


def test_a_sensitivity_that_floats_cannot_hold_asks_for_no_positive_more():
    scores = np.arange(100)

    assert threshold_at_sensitivity(np.ones(100), scores, sensitivity=0.55).value == 45  # .55 * 100 > 55 in floats


def test_too_few_positives_give_the_reason_and_the_number_that_is_needed():
    labels, scores = np.array([1] * 9 + [0] * 100), np.linspace(1, 0, 109)

    threshold = threshold_at_sensitivity(labels, scores)

    assert threshold.value is None
    assert threshold.reason == "9 positives; at least 10 are needed for an operating point"


def test_unknown_labels_are_no_positives():
    assert threshold_at_sensitivity([np.nan] * 20, np.ones(20)).value is None


@pytest.mark.parametrize("minimum", [0, 1])
def test_without_any_positive_there_is_never_a_threshold(minimum):
    assert threshold_at_sensitivity([0, 0], [0.1, 0.2], minimum_positives=minimum).value is None
