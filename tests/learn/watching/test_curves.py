"""Curves as they are drawn, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ich.labels import LABELS
from ich.learn.watching.curves import MOST_POINTS, precision_recall_points, roc_points

N = 80  # below MOST_POINTS, so that no point is left out


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = (rng.random((N, len(LABELS))) < 0.4).astype(np.float32)
    labels[:5, 1] = np.nan
    labels[:, 2] = 0  # no positive
    labels[:, 3] = np.nan
    return labels, np.clip(0.3 * np.nan_to_num(labels) + 0.6 * rng.random((N, len(LABELS))), 0, 1)


def points_of(points, label):
    return np.array([point[1:] for point in points if point[0] == label]).T


@pytest.mark.parametrize("number", [0, 1, 4, 5])
def test_the_area_under_the_roc_points_is_the_auc(answers, number):
    labels, probabilities = answers
    known = ~np.isnan(labels[:, number])

    alarms, found = points_of(roc_points(labels, probabilities), LABELS[number])

    assert np.trapezoid(found, alarms) == pytest.approx(
        roc_auc_score(labels[known, number], probabilities[known, number])
    )


@pytest.mark.parametrize("number", [0, 1, 4, 5])
def test_the_steps_under_the_precision_recall_points_are_the_average_precision(answers, number):
    labels, probabilities = answers
    known = ~np.isnan(labels[:, number])

    recall, precision = points_of(precision_recall_points(labels, probabilities), LABELS[number])

    steps = np.diff(recall, prepend=0) @ precision
    assert steps == pytest.approx(average_precision_score(labels[known, number], probabilities[known, number]))


def test_a_label_without_positives_or_without_labels_has_no_curve(answers):
    drawn = {point[0] for points in (roc_points(*answers), precision_recall_points(*answers)) for point in points}

    assert drawn == {LABELS[number] for number in (0, 1, 4, 5)}


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    rng = np.random.default_rng(1)
    labels = (rng.random((5000, len(LABELS))) < 0.5).astype(np.float32)

    points = points_of(roc_points(labels, rng.random(labels.shape)), "any")

    assert points.shape[1] <= MOST_POINTS
    assert points[:, 0].tolist() == [0, 0]
    assert points[:, -1].tolist() == [1, 1]
