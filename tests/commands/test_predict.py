"""What predict.py writes beside its scores."""

import pandas as pd

from ich.commands.predict import _write_not_used


def test_no_file_name_is_a_formula_in_not_used_csv(tmp_path):
    _write_not_used(tmp_path, [("=HYPERLINK(1).dcm", 1, "not_dicom", "is no DICOM file")])

    assert pd.read_csv(tmp_path / "not_used.csv").iloc[0, 0] == "'=HYPERLINK(1).dcm"
