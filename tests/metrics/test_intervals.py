"""Intervals over patients."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ich.metrics.curve import rank
from ich.metrics.intervals import (
    Estimate,
    combine,
    difference,
    estimate_curves,
    patient_resamples,
)
from ich.metrics.ranking import area_under_curve, average_precision_of


def test_each_resample_draws_as_many_patients_as_there_are():
    counts = patient_resamples(30, n_resamples=50, rng=np.random.default_rng(0))

    assert counts.shape == (50, 30)
    assert (counts.sum(axis=1) == 30).all()
    assert counts.max() > 1


def test_weighted_resamples_equal_scikit_learn_on_rows_repeated_patient_by_patient():
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(8), 5)
    labels, scores = rng.integers(0, 2, 40), rng.integers(0, 9, 40) / 9
    resamples = patient_resamples(8, n_resamples=20, rng=rng)

    auc, precision = estimate_curves(
        [area_under_curve, average_precision_of], rank(labels, scores, owner=patients), resamples=resamples
    )

    for k, counts in enumerate(resamples):
        rows = np.concatenate([np.flatnonzero(patients == patient).repeat(counts[patient]) for patient in range(8)])
        assert auc.samples[k] == pytest.approx(roc_auc_score(labels[rows], scores[rows]))
        assert precision.samples[k] == pytest.approx(average_precision_score(labels[rows], scores[rows]))


def test_steps_through_the_resamples_give_what_one_step_gives(monkeypatch):
    rng = np.random.default_rng(2)
    ranking = rank(rng.integers(0, 2, 30), rng.random(30), owner=np.arange(30) // 3)
    resamples = patient_resamples(10, n_resamples=25, rng=rng)
    [whole] = estimate_curves([area_under_curve], ranking, resamples=resamples)

    monkeypatch.setattr("ich.metrics.intervals.CHUNK", 100)
    [stepped] = estimate_curves([area_under_curve], ranking, resamples=resamples)

    np.testing.assert_array_equal(stepped.samples, whole.samples)


def test_correlated_slices_give_a_wider_interval_than_independent_ones():
    rng = np.random.default_rng(3)
    labels = np.repeat(rng.integers(0, 2, 40), 25)
    scores = labels + np.repeat(rng.normal(scale=2, size=40), 25)  # all slices of a patient share his luck

    def width(patients):
        resamples = patient_resamples(patients.max() + 1, n_resamples=200, rng=np.random.default_rng(0))
        [auc] = estimate_curves([area_under_curve], rank(labels, scores, owner=patients), resamples=resamples)
        low, high = auc.to_json()["interval"]
        return high - low

    assert width(np.repeat(np.arange(40), 25)) > 2 * width(np.arange(1_000))


def test_resamples_without_a_positive_are_left_out_and_counted():
    samples = np.array([0.5] * 95 + [np.nan] * 5)

    measured = Estimate(0.5, samples).to_json()

    assert measured == {"value": 0.5, "interval": [0.5, 0.5], "reason": None, "left_out": 5}


def test_too_few_resamples_left_give_the_value_and_a_reason_instead_of_an_interval():
    measured = Estimate(0.5, np.array([0.5] * 89 + [np.nan] * 11)).to_json()

    assert measured["value"] == 0.5
    assert measured["interval"] is None
    assert measured["reason"] == "only 89 of 100 resamples have the cases this needs (at least 90)"


def test_one_patient_has_no_interval():
    ranking = rank(np.array([0, 1]), np.array([0.1, 0.9]), owner=np.array([0, 0]))
    resamples = patient_resamples(1, rng=np.random.default_rng(0))

    [estimate] = estimate_curves([area_under_curve], ranking, resamples=resamples)

    assert estimate.to_json()["value"] == 1
    assert "at least two patients" in estimate.to_json()["reason"]


def test_a_paired_difference_is_taken_in_each_resample():
    before, after = Estimate(0.5, np.array([0.4, 0.6])), Estimate(0.7, np.array([0.6, 0.8]))

    gain = difference(before, after)

    assert gain.value == pytest.approx(0.2)
    np.testing.assert_allclose(gain.samples, [0.2, 0.2])


def test_what_is_made_of_a_missing_number_is_missing_for_the_same_reason():
    missing = Estimate(None, np.zeros(0), "no positive among 3")

    assert combine(np.divide, Estimate(1.0, np.ones(2)), missing).reason == "no positive among 3"
