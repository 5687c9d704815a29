"""What predict.py writes beside its scores."""

import pandas as pd
import pytest

from ich.commands.predict import WORKLIST, _gather, _write_not_used
from ich.commands.predictions.scored import Scored, StudyToScore, is_shared, write_scored
from ich.dicom.contents import StudyFiles


def test_no_file_name_is_a_formula_in_not_used_csv(tmp_path):
    _write_not_used(tmp_path, [("=HYPERLINK(1).dcm", 1, "not_dicom", "is no DICOM file")])

    assert pd.read_csv(tmp_path / "not_used.csv").iloc[0, 0] == "'=HYPERLINK(1).dcm"


def test_what_was_scored_is_kept_until_the_worklist_is_written(tmp_path):
    scored = Scored("state", {"folder": "study-001", "study_uid": "1.2", "any": 0.5}, None, ())
    write_scored(tmp_path, StudyToScore("study-001", StudyFiles("1.2", ()), "state"), scored=scored)
    (tmp_path / WORKLIST).mkdir()  # it can't be written

    with pytest.raises(IsADirectoryError):
        _gather(tmp_path, [scored], unread=[], rejected=[], model=None, shards=1)

    assert is_shared(tmp_path)
