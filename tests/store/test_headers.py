"""The table of headers."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from ich.dicom.files import find_files
from ich.dicom.header import read_headers
from ich.store.choices import with_choices, with_patient_keys
from ich.store.headers import MEMORY_ONLY, file_table, headers_of, known_rows, read_header_table, rows_by
from ich.store.keys import HashKey


@pytest.fixture
def files(tmp_path, write_study, write_slice, slice_hu):
    write_study(tmp_path, 1, n_slices=6, ConvolutionKernel="H30", SliceThickness=5, InstanceNumber=3)
    write_slice(tmp_path / "padded.dcm", slice_hu(1), sop="7.1", study="7", patient="p", PixelPaddingValue=-2000)
    (tmp_path / "letter.txt").write_text("x")
    return find_files(tmp_path)


def table_of(files, root):
    return read_header_table(files, listed=file_table(files, root), processes=0)


def test_headers_come_back_from_the_table_as_they_were_read(files, tmp_path):
    table = table_of(files, tmp_path)
    good = [row for row, code in enumerate(table["code"].to_pylist()) if not code]

    headers = headers_of(table.take(pa.array(good)), [files[row] for row in good])

    assert headers == [read_headers(files[row])[0] for row in good]


def test_a_kept_table_gives_all_but_what_may_name_a_person(files, tmp_path):
    table = with_choices(table_of(files, tmp_path), files, keeps_every_slice=True)
    kept = with_patient_keys(table, source="a", key=HashKey(b"secret key", "file"))

    header = headers_of(kept.slice(0, 1), files[:1])[0]

    assert header == dataclasses.replace(read_headers(files[0])[0], **dict.fromkeys(MEMORY_ONLY, ""))


def test_rejected_files_have_a_row_with_their_reason(files, tmp_path):
    rows = table_of(files, tmp_path).to_pylist()

    assert [(row["file"], row["code"]) for row in rows if row["code"]] == [("letter.txt", "not_dicom")]


def test_a_file_that_changed_or_is_new_is_not_known(files, tmp_path):
    known = table_of(files, tmp_path)
    (tmp_path / "letter.txt").write_text("another one")
    (tmp_path / "new.txt").write_text("x")

    rows = known_rows(known, file_table(find_files(tmp_path), tmp_path))

    names = [file.path.name for file in find_files(tmp_path)]
    assert {name for name, row in zip(names, rows, strict=True) if row < 0} == {"letter.txt", "new.txt"}


def test_rows_are_grouped_by_value_and_keep_their_order():
    column = pa.chunked_array([["b", "a", "b", None, "a"]])

    groups = [rows.tolist() for rows in rows_by(column.fill_null(""), np.array([0, 1, 2, 4]))]

    assert sorted(groups) == [[0, 2], [1, 4]]
