"""What the whole road leaves behind."""

import json

import pandas as pd
import pytest
import torch

from ich.labels import LABELS


def test_the_store_accounts_for_every_file(road):
    files = json.loads((road.store / "store.json").read_text())["counts"]["files"]

    assert files["found"] == len(list(road.dicom.rglob("*.dcm")))
    assert files["found"] == files["used"] + files["not_chosen"] + files["rejected"]


def test_every_slice_of_a_made_head_has_its_six_labels(road):
    slices = pd.read_parquet(road.store / "slices.parquet")

    assert slices[list(LABELS)].notna().all(axis=None)


@pytest.mark.parametrize("file", ["a/checkpoints/best.ckpt", "a/checkpoints/last.ckpt", "sequence/ensemble.ckpt"])
def test_checkpoints_hold_tensors_and_plain_values_only(road, file):
    assert torch.load(road.folder / file, weights_only=True)


def test_no_pair_learned_from_a_patient_whom_its_slice_net_had_seen(road):
    for number, name in enumerate("ab"):
        cnn = torch.load(road.folder / name / "checkpoints/best.ckpt", weights_only=True)["ich"]
        sequence = torch.load(road.folder / f"sequence/pair-{number}/checkpoints/best.ckpt", weights_only=True)["ich"]

        assert sequence["train_patients"]
        assert not set(cnn["train_patients"]) & set(sequence["train_patients"])


def test_no_training_has_seen_a_test_patient(road):
    studies = pd.read_parquet(road.store / "studies.parquet")
    trained = torch.load(road.ensemble, weights_only=True)["ich"]["train_patients"]

    assert (studies["fold"] == -1).any()
    assert not set(studies.loc[studies["fold"] == -1, "patient"]) & set(trained)


def test_metrics_hold_both_levels_and_both_predictors(road):
    metrics = json.loads((road.folder / "sequence/evaluation/store-test/metrics.json").read_text())

    for level in ("slice", "study"):
        assert {"cnn", "ensemble", "position"} <= set(metrics[level]["predictors"])


def test_predictions_of_the_evaluation_stand_in_a_table(road):
    table = pd.read_parquet(road.folder / "sequence/evaluation/store-test/predictions.parquet")
    test = pd.read_parquet(road.store / "studies.parquet").query("fold == -1")

    assert set(table["study"]) == set(test["study"])
    assert table[[f"ensemble_{label}" for label in LABELS]].apply(lambda column: column.between(0, 1)).all(axis=None)


def test_every_study_of_the_input_gets_scores_and_a_page(road):
    worklist = pd.read_csv(road.folder / "predictions/worklist.csv")

    assert len(worklist) == 30
    for folder in worklist["folder"]:
        assert {file.name for file in (road.folder / "predictions" / folder).iterdir()} == {
            "page.html",
            "prediction.json",
            "slices.csv",
        }


def test_files_that_are_no_dicom_are_listed_with_their_reason(road):
    not_used = pd.read_csv(road.folder / "predictions/not_used.csv")

    assert set(not_used["what"]) == {"labels.csv", "phantom.json"}
    assert set(not_used["code"]) == {"not_dicom"}


def test_commands_end_with_the_next_one_to_type(road):
    for station in ("prepare", "a", "sequence", "evaluate"):
        assert "next" in road.printed[station].splitlines()[-1]


def test_no_patient_id_reaches_the_terminal_a_page_or_a_checkpoint(road):
    made = "PHANTOM-"
    files = [road.ensemble, *road.folder.glob("predictions/*/*"), *road.folder.glob("*/run.log")]

    assert not any(made in text for text in road.printed.values())
    assert not any(made.encode() in file.read_bytes() for file in files)
