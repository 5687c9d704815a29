"""The table of headers."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from ich.dicom.files import find_files
from ich.dicom.header import read_headers
from ich.store.keys import HashKey
from ich.store.listing.headers import (
    MEMORY_ONLY,
    PLACE,
    file_table,
    headers_of,
    load_headers,
    mark_of,
    places_of,
    read_header_table,
    save_headers,
    with_keys,
)

KEY = HashKey(b"secret key", "file")


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
    good = pa.array([row for row, code in enumerate(table["code"].to_pylist()) if not code])

    headers = headers_of(table.take(good), files)

    assert headers == [read_headers(files[place])[0] for place in table[PLACE].take(good).to_pylist()]


def test_a_kept_table_gives_all_but_what_may_name_a_person(files, tmp_path):
    kept = with_keys(table_of(files, tmp_path), source="a", key=KEY)

    header = headers_of(kept.slice(0, 1), files)[0]

    assert header == dataclasses.replace(read_headers(files[0])[0], **dict.fromkeys(MEMORY_ONLY, ""))


def test_patients_and_accession_numbers_are_hashed_and_absent_ones_stay_empty(files, tmp_path):
    rows = with_keys(table_of(files, tmp_path), source="a", key=KEY).to_pylist()

    letter = next(row for row in rows if row["file"] == "letter.txt")
    assert rows[0]["patient"] == KEY.patient("a", "patient 1")
    assert rows[0]["accession"] == letter["patient"] == letter["accession"] == ""


def test_a_table_of_another_version_is_not_taken_up(files, tmp_path):
    kept = with_keys(table_of(files, tmp_path), source="a", key=KEY)
    save_headers(tmp_path / "new.parquet", kept, mark="these files")
    pa.parquet.write_table(kept, tmp_path / "old.parquet")

    assert load_headers(tmp_path / "new.parquet").equals(kept.drop_columns([PLACE]))
    assert mark_of(tmp_path / "new.parquet") == "these files"
    assert load_headers(tmp_path / "old.parquet") is None
    assert mark_of(tmp_path / "old.parquet") is None


def test_rejected_files_have_a_row_with_their_reason(files, tmp_path):
    rows = table_of(files, tmp_path).to_pylist()

    assert [(row["file"], row["code"]) for row in rows if row["code"]] == [("letter.txt", "not_dicom")]


def test_rows_of_files_that_changed_or_are_gone_are_not_taken_up(files, tmp_path):
    known = table_of(files, tmp_path)
    (tmp_path / "letter.txt").write_text("another one")
    (tmp_path / "padded.dcm").unlink()
    (tmp_path / "new.txt").write_text("x")
    now = find_files(tmp_path)

    places = places_of(known, file_table(now, tmp_path))

    names = known["file"].to_numpy(zero_copy_only=False)
    assert sorted(names[places < 0]) == ["letter.txt", "padded.dcm"]
    assert [now[place].path.name for place in places[places >= 0]] == names[places >= 0].tolist()


def test_an_earlier_table_of_no_file_has_no_places(files, tmp_path):
    listed = file_table(files, tmp_path)

    assert places_of(table_of(files, tmp_path), listed.slice(0, 0)).tolist() == [-1] * len(files)
    assert places_of(table_of(files, tmp_path).slice(0, 0), listed).dtype == np.int64
