"""Labels and files brought together."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.source import LabelTable
from ich.store.keys import HashKey
from ich.store.listing.label_match import match_labels

KEY, SOURCE = HashKey(b"secret of a test", "file"), "folder"
NAN = float("nan")


def header_table(rows):
    """Rows of (file, sop, series, study), or of these with changes; accession 0<study>, hashed."""
    plain = [dict(zip(("file", "sop_uid", "series_uid", "study_uid"), row[:4], strict=True)) for row in rows]
    changes = [row[4] if len(row) > 4 else {} for row in rows]
    usual = [
        {"code": "", "n_frames": 1, "patient": "p", "accession": KEY.accession(SOURCE, f"0{one['study_uid']}")}
        for one in plain
    ]
    return pa.Table.from_pylist([a | b | c for a, b, c in zip(usual, plain, changes, strict=True)])


TWO_STUDIES = [
    ("a/x/1.dcm", "11", "s1", "1"),
    ("a/x/2.dcm", "12", "s1", "1"),
    ("a/y/3.dcm", "13", "s2", "1"),
    ("b.zip/4", "21", "s3", "2"),
    ("b.zip/5", "22", "s3", "2"),
]


def labels_of(any_by_key, **facts):
    """A table that knows `any` alone."""
    frame = pd.DataFrame(np.nan, columns=list(LABELS), index=list(any_by_key), dtype=np.float32)
    frame["any"] = np.float32(list(any_by_key.values()))
    return LabelTable(frame, **facts)


def match(known, rows=TWO_STUDIES):
    return match_labels(known, header_table(rows), key=KEY, source=SOURCE)


def assert_any(labels, expected):
    np.testing.assert_array_equal(labels[:, -1], np.float32(expected))


def test_a_row_by_sop_uid_speaks_of_its_slice():
    found = match(labels_of({"21": 1, "11": 0, "12": 1, "13": 0, "22": 0}))

    assert_any(found.slices, [0, 1, 0, 1, 0])
    assert np.isnan(found.slices[:, :-1]).all()
    assert np.isnan(found.studies).all()
    assert (found.notes, len(found.unmatched)) == ((), 0)


@pytest.mark.parametrize(
    ("by", "any_by_key"),
    [
        ("series_uid", {"s1": 1, "s2": 1, "s3": 0}),
        ("study_uid", {"1": 1, "2": 0}),
        ("accession", {"01": 1, " 02 ": 0}),
        ("file", {"a": 1, "b.zip": 0}),
        ("file", {"./a/": 1, "b.zip\\": 0}),
    ],
    ids=["series", "study", "accession", "folder and zip", "other ways to write a path"],
)
def test_a_row_by_anything_larger_speaks_of_the_study(by, any_by_key):
    found = match(labels_of(any_by_key, by=by, level="slice" if by == "file" else "study"))

    assert_any(found.studies, [1, 1, 1, 0, 0])
    assert np.isnan(found.slices).all()
    assert (found.notes, len(found.unmatched)) == ((), 0)


def test_a_row_by_file_speaks_of_a_slice_where_the_file_is_one():
    found = match(labels_of({"a/x/1.dcm": 1, "b.zip": 0}, by="file"))

    assert_any(found.slices, [1, NAN, NAN, NAN, NAN])
    assert_any(found.studies, [NAN, NAN, NAN, 0, 0])


def test_a_file_named_in_a_table_of_studies_speaks_of_its_study():
    found = match(labels_of({"a/x/1.dcm": 1, "b.zip": 0}, by="file", level="study"))

    assert_any(found.studies, [1, 1, 1, 0, 0])


def test_a_folder_named_like_the_start_of_another_is_not_it():
    found = match(labels_of({"a/x": 1}, by="file"), [("a/x2/1.dcm", "1", "s", "1"), ("a/x/1.dcm", "2", "t", "2")])

    assert_any(found.studies, [NAN, 1])


def test_of_nested_folders_the_innermost_counts():
    rows = [("a/x/1.dcm", "11", "s1", "1"), ("a/y/3.dcm", "13", "s2", "2")]

    assert_any(match(labels_of({"a": 0, "a/x": 1}, by="file"), rows).studies, [1, 0])


def test_the_rest_of_a_study_gets_what_its_labelled_series_say():
    found = match(labels_of({"s1": 1, "s3": 0}, by="series_uid", level="study"))

    assert_any(found.studies, [1, 1, 1, 0, 0])


def test_series_that_differ_keep_their_own_labels_and_are_counted():
    rows = [*TWO_STUDIES, ("a/z/6.dcm", "16", "s4", "1")]

    found = match(labels_of({"s1": 1, "s2": 0, "s3": 0}, by="series_uid", level="study"), rows)

    assert_any(found.studies, [1, 1, 0, 0, 0, NAN])
    assert "1 study has parts with different labels; each part keeps its own" in found.notes


def test_studies_of_two_patients_under_one_uid_stay_apart():
    rows = [("1.dcm", "1", "s1", "1", {"patient": "p"}), ("2.dcm", "2", "s2", "1", {"patient": "q"})]

    assert_any(match(labels_of({"s1": 1}, by="series_uid", level="study"), rows).studies, [1, NAN])


def test_a_file_of_several_frames_is_labelled_as_a_study_and_its_frames_one_by_one():
    frames = [("m.dcm", f"9#{number}", "s", "1", {"n_frames": 2}) for number in (1, 2)]

    whole, single = match(labels_of({"9": 1}), frames), match(labels_of({"9#2": 1}), frames)

    assert_any(whole.studies, [1, 1])
    assert np.isnan(whole.slices).all()
    assert_any(single.slices, [NAN, 1])
    assert_any(match(labels_of({"m.dcm": 1}, by="file"), frames).studies, [1, 1])


@pytest.mark.parametrize(
    ("any_by_key", "slices", "studies"),
    [
        ({"11": 1, "21": 0}, [1, NAN, NAN, 0, NAN], [NAN] * 5),
        ({"s1": 1, "s3": 0}, [NAN] * 5, [1, 1, 1, 0, 0]),
        ({"01": 1, "02": 0}, [NAN] * 5, [1, 1, 1, 0, 0]),
        ({"b.zip": 0}, [NAN] * 5, [NAN, NAN, NAN, 0, 0]),
    ],
    ids=["slices", "series", "accession", "file"],
)
def test_keys_of_no_stated_kind_are_what_most_files_say_they_are(any_by_key, slices, studies):
    found = match(labels_of(any_by_key, by=""))

    assert_any(found.slices, slices)
    assert_any(found.studies, studies)


def test_what_stays_alone_is_counted_and_listed_by_line_and_path_on_either_side():
    known = labels_of({"11": 1, "12": 0, "13": 0, "no such": 1, "21": 0}, lines=np.array([2, 3, 5, 7, 8]))

    found = match(known)

    assert found.notes == (
        "1 slice has no row in the label table; its labels stay unknown",
        "1 of 5 rows of the label table is not among the files",
    )
    assert found.unmatched.to_dict("list") == {"side": ["table", "files"], "row_or_file": ["7", "b.zip/5"]}


def test_a_study_without_a_row_is_listed_once_and_no_accession_number_is_written():
    found = match(labels_of({"01": 1, "A 4711": 1}, by="accession", level="study"))

    assert found.unmatched.to_dict("list") == {"side": ["table", "files"], "row_or_file": ["3", "b.zip/4"]}
    assert not any("4711" in note for note in found.notes)


def test_a_row_whose_line_is_not_known_is_listed_by_its_uid():
    found = match(labels_of({"11": 1, "12": 0, "13": 0, "21": 0, "22": 0, "no such": 1}))

    assert found.unmatched.to_dict("list") == {"side": ["table"], "row_or_file": ["no such"]}


def test_files_that_are_no_slices_are_not_missed():
    nothing = {"code": "not_ct", "sop_uid": None, "series_uid": None, "study_uid": None, "accession": None}
    rows = [*TWO_STUDIES[:1], ("notes.txt", "", "", "", nothing | {"patient": None, "n_frames": None})]

    found = match(labels_of({"11": 1}), rows)

    assert_any(found.slices, [1, NAN])
    assert len(found.unmatched) == 0


def test_an_empty_accession_number_matches_nothing():
    rows = [("1.dcm", "1", "s", "1", {"accession": ""}), ("2.dcm", "2", "t", "2", {"accession": None})]

    known = labels_of({"": 1, "03": 0}, by="accession", level="study")

    assert_any(match(known, [*rows, ("3.dcm", "3", "u", "3")]).studies, [NAN, NAN, 0])


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("sop_uid", r"matched by sop_uid, .* 4 characters \(digits\), the files' 2 characters \(digits\); write"),
        ("accession", r"matched by accession, .* 4 characters \(digits\); write"),
        ("file", r"matched by file, .* 4 characters \(digits\), a file's is a/x/1.dcm; write"),
        ("", r"by any of sop_uid, .* a file's is a/x/1.dcm; .* data.match=COLUMN"),
    ],
)
def test_a_table_that_names_nothing_is_refused_by_the_form_of_its_names(by, sentence):
    with pytest.raises(DataError, match=sentence) as found:
        match(labels_of({"4711": 1}, by=by))

    assert "4711" not in str(found.value)


@given(st.permutations(range(5)), st.permutations(range(5)))
def test_neither_the_order_of_files_nor_that_of_rows_changes_a_label(files, rows):
    keys = ["11", "12", "13", "21", "22"]
    known = labels_of({keys[row]: row % 2 for row in rows})

    found = match(known, [TWO_STUDIES[file] for file in files])

    assert_any(found.slices, [file % 2 for file in files])
