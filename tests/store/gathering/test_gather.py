"""Tables of what was left out, safe to open in a spreadsheet."""

import pandas as pd

from ich.sources.source import RejectedFile
from ich.store.gathering.gather import write_rejected, write_unmatched


def test_no_file_name_is_a_formula_in_rejected_csv(tmp_path):
    write_rejected(tmp_path, [RejectedFile("=HYPERLINK(1).dcm", "not_dicom", "is no DICOM file")])

    assert pd.read_csv(tmp_path / "rejected.csv")["file"].tolist() == ["'=HYPERLINK(1).dcm"]


def test_no_file_name_is_a_formula_in_unmatched_csv(tmp_path):
    alone = {"side": ["table", "files", "files"], "row_or_file": [12, "@SUM(1).dcm", "one.dcm"]}

    write_unmatched(tmp_path, pd.DataFrame(alone))

    written = pd.read_csv(tmp_path / "unmatched.csv")
    assert written["row_or_file"].tolist() == ["12", "'@SUM(1).dcm", "one.dcm"]
