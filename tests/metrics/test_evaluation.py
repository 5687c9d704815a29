"""The whole of metrics.json from a table of predictions."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ich.labels import LABELS
from ich.metrics.evaluation import METRICS, evaluate_table
from ich.metrics.log_loss import weighted_log_loss

PREVALENCE = [0.15] * 5 + [0.55]
BINS = np.full((4, 6), 0.2)


def evaluate(table, **options):
    return evaluate_table(table, prevalence=PREVALENCE, position_bins=BINS, n_resamples=40, **options)


@pytest.fixture(scope="module")
def reference(make_predictions) -> str:
    return json.dumps(evaluate(make_predictions()))


def test_everything_is_plain_json(table):
    measured = evaluate(table)

    assert json.loads(json.dumps(measured, allow_nan=False)) == measured


def test_every_number_has_its_four_keys(table):
    measured = evaluate(table)

    for level in ("slice", "study"):
        for predictor in measured[level]["predictors"].values():
            assert list(predictor["labels"]) == list(LABELS)
            for row in predictor["labels"].values():
                assert all(set(row[name]) == {"value", "interval", "reason", "left_out"} for name in METRICS)


def test_values_are_those_of_scikit_learn_and_of_the_log_loss(table):
    cnn = evaluate(table)["slice"]["predictors"]["cnn"]

    labels = np.stack([table[f"label_{label}"] for label in LABELS], axis=1)
    scores = np.stack([table[f"cnn_{label}"] for label in LABELS], axis=1)
    aucs = [roc_auc_score(labels[:, i], scores[:, i]) for i in range(6)]
    assert [cnn["labels"][label]["auc"]["value"] for label in LABELS] == pytest.approx(aucs)
    assert cnn["mean_auc"]["value"] == pytest.approx(np.mean(aucs))
    assert cnn["log_loss"]["value"] == pytest.approx(weighted_log_loss(labels, scores))


def test_the_interval_holds_the_value_and_is_not_a_point(table):
    auc = evaluate(table)["slice"]["predictors"]["cnn"]["labels"]["any"]["auc"]

    low, high = auc["interval"]
    assert low < auc["value"] < high


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(96)))
def test_the_order_of_rows_and_patients_changes_nothing(make_predictions, reference, order):
    shuffled = {name: values[np.array(order)] for name, values in make_predictions().items()}

    assert json.dumps(evaluate(shuffled)) == reference


def test_a_pandas_frame_gives_what_a_dictionary_gives(table, reference):
    assert json.dumps(evaluate(pd.DataFrame(table))) == reference


def test_a_label_without_positives_is_null_with_its_reason_and_not_in_the_mean(table):
    table["label_epidural"][:] = 0

    cnn = evaluate(table)["slice"]["predictors"]["cnn"]

    epidural = cnn["labels"]["epidural"]
    assert epidural["positives"] == 0
    assert epidural["auc"]["value"] is None
    assert epidural["auc"]["reason"] == "no positive among 96"
    assert epidural["sensitivity"]["value"] is None
    assert epidural["specificity"]["value"] is not None
    assert cnn["mean_auc"]["labels"] == list(LABELS[1:])


def test_positives_in_one_patient_give_a_value_without_an_interval(table):
    table["label_epidural"][:] = 0
    table["label_epidural"][3] = 1

    auc = evaluate(table)["slice"]["predictors"]["cnn"]["labels"]["epidural"]["auc"]

    assert auc["value"] is not None
    assert auc["interval"] is None
    assert auc["left_out"] > 4
    assert "resamples have the cases this needs" in auc["reason"]


def test_unknown_labels_are_left_out_and_counted(table):
    table["label_subdural"][:10] = np.nan

    row = evaluate(table)["slice"]["predictors"]["cnn"]["labels"]["subdural"]

    assert row["n"] == 86
    assert row["unknown"] == 10


def test_a_table_of_unknown_labels_is_null_throughout_and_no_crash(table):
    for label in LABELS:
        table[f"label_{label}"][:] = np.nan

    measured = evaluate(table)

    for level in ("slice", "study"):
        cnn = measured[level]["predictors"]["cnn"]
        assert cnn["log_loss"]["reason"] == "no row with a known label"
        assert cnn["mean_auc"] | {"left_out": 0} == {
            "value": None,
            "interval": None,
            "reason": "no label has positives and negatives",
            "left_out": 0,
            "labels": [],
        }


def test_the_prevalence_answer_ranks_nothing_and_has_a_ratio_of_one(table):
    prevalence = evaluate(table)["slice"]["predictors"]["prevalence"]

    assert prevalence["labels"]["any"]["auc"]["value"] == 0.5
    assert prevalence["log_loss_ratio"]["value"] == 1
    assert prevalence["log_loss_ratio"]["interval"] == [1, 1]


def test_without_the_studies_prevalence_there_is_no_straw_man_at_study_level(table):
    without = evaluate(table)["study"]["predictors"]
    given_ = evaluate(table, study_prevalence=[0.5] * 6)["study"]["predictors"]

    assert "prevalence" not in without
    assert without["cnn"]["log_loss_ratio"]["reason"] == "the prevalence of the training studies was not given"
    assert given_["cnn"]["log_loss_ratio"]["value"] > 0
    assert given_["prevalence"]["log_loss"]["value"] == pytest.approx(np.log(2))


def test_the_position_control_scores_by_height_alone(table):
    for label in LABELS:
        table[f"label_{label}"][:] = table["position"] > 0.5
    bins = np.repeat([[0.1], [0.9]], 6, axis=1)

    measured = evaluate_table(table, prevalence=PREVALENCE, position_bins=bins, n_resamples=10)

    assert measured["slice"]["predictors"]["position"]["labels"]["any"]["auc"]["value"] == 1
    assert {"position", "position_mean"} <= set(measured["study"]["predictors"])


def test_the_better_ensemble_gains_and_the_difference_is_paired(table):
    gain = evaluate(table)["slice"]["paired"]["ensemble_minus_cnn"]

    assert gain["log_loss"]["value"] < 0
    assert gain["auc_any"]["value"] > 0
    low, high = gain["auc_any"]["interval"]
    assert low < gain["auc_any"]["value"] < high


def test_a_cnn_alone_is_scored_and_the_difference_says_what_it_needs(table):
    alone = {name: values for name, values in table.items() if not name.startswith("ensemble")}

    measured = evaluate(alone)["slice"]

    assert "ensemble" not in measured["predictors"]
    assert measured["paired"]["ensemble_minus_cnn"] is None
    assert "both" in measured["paired"]["reason"]


def test_the_best_one_number_rule_is_named(table):
    table["rule_share"] = table["label_any"].copy()
    table["rule_eroded"] = 1 - table["label_any"]

    rules = evaluate(table)["slice"]["rules"]

    assert rules["best"] == "rule_share"
    assert rules["auc_any"]["rule_share"]["value"] == 1
    assert set(rules["auc_any"]) == {"rule_share", "rule_eroded"}


def test_another_seed_moves_the_intervals_and_no_value(table):
    first, second = evaluate(table, seed=1), evaluate(table, seed=2)

    one, other = (measured["slice"]["predictors"]["cnn"]["log_loss"] for measured in (first, second))
    assert one["value"] == other["value"]
    assert one["interval"] != other["interval"]
