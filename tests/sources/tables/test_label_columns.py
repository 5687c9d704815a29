"""Which column of a label table says what, by the columns' names alone."""

from pathlib import Path

import pytest

from ich.errors import ConfigError, DataError
from ich.sources.tables.label_columns import Layout, layout_of
from ich.sources.tables.text_table import TextTable


def layout(head, match=None):
    return layout_of(TextTable(Path("labels.csv"), "labels.csv", tuple(head.split(",")), ","), match)


def test_a_wide_table_has_a_column_a_label():
    assert layout("study_uid,any,SDH,age") == Layout("wide", "study_uid", "study_uid", {4: "SDH", 5: "any"}, n_unused=1)


def test_a_long_table_has_a_column_of_labels_and_one_of_values():
    assert layout("path,label,value") == Layout("long", "path", "file", {0: "value"}, label="label")


def test_the_challenge_s_table_has_label_and_key_in_one_column():
    assert layout("ID,Label") == Layout("ids", "ID", "", {0: "Label"})


def test_of_several_keys_the_finest_is_taken():
    assert layout("StudyInstanceUID,SOPInstanceUID,any").by == "sop_uid"


def test_the_column_that_was_named_is_the_key_however_it_is_written():
    found = layout("StudyInstanceUID, Exam ,any", match="exam")

    assert (found.key, found.by) == (" Exam ", "")


@pytest.mark.parametrize(
    ("head", "meant", "place"),
    [
        ("study_uid,intraparenchimal,any", "intraparenchymal", 2),
        ("study_uid,any,interventricular", "intraventricular", 3),
        ("study_uid,any,Epidurall", "epidural", 3),
        ("study_uid,label,vlaue", "value", 3),
    ],
)
def test_a_misspelt_column_is_an_error_that_says_what_may_be_meant_and_which_it_is(head, meant, place):
    with pytest.raises(DataError, match=rf"column {place} is nearly called so; did you mean {meant}\?"):
        layout(head)


def test_a_name_near_a_label_that_is_there_is_only_another_column():
    found = layout("study_uid,subdural,subdural2")

    assert (found.values, found.n_unused) == ({4: "subdural"}, 1)


def test_a_label_that_is_there_twice_is_an_error():
    with pytest.raises(DataError, match="expected one column subdural, found two; remove one"):
        layout("study_uid,subdural,SDH")


def test_a_table_without_a_label_is_an_error_that_repeats_no_other_name():
    with pytest.raises(DataError, match="2 columns, of which known: study_uid; name the label columns so"):
        layout("study_uid,Meier")


def test_a_column_of_labels_is_nothing_to_match_by():
    sentence = r"data\.match=any: expected a column that names slices or studies, found one"
    with pytest.raises(ConfigError, match=sentence):
        layout("study_uid,any", match="any")


def test_a_named_column_that_is_absent_is_an_error_that_lists_those_that_are_known():
    with pytest.raises(ConfigError, match=r"expected a column of labels.csv, .* 3 columns, of which known: file, any;"):
        layout("bed,file,any", match="exam")


def test_a_table_without_a_key_is_an_error_that_says_how_to_name_one():
    with pytest.raises(DataError, match=r"name the one to match by with data\.match=COLUMN"):
        layout("bed,any")
