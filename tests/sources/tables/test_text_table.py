"""CSV columns as text."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.errors import DataError
from ich.sources.tables.text_table import open_text_table


def table(text, encoding="utf-8"):
    return open_text_table(io.BytesIO(text.encode(encoding)), name="labels.csv")


def test_numbers_keep_their_zeros_and_empty_cells_stay_empty():
    read = table("number,any\n007,1\n 1e5 ,\n").read(["number", "any"])

    assert read.to_pydict() == {"number": ["007", "1e5"], "any": ["1", ""]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_any_spreadsheets_delimiter_is_found(delimiter):
    text = f"study{delimiter}any\na{delimiter}1\n"

    assert table(text).read(["any", "study"]).to_pydict() == {"any": ["1"], "study": ["a"]}


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("study,any\r\na,1\r\n", encoding="utf-8-sig")

    found = open_text_table(path, name="labels.csv")

    assert found.columns == ("study", "any")
    assert found.read(["study"])["study"].to_pylist() == ["a"]


def test_quoted_cells_may_hold_delimiters_and_line_ends():
    assert table('path,any\n"a, b\nc",1\n').read(["path"])["path"].to_pylist() == ["a, b\nc"]


def test_a_row_of_another_length_is_an_error_that_says_where_and_quotes_nothing():
    with pytest.raises(DataError, match=r"labels.csv: expected 2 cells a row in UTF-8, found 3 in line 3") as found:
        table("study,any\na,1\nMrs Smith,0,1\n").read(["study", "any"])

    assert "Smith" not in str(found.value)


@pytest.mark.parametrize("text", ["", "\n1,2\n", "any,any\n1,0\n", ",,\n"], ids=["empty", "blank", "twice", "no names"])
def test_a_first_line_that_names_no_columns_is_an_error(text):
    with pytest.raises(DataError, match="expected a first line with the names of the columns"):
        table(text)


def test_an_empty_file_is_called_so():
    with pytest.raises(DataError, match="found an empty file"):
        table("")


def test_text_in_another_encoding_is_an_error_that_names_utf_8():
    with pytest.raises(DataError, match="expected a CSV in UTF-8"):
        table("stüdy,any\na,1\n", encoding="latin-1")
    with pytest.raises(DataError, match="found text that isn't UTF-8"):
        table("study,any\nä,1\n", encoding="latin-1").read(["study", "any"])


def test_a_name_that_goes_on_in_the_next_line_is_an_error():
    found = table('"""\n"\n')

    with pytest.raises(DataError, match="expected the names of the columns in one line"):
        found.read(list(found.columns))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_error_that_a_user_can_mend(content):
    try:
        found = open_text_table(io.BytesIO(content), name="labels.csv")
        names = list(found.columns)
        assert found.read(names).column_names == names
    except DataError:
        pass
