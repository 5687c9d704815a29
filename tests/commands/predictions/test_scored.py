from pathlib import Path

import pytest

from ich.commands.predictions.scored import (
    Scored,
    is_shared,
    read_scored,
    remove_scored,
    studies_to_score,
    write_scored,
)
from ich.dicom.contents import StudyFiles
from ich.store.sharing.shards import Share

ROOT = Path("/input")
STUDIES = [StudyFiles(f"1.2.{number}", ()) for number in range(40)]
SETTINGS = {"model": "abc", "slab_mm": 5.0}


@pytest.fixture
def studies():
    return studies_to_score(STUDIES, root=ROOT, settings=SETTINGS)


def scored(study):
    return Scored(study.state, {"folder": study.name, "any": 0.5}, None, (("a.dcm", 1, "code", "why"),))


def write(folder, study):
    (folder / study.name).mkdir()
    (folder / study.name / "page.html").touch()
    write_scored(folder, study, scored=scored(study))


def test_what_is_said_of_a_study_comes_back(studies, tmp_path):
    write(tmp_path, studies[3])

    assert read_scored(tmp_path, studies) == {"study-004": scored(studies[3])}


def test_each_study_belongs_to_one_share(studies):
    shares = [Share(number, 8) for number in range(8)]

    assert [sum(study.is_of(share) for share in shares) for study in studies] == [1] * 40
    assert sum(study.is_of(Share()) for study in studies) == 40


def test_another_model_scores_again(studies, tmp_path):
    write(tmp_path, studies[0])

    assert read_scored(tmp_path, studies_to_score(STUDIES, root=ROOT, settings={**SETTINGS, "model": "other"})) == {}


def test_a_study_without_its_page_is_scored_again(studies, tmp_path):
    write(tmp_path, studies[0])
    (tmp_path / studies[0].name / "page.html").unlink()

    assert read_scored(tmp_path, studies) == {}


def test_nothing_is_left_when_nobody_needs_it(studies, tmp_path):
    write(tmp_path, studies[0])
    assert is_shared(tmp_path)

    remove_scored(tmp_path)

    assert not is_shared(tmp_path)
