import numpy as np
import pytest
import torch

from ich.labels import LABELS
from ich.learn.loop.metrics import LABEL_SCORES, RowScores, slice_scores
from ich.metrics.log_loss import weighted_log_loss
from ich.metrics.ranking import roc_auc


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    labels = (rng.random((40, 6)) < 0.4).astype(np.float32)
    return np.arange(40), rng.normal(size=(40, 6)).astype(np.float32), labels


def filled(rows, logits, labels, *, batch=7) -> RowScores:
    scores = RowScores()
    for first in range(0, max(len(rows), 1), batch):
        part = slice(first, first + batch)
        scores.update(*(torch.from_numpy(values[part]) for values in (rows, logits, labels)))
    return scores


def test_scores_are_those_of_the_pure_functions(answers):
    _, logits, labels = answers

    scores = filled(*answers).compute()

    probabilities = 1 / (1 + np.exp(-logits.astype(np.float64)))
    assert scores["log_loss"] == pytest.approx(weighted_log_loss(labels, probabilities), rel=1e-12)
    assert scores["auc_any"] == roc_auc(labels[:, 5], probabilities[:, 5]).value
    assert set(scores) == {
        "log_loss",
        *(f"{name}_{label}" for name in LABEL_SCORES for label in LABELS),
    }


def test_order_and_batches_change_nothing(answers):
    order = np.random.default_rng(1).permutation(40)

    shuffled = filled(*(values[order] for values in answers), batch=3)

    assert shuffled.compute() == filled(*answers).compute()


def test_a_row_that_came_twice_counts_once(answers):
    twice = filled(*(np.concatenate([values, values[:5]]) for values in answers))

    assert twice.compute() == filled(*answers).compute()


def test_a_label_without_positives_is_left_out(answers):
    rows, logits, labels = answers
    labels[:, 0] = 0

    scores = filled(rows, logits, labels).compute()

    assert "auc_epidural" not in scores
    assert "average_precision_epidural" not in scores
    assert "auc_any" in scores


def test_without_labels_there_are_no_scores(answers):
    _, logits, labels = answers

    assert slice_scores(np.full_like(labels, np.nan), logits) == {}


def test_without_rows_there_are_no_scores():
    assert filled(np.empty(0, dtype=np.int64), np.empty((0, 6)), np.empty((0, 6)), batch=1).compute() == {}


def test_the_surest_logits_stay_finite():
    labels = np.tile([[0.0], [1.0]], 6)

    scores = slice_scores(labels, np.where(labels == 1, 1e4, -1e4))

    assert scores["log_loss"] == pytest.approx(0, abs=1e-12)
