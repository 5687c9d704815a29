"""What a prediction says, and what it writes."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

from ich.ensemble.prediction import OperatingPoint, Prediction
from ich.errors import ConfigError
from ich.labels import LABELS


@pytest.fixture
def prediction() -> Prediction:
    slices = pd.DataFrame({"index": range(4), "position_mm": np.float32([0, 5, 10, 15]), "sop_uid": list("abcd")})
    for label in LABELS:
        slices[label] = [0.1, 0.7, 0.3, 0.7]
    points = {label: OperatingPoint(0.5) for label in LABELS} | {
        "epidural": OperatingPoint(None, "0 positives"),
        "subdural": OperatingPoint(0.8),
    }
    return Prediction(
        study={label: float(slices[label].max()) for label in LABELS},
        slices=slices,
        logits={"ensemble": np.zeros((4, 6), np.float32)},
        operating_points={"sensitivity_95": points},
        study_uid="1.2.3",
    )


def test_key_slices_are_the_loudest_first_and_the_lower_of_two_equal_ones(prediction):
    assert prediction.key_slices("any", n=3) == [1, 3, 2]


def test_flagged_labels_reach_their_frozen_point(prediction):
    assert prediction.flagged(at="sensitivity_95") == ["intraparenchymal", "intraventricular", "subarachnoid", "any"]


def test_a_score_exactly_at_the_point_is_flagged(prediction):
    prediction.operating_points["sensitivity_95"]["any"] = OperatingPoint(0.7)

    assert "any" in prediction.flagged()


def test_a_label_without_a_point_is_not_judged_and_says_why(prediction):
    assert prediction.not_judged() == {"epidural": "0 positives"}


def test_another_operating_point_is_refused_with_the_ones_there_are(prediction):
    with pytest.raises(ConfigError, match="found sensitivity_95"):
        prediction.flagged(at="youden")


def test_another_label_is_refused_with_the_six(prediction):
    with pytest.raises(ConfigError, match="expected one of epidural"):
        prediction.key_slices("sdh")


def test_json_holds_scores_flags_and_reasons(prediction, tmp_path):
    text = prediction.to_json(tmp_path / "out.json")

    assert (tmp_path / "out.json").read_text() == text
    content = json.loads(text)
    assert content["study"]["any"] == pytest.approx(0.7)
    assert content["flagged"]["sensitivity_95"] == prediction.flagged()
    assert content["not_judged"]["sensitivity_95"] == {"epidural": "0 positives"}
    assert content["slices"][1]["sop_uid"] == "b"


def test_csv_has_one_row_a_slice(prediction, tmp_path):
    prediction.to_csv(tmp_path / "out.csv")

    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["sop_uid"] for row in rows] == list("abcd")
    assert float(rows[1]["subdural"]) == pytest.approx(0.7)


def test_a_uid_that_a_spreadsheet_would_run_is_quoted_in_the_csv(prediction, tmp_path):
    prediction.slices["sop_uid"] = ["=1+1", "+1", "1.2", "c"]
    prediction.to_csv(tmp_path / "out.csv")

    with (tmp_path / "out.csv").open() as file:
        assert [row["sop_uid"] for row in csv.DictReader(file)] == ["'=1+1", "'+1", "1.2", "c"]


def test_a_failed_write_leaves_the_old_file(prediction, tmp_path):
    (tmp_path / "out.json").write_text("old")
    prediction.study["any"] = float("nan")  # no JSON number

    with pytest.raises(ValueError, match="not JSON compliant"):
        prediction.to_json(tmp_path / "out.json")

    assert (tmp_path / "out.json").read_text() == "old"
