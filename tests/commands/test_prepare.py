"""What prepare.py says can be typed next, also where nothing can be prepared."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ich.commands.configuration.config import compose_checked
from ich.commands.configuration.parts import make_source
from ich.commands.prepare import next_step, prepare
from ich.errors import DataError
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

    said = next_step(unlabelled, Rsna("rsna", "test"), config=OmegaConf.create({"data": {"root": "rsna"}}))

    assert said == "python predict.py checkpoint=RUN input=rsna/stage_2_test"


def test_volumes_without_labels_are_not_said_to_be_read_by_predict(unlabelled, tmp_path):
    said = next_step(unlabelled, NiftiFolder(tmp_path), config=OmegaConf.create({"data": {"root": "volumes"}}))

    assert said == "the same command with data.labels=TABLE.csv; predict.py reads DICOM, no volumes"


def test_any_other_folder_is_scored_as_it_was_prepared(unlabelled, tmp_path):
    said = next_step(unlabelled, Folder(tmp_path), config=OmegaConf.create({"data": {"root": "export"}}))

    assert said == "python predict.py checkpoint=RUN input=export"


@pytest.fixture
def no_heads(tmp_path):
    """`prepare.py` on a study of two slices, which is no head, with further options."""
    tiny = ["data.n_studies=1", "data.scanner.size=32", "data.scanner.n_slices=[2,2]", "data.processes=0"]
    make_source(compose_checked("prepare", ["data=phantom", f"data.root={tmp_path / 'heads'}", *tiny])).check()
    places = [f"data.root={tmp_path / 'heads' / 'dicom'}", f"paths.stores={tmp_path / 'stores'}", "processes=0"]
    return lambda *more: prepare(compose_checked("prepare", ["data=folder", *places, *more]))


def test_where_no_study_is_a_head_the_way_to_its_series_is_said(no_heads):
    with pytest.raises(DataError, match=r"name another folder, or add inspect=true, which lists the series$"):
        no_heads()


def test_who_has_just_seen_the_series_is_not_sent_to_them_again(no_heads, capsys):
    with pytest.raises(DataError, match=r"name another folder$"):
        no_heads("inspect=true")

    assert "too_few_slices" in capsys.readouterr().out
