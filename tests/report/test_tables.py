"""The tables of metrics.md."""

import numpy as np
import pytest

from ich.labels import LABELS
from ich.metrics.evaluation import evaluate_table
from ich.report.tables import (
    IN_SAMPLE,
    MADE_HEADS,
    ON_MADE_HEADS,
    UNKNOWN_START,
    markdown_table,
    metrics_markdown,
    with_interval,
)


@pytest.fixture(scope="module")
def metrics():
    rng = np.random.default_rng(0)
    rows = {
        "study": np.repeat(np.arange(8), 5),
        "patient": np.repeat(np.arange(8), 5),
        "index": np.tile(np.arange(5), 8),
        "position": np.tile(np.linspace(0, 1, 5), 8),
    }
    for label in LABELS:
        rows[f"label_{label}"] = rng.integers(0, 2, 40) if label != "epidural" else np.zeros(40)
        rows[f"cnn_{label}"], rows[f"ensemble_{label}"] = rng.random((2, 40))
    return evaluate_table(rows, prevalence=[0.5] * 6, position_bins=np.full((4, 6), 0.5), n_resamples=20)


def test_every_table_has_one_length_of_line(metrics):
    text = metrics_markdown(metrics)

    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1


def test_both_levels_show_each_label_for_cnn_and_ensemble(metrics):
    text = metrics_markdown(metrics)

    assert text.index("## Slices") < text.index("## Studies")
    for label in LABELS:
        assert text.count(f"| {label} | 40 |") == 2
        assert text.count(f"| {label} | 8 |") == 2


def test_what_is_missing_stands_below_with_its_reason(metrics):
    text = metrics_markdown(metrics)

    assert "- epidural, CNN, AUC, average precision, sensitivity: no positive among 40" in text
    assert "| epidural | 40 | 0 | CNN | - | - |" in text


@pytest.mark.parametrize(
    ("sentence", "where"), [(MADE_HEADS, {"source": "phantom"}), (IN_SAMPLE, {"in_sample": True})], ids=["made", "seen"]
)
def test_made_heads_and_in_sample_features_are_said_where_they_are_and_only_there(sentence, where, metrics):
    assert sentence in metrics_markdown(metrics, **where)
    assert sentence not in metrics_markdown(metrics, source="rsna")


def test_a_number_without_an_interval_stands_alone():
    assert with_interval({"value": 0.5, "interval": None, "reason": "too few"}) == "0.500"


def test_bars_and_line_breaks_stay_inside_their_cell():
    assert markdown_table(["a"], [["x|y\nz"]]).splitlines()[-1] == "| x\\|y z |"


def test_scores_of_a_net_trained_on_made_heads_say_so_on_other_data(metrics):
    text = metrics_markdown({**metrics, "trained_on": ["phantom"]}, source="ctich")

    assert ON_MADE_HEADS in text
    assert MADE_HEADS not in text


def test_scores_of_a_net_that_started_from_an_unknown_file_say_so(metrics):
    assert UNKNOWN_START in metrics_markdown({**metrics, "start_is_unknown": True}, source="ctich")
    assert UNKNOWN_START not in metrics_markdown({**metrics, "start_is_unknown": False}, source="ctich")
