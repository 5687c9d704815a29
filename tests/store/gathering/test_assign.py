"""Folds from a user's file."""

import pytest

from ich.errors import DataError
from ich.store.gathering.assign import folds_from_file, read_fold_file
from ich.store.keys import HashKey

KEY = HashKey(b"secret key", "file")


def write(tmp_path, *rows, header="patient,fold"):
    path = tmp_path / "folds.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_patients_may_be_named_by_their_id_or_by_their_key(tmp_path):
    one, two = KEY.patient("a", "007"), KEY.patient("a", "8")

    folds = folds_from_file(write(tmp_path, "007,-1", f"{two},1"), [one, two], source="a", key=KEY, pixels={})

    assert folds.by_patient == {one: -1, two: 1}


def test_identical_slices_in_several_folds_are_said(tmp_path):
    path = write(tmp_path, "x,0", "y,1")

    folds = folds_from_file(path, ["x", "y"], source="a", key=KEY, pixels={"x": ["s"], "y": ["s"]})

    assert folds.notes == ("1 identical slices stand in several folds of the file",)


def test_a_patient_who_is_not_in_the_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="expected every patient of the store, found 1 without a row"):
        folds_from_file(write(tmp_path, "x,0"), ["x", "y"], source="a", key=KEY, pixels={})


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["x,first"], r"expected folds -1 \(test\), 0, 1 ..., found another in line 2"),
        (["x,0.5"], "found another in line 2"),
        (["x,0", "y,-2"], "in line 3"),
        (["x,inf"], "in line 2"),
        (["x,1e300"], "in line 2"),
        (["x,0,1"], "expected 2 cells a row in UTF-8, found 3 in line 2"),
        (["x,0", "x,1"], "expected one fold a patient, found 1 patient with several"),
    ],
    ids=["text", "half", "below", "endless", "huge", "cells", "twice"],
)
def test_other_content_is_refused(tmp_path, rows, sentence):
    with pytest.raises(DataError, match=sentence):
        read_fold_file(write(tmp_path, *rows))


def test_other_columns_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(DataError, match="expected columns patient,fold, found 2 columns, of which known: none"):
        read_fold_file(write(tmp_path, header="id,part"))
    with pytest.raises(DataError, match="found no file"):
        read_fold_file(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    "content",
    [
        b"Meier^Anna,4711\n",
        b"patient,fold\nMeier^Anna,Meier 4711\n",
        b"patient,fold\nM\xfcller 4711,0\n",
        b"\x00\xff",
        b"",
    ],
    ids=["no names", "value", "Latin-1", "no text", "empty"],
)
def test_a_file_that_is_no_table_of_folds_is_one_line_that_repeats_nothing_of_it(tmp_path, content):
    (tmp_path / "folds.csv").write_bytes(content)

    with pytest.raises(DataError, match=r"store\.folds=\S+folds\.csv: expected") as found:
        read_fold_file(tmp_path / "folds.csv")

    assert "4711" not in str(found.value)
    assert "\n" not in str(found.value)
