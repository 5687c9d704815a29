"""The tables of the PNG mirror, read into one."""

import numpy as np
import pytest

from ich.errors import DataError
from ich.sources.png.table import PngTables, read_png_tables

SLICES = "patient_ID,study_ID,series_ID,filename,any\n"
RESCALE = "series_id,rescale_slope,rescale_intercept\n"


def write(root, *, slices, rescale="s,1,-1024\n"):
    (root / "slices.csv").write_text(SLICES + slices)
    (root / "rescale.csv").write_text(RESCALE + rescale)
    return PngTables("slices.csv", "rescale.csv", None, "{series}/{file}")


def test_slices_come_by_series_and_number_and_not_by_name(tmp_path):
    rows = "p,t,s,IM10_ID_a.png,1\np,t,s,IM9_ID_b.png,0\nq,u,r,IM1_ID_c.png,\n"
    tables = write(tmp_path, slices=rows, rescale="s,1,-1024\nr,2,0\n")

    table = read_png_tables(tmp_path, tables)

    assert table["path"].tolist() == ["r/IM1_ID_c.png", "s/IM9_ID_b.png", "s/IM10_ID_a.png"]
    assert table["image"].tolist() == ["ID_c", "ID_b", "ID_a"]
    assert table["slope"].tolist() == [2, 1, 1]
    np.testing.assert_array_equal(table["any"], np.array([np.nan, 0, 1], np.float32))
    assert table["epidural"].isna().all()


def test_identifiers_stay_as_they_are_written(tmp_path):
    tables = write(tmp_path, slices="007,1e5,s,IM1_ID_a.png,0\n")

    row = read_png_tables(tmp_path, tables).iloc[0]

    assert (row["patient"], row["study"]) == ("007", "1e5")


@pytest.mark.parametrize(
    ("slices", "rescale", "sentence"),
    [
        ("p,t,s,IM1_ID_a.png,0\n" * 2, "s,1,0\n", "found 1 that repeat one"),
        ("p,t,s,IM1_ID_a.png,0\n", "s,1,0\ns,1,-1024\n", "expected one slope and intercept a series, found two"),
        ("p,t,s,IM1_ID_a.png,0\n", "s,0,0\n", "expected numbers as slope and intercept"),
        ("p,t,s,IM1_ID_a.png,0\n", "s,1,inf\n", "expected numbers as slope and intercept"),
        ("", "s,1,0\n", "expected a row a slice, found none"),
        ("p,t,/etc,IM1_ID_a.png,0\n", "/etc,1,0\n", r"expected files below data\.root"),
    ],
    ids=["picture twice", "two rescales", "slope 0", "infinite", "empty", "root of the disk"],
)
def test_tables_that_contradict_themselves_are_an_error(tmp_path, slices, rescale, sentence):
    tables = write(tmp_path, slices=slices, rescale=rescale)

    with pytest.raises(DataError, match=sentence):
        read_png_tables(tmp_path, tables)


def test_a_file_that_is_no_table_is_an_error(tmp_path):
    tables = write(tmp_path, slices="")
    (tmp_path / "slices.csv").write_bytes(b"\xff\xfe\0\0")

    with pytest.raises(DataError, match=r"slices\.csv: expected a CSV table"):
        read_png_tables(tmp_path, tables)
