"""AUC and average precision against scikit-learn, by hand, and against the known answers of CQ500."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ich.metrics.ranking import average_precision, roc_auc

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 3)), min_size=4, max_size=40)


def test_a_tie_between_a_positive_and_a_negative_counts_half():
    assert roc_auc([1, 0], [0.5, 0.5]).value == 0.5
    assert roc_auc([1, 0, 0], [0.5, 0.5, 0.1]).value == 0.75  # by hand: (1/2 + 1) / 2


@settings(max_examples=40)
@given(ROWS)
def test_auc_equals_scikit_learns_with_ties_and_weights(rows):
    labels, scores, weights = np.array(rows, dtype=float).T
    positive = (weights * labels).sum() > 0
    negative = (weights * (1 - labels)).sum() > 0

    ours = roc_auc(labels, scores, weights=weights)

    if positive and negative:
        assert ours.value == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))
    else:
        assert ours.value is None


@settings(max_examples=40)
@given(ROWS)
def test_average_precision_equals_scikit_learns_with_ties_and_weights(rows):
    labels, scores, weights = np.array(rows, dtype=float).T

    ours = average_precision(labels, scores, weights=weights)

    if (weights * labels).sum() > 0:
        theirs = average_precision_score(labels, scores, sample_weight=weights)
        assert ours.value == pytest.approx(theirs)
    else:
        assert ours.value is None


@given(st.permutations(range(12)))
def test_the_order_of_rows_changes_nothing(order):
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 12), rng.integers(0, 4, 12) / 4

    assert roc_auc(labels[order], scores[order]) == roc_auc(labels, scores)
    assert average_precision(labels[order], scores[order]) == average_precision(labels, scores)


def test_rows_with_unknown_labels_are_left_out():
    assert roc_auc([1, 0, np.nan], [0.9, 0.1, 0.0]).value == 1


@pytest.mark.parametrize(
    ("labels", "reason"),
    [([0, 0, 0], "no positive among 3"), ([1, 1, 1], "no negative among 3"), ([np.nan] * 3, "no row with a known")],
    ids=["no positive", "no negative", "all unknown"],
)
def test_without_both_kinds_there_is_a_reason_and_no_number(labels, reason):
    auc = roc_auc(labels, [0.1, 0.2, 0.3])

    assert auc.value is None
    assert reason in auc.reason


def test_the_published_scores_of_cq500_have_their_known_auc_and_average_precision(realdata):
    # tables/expected.json: sklearn's figures for Qure.ai's published outputs, heavily tied scores, majority of reads.
    tables = realdata / "tables"
    reads = pd.read_csv(tables / "cq500_reads.csv").set_index("name")
    scores = pd.read_csv(tables / "cq500_prediction_probabilities.csv").set_index("name").loc[reads.index]
    known = json.loads((tables / "expected.json").read_text())["cq500_auc"]

    for row in known["rows"]:
        truth = (reads[[f"R{reader}:{row['truth']}" for reader in (1, 2, 3)]].sum(axis=1) >= 2).to_numpy(float)
        score = scores[row["score"]].to_numpy()
        assert truth.sum() == row["positives"]
        assert roc_auc(truth, score).value == pytest.approx(row["auc"], abs=5e-5)
        assert average_precision(truth, score).value == pytest.approx(row["ap"], abs=5e-5)


def test_the_published_scores_of_three_nets_on_ct_ich_have_their_known_auc(realdata):
    models = pd.read_csv(realdata / "tables" / "ctich_fda_models.csv")
    known = json.loads((realdata / "tables" / "expected.json").read_text())["ctich_fda_auc"]["rows"]
    names = ["model_1", "model_2", "model_3"]

    aucs = [roc_auc(models["any"], models[name]).value for name in names]
    aucs.append(roc_auc(models["any"], models[names].mean(axis=1)).value)

    assert aucs == pytest.approx([row["auc"] for row in known], abs=5e-5)
