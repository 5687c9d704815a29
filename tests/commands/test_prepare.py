"""What prepare.py says can be typed next."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ich.commands.prepare import next_step
from ich.labels import LABELS
from ich.sources.folder import Folder
from ich.sources.nifti_folder import NiftiFolder
from ich.sources.rsna import Rsna
from ich.store.gathering.summary import PreparedSummary


@pytest.fixture
def unlabelled() -> PreparedSummary:
    nothing = dict.fromkeys(LABELS, 0)
    return PreparedSummary(
        path=Path("store"), source="rsna", n_studies=1, n_patients=1, n_slices=30, n_made=1, n_failed=0,
        positive_slices=nothing, positive_studies=nothing, n_labelled_slices=0, n_labelled_studies=0, folds=(),
        files={}, rejected={}, not_chosen={}, warnings={}, notes=(), facts={}, expected="", hash="", seconds=1.0,
    )  # fmt: skip


def test_the_test_part_of_the_challenge_is_scored_without_its_training_part(unlabelled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part in ("train", "test"):
        (tmp_path / "rsna" / f"stage_2_{part}").mkdir(parents=True)

    said = next_step(unlabelled, Rsna("rsna", "test"), OmegaConf.create({"data": {"root": "rsna"}}))

    assert said == "python predict.py checkpoint=RUN input=rsna/stage_2_test"


def test_volumes_without_labels_are_not_said_to_be_read_by_predict(unlabelled, tmp_path):
    said = next_step(unlabelled, NiftiFolder(tmp_path), OmegaConf.create({"data": {"root": "volumes"}}))

    assert said == "the same command with data.labels=TABLE.csv; predict.py reads DICOM, no volumes"


def test_any_other_folder_is_scored_as_it_was_prepared(unlabelled, tmp_path):
    said = next_step(unlabelled, Folder(tmp_path), OmegaConf.create({"data": {"root": "export"}}))

    assert said == "python predict.py checkpoint=RUN input=export"
