"""Label tables of one's own."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.tables.label_file import read_label_file

NAN = float("nan")


def read(text, match=None):
    return read_label_file(io.BytesIO(text.encode()), name="labels.csv", match=match)


def values(table, key):
    return table.frame.loc[key].tolist()


def test_wide_columns_come_in_our_order_however_they_are_written():
    table = read(
        "StudyInstanceUID,ANY, Intra-Parenchymal ,subdural,Epidural,sub_arachnoid,INTRAVENTRICULAR\n1.2,1,1,0,0,0,0\n"
    )

    np.testing.assert_array_equal(values(table, "1.2"), [0, 1, 0, 0, 0, 1])
    assert (table.by, table.level) == ("study_uid", "study")


def test_a_label_without_a_column_is_unknown_and_said():
    table = read("AccessionNumber,any\n0012,1\n0013,0\n")

    np.testing.assert_array_equal(values(table, "0012"), [NAN] * 5 + [1])
    np.testing.assert_array_equal(values(table, "0013"), [NAN] * 5 + [0])
    assert "labels.csv: no value of epidural, intraparenchymal, intraventricular, subarachnoid, subdural; unknown" in (
        " ".join(table.notes)
    )


def test_the_fields_short_names_are_labels_in_every_form():
    wide = read("study_uid,EDH,IPH,IVH,SAH,SDH,ICH\na,1,0,0,0,0,1\n")
    long = read("study_uid,label,value\na,EDH,1\na,ICH,1\n")
    ids = read("ID,Label\na_EDH,1\na_ich,1\n")

    assert values(wide, "a") == [1, 0, 0, 0, 0, 1]
    for table in (long, ids):
        np.testing.assert_array_equal(values(table, "a"), [1, NAN, NAN, NAN, NAN, 1])


def test_columns_that_say_nothing_are_counted():
    notes = " ".join(read("study_uid,series_uid,any,bed,age\na,b,1,2,70\n").notes)

    assert "labels.csv: 2 columns of other names are not read" in notes


def test_names_of_labels_without_a_column_of_values_are_told_so():
    with pytest.raises(DataError, match="expected a column value beside the labels in column label, found none"):
        read("SOPInstanceUID,label,truth\na,epidural,1\n")


def test_the_challenges_long_form_is_read_with_its_ids():
    rows = "".join(f"ID_a_{label},{int(label in ('epidural', 'any'))}\n" for label in LABELS)

    table = read("ID,Label\n" + rows)

    assert values(table, "ID_a") == [1, 0, 0, 0, 0, 1]
    assert (table.by, table.level) == ("", "slice")  # what an ID is shows when it is matched


def test_a_long_form_with_key_label_and_value_is_read():
    table = read("path,label,value\na/1.dcm,Subdural,1\na/1.dcm,any,1\nb/2.dcm,any,0\n")

    np.testing.assert_array_equal(values(table, "a/1.dcm"), [NAN, NAN, NAN, NAN, 1, 1])
    np.testing.assert_array_equal(values(table, "b/2.dcm"), [NAN] * 5 + [0])
    assert table.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("column", "by", "level"),
    [
        ("SOPInstanceUID", "sop_uid", "slice"),
        ("sop_uid", "sop_uid", "slice"),
        ("Series Instance UID", "series_uid", "study"),
        ("study_uid", "study_uid", "study"),
        ("accession number", "accession", "study"),
        ("File", "file", "slice"),
        ("path", "file", "slice"),
    ],
)
def test_the_key_is_known_by_the_name_of_its_column(column, by, level):
    table = read(f"{column},any\nx,1\n")

    assert (table.by, table.level, table.frame.index.name) == (by, level, column)


def test_another_column_is_matched_by_when_it_is_named():
    table = read("StudyInstanceUID,Exam,any\n1,x,0\n2,y,1\n", match="exam")

    assert table.frame.index.tolist() == ["x", "y"]
    assert table.by == ""


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("0.0", 0), ("TRUE", 1), ("false", 0), ("", NAN)])
def test_a_value_is_zero_one_true_false_or_empty(text, value):
    np.testing.assert_array_equal(values(read(f"study_uid,any,subdural\na,{text},1\n"), "a"), [NAN] * 4 + [1, value])


@pytest.mark.parametrize("text", ["2", "0.5", "yes", "-1", "nan", "x" * 90])
def test_any_other_value_is_an_error_that_says_where(text):
    with pytest.raises(DataError, match=r"expected labels 0, 1, true, false or nothing, found another in line 3"):
        read(f"study_uid,any\na,1\nb,{text}\n")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("4711,Meier^Anna,1\n4712,Doe^Jane,0\n", None),
        ("4711,Meier^Anna,1\n4712,Doe^Jane,0\n", "exam"),
        ("file,4711,Meier^Anna\na,4712,Doe^Jane\n", None),
        ("file,any\na,Meier^Anna 4711\n", None),
        ("file,label,value\na,Meier^Anna,4711\n", None),
        ("ID,Label\n4711_Meier^Anna,1\n", None),
        ("file,any\n4711,1\n4711,0\n", None),
        ("file,any\n4711,Meier^Anna,1\n", None),
    ],
    ids=["no names", "no names, one asked for", "no label", "value", "label", "id", "twice", "cells"],
)
def test_no_error_repeats_what_stands_in_a_table(text, match):
    with pytest.raises((ConfigError, DataError)) as found:
        read(text, match=match)

    assert not any(word in str(found.value).lower() for word in ("4711", "meier", "anna", "doe"))


def test_no_note_repeats_the_name_of_a_column_that_may_be_a_patients():
    notes = read("Meier^Anna,any\na,1\n,0\n", match="meier^anna").notes

    assert "Meier" not in " ".join(notes)


def test_rows_that_say_the_same_again_are_counted_and_dropped():
    table = read("study_uid,any,subdural\na,1,\nb,0,0\na,1,1\n")

    np.testing.assert_array_equal(values(table, "a"), [NAN] * 4 + [1, 1])
    assert any("1 value repeats another one" in note for note in table.notes)
    assert table.lines.tolist() == [2, 3]


def test_rows_that_contradict_each_other_are_an_error_that_names_both_lines_and_no_key():
    with pytest.raises(DataError, match=r"one value of any for each key, found both 0 and 1 in lines 4 and 2") as found:
        read("AccessionNumber,any\nA77,1\nB,0\nA77,0\n")

    assert "A77" not in str(found.value)


def test_rows_without_a_key_are_left_out_and_counted():
    table = read("study_uid,any\na,1\n,0\n,\n")

    assert table.frame.index.tolist() == ["a"]
    assert any("2 rows have nothing in the column they are matched by" in note for note in table.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("patient,any\na,1\n", "expected a column SOPInstanceUID.* name the one to match by with data.match=COLUMN"),
        ("study_uid,bleeding\na,1\n", "expected a column for at least one of epidural, .* name the label columns so"),
        ("study_uid,any,ANY\na,1,1\n", "expected one column any, found two"),
        ("ID,Label\nx_fracture,1\n", "expected ids that end in _ and a label .* in line 2"),
        ("file,label,value\na,any,1\nb,bone,1\n", r"expected a label \(epidural.* in line 3"),
    ],
    ids=["no key", "no label", "label twice", "id", "long"],
)
def test_a_table_of_other_content_is_an_error(text, sentence):
    with pytest.raises(DataError, match=sentence):
        read(text)


@given(st.permutations(range(8)), st.lists(st.sampled_from(["0", "1", ""]), min_size=48, max_size=48))
def test_long_and_wide_form_say_the_same_in_any_order(order, cells):
    grid = np.array(cells).reshape(8, 6)
    wide = [f"k{i}," + ",".join(grid[i]) for i in order]
    long = [f"k{i},{label},{grid[i, j]}" for i in reversed(order) for j, label in enumerate(LABELS)]

    from_wide = read("\n".join(["study_uid," + ",".join(LABELS), *wide])).frame
    from_long = read("\n".join(["study_uid,label,value", *long])).frame

    assert from_wide.equals(from_long.loc[from_wide.index])


@pytest.mark.realdata
def test_the_real_excerpt_has_the_positives_its_readme_lists(realdata):
    import lzma

    content = lzma.decompress((realdata / "tables" / "rsna_long_excerpt.csv.xz").read_bytes())

    table = read_label_file(io.BytesIO(content), name="rsna_long_excerpt.csv")

    # realdata README, tables/: 53,388 rows, 8,898 images
    assert len(table.frame) == 8898
    assert table.frame.sum().tolist() == [123, 3462, 3011, 3292, 3170, 8033]
