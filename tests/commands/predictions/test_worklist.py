"""The tables of a prediction."""

import pandas as pd
import pytest

from ich.commands.predictions.scored import Scored, StudyToScore, is_shared, write_scored
from ich.commands.predictions.worklist import NOT_USED, WORKLIST, gather, write_tables
from ich.dicom.contents import StudyFiles


def test_no_file_name_is_a_formula_in_not_used_csv(tmp_path):
    write_tables(tmp_path, [], left_out=[("=HYPERLINK(1).dcm", 1, "not_dicom", "is no DICOM file")])

    assert pd.read_csv(tmp_path / NOT_USED).iloc[0, 0] == "'=HYPERLINK(1).dcm"


def test_what_was_scored_is_kept_until_the_worklist_is_written(tmp_path):
    scored = Scored("state", {"folder": "study-001", "study_uid": "1.2", "any": 0.5}, None, ())
    write_scored(tmp_path, StudyToScore("study-001", StudyFiles("1.2", ()), "state"), scored=scored)
    (tmp_path / WORKLIST).mkdir()  # it can't be written

    with pytest.raises(IsADirectoryError):
        gather(tmp_path, [scored], rejected=[], shards=1)

    assert is_shared(tmp_path)


def test_the_surest_study_stands_first(tmp_path):
    rows = [
        {"folder": f"study-{number}", "study_uid": "1.2", "any": any_bleed}
        for number, any_bleed in ((1, 0.1), (2, 0.9))
    ]

    write_tables(tmp_path, rows, left_out=[])

    assert pd.read_csv(tmp_path / WORKLIST)["folder"].tolist() == ["study-2", "study-1"]
