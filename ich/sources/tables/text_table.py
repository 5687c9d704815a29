"""Reads columns of a CSV as text, exactly as they stand there: no identifier loses a zero, no cell is guessed at."""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ich.errors import DataError
from ich.numerals import counted

DELIMITERS = ",;\t"  # as spreadsheets of different countries write
FIRST_LINE = 2  # of the rows, below the names of the columns
LONGEST_HEAD = 1 << 16  # bytes in which the names of the columns must end


@dataclass(frozen=True)
class TextTable:
    """A CSV file that has been looked at but for its rows.

    Attributes:
        file: its path, or an open file that can be read again from its start.
        name: as messages call it.
        columns: names as they stand in the first line.
        delimiter: between the cells.
    """

    file: Path | BinaryIO
    name: str
    columns: tuple[str, ...]
    delimiter: str

    def columns_found(self, known: Collection[str]) -> str:
        """How many columns there are, and which of the known ones: a file without names has cells of a patient there.

        >>> TextTable(Path("a.csv"), "a.csv", ("4711", "Meier", "any"), ",").columns_found(["any"])
        '3 columns, of which known: any'
        """
        names = [column.strip() for column in self.columns if column.strip() in known]
        return f"{counted(len(self.columns), 'column')}, of which known: {', '.join(names) or 'none'}"

    def read(self, columns: list[str]) -> pa.Table:
        """Some columns as text without spaces at the ends, "" for an empty cell; row i stands in line i + FIRST_LINE.

        Raises:
            DataError: a row with more or fewer cells than the first line, text that isn't UTF-8, or a name that goes on
                in the next line.
        """
        bad_rows: list[pa_csv.InvalidRow] = []

        def note(row: pa_csv.InvalidRow) -> str:
            bad_rows.append(row)
            return "error"

        if not isinstance(self.file, Path):
            self.file.seek(0)
        try:
            table = pa_csv.read_csv(
                self.file,
                read_options=pa_csv.ReadOptions(use_threads=False),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=note,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.columns, pa.string()),
                    include_columns=columns,
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            # The library's own message quotes the row, which may name a patient.
            found = (
                f"{bad_rows[0].actual_columns} in line {bad_rows[0].number}" if bad_rows else "text that isn't UTF-8"
            )
            raise DataError(
                f"{self.name}: expected {len(self.columns)} cells a row in UTF-8, found {found}; save it anew as CSV"
            ) from error
        except pa.ArrowKeyError as error:  # a quoted name goes on in the next line
            raise DataError(
                f"{self.name}: expected the names of the columns in one line, found a quote that isn't closed there; "
                "mend the first line"
            ) from error
        stripped = [pc.utf8_trim_whitespace(column.combine_chunks()) for column in table.columns]
        return pa.table(dict(zip(columns, stripped, strict=True)))


def open_text_table(file: Path | BinaryIO, *, name: str) -> TextTable:
    """Look at the first line of a CSV.

    Raises:
        DataError: it is empty, or its first line isn't a line of names, each there once.
    """
    if isinstance(file, Path):
        with file.open("rb") as stream:
            head = stream.readline(LONGEST_HEAD)
    else:
        file.seek(0)
        head = file.readline(LONGEST_HEAD)
    try:
        line = head.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: expected a CSV in UTF-8, found other bytes; save it anew as UTF-8") from error
    if not head:
        raise DataError(
            f"{name}: expected a first line with the names of the columns, found an empty file; save it anew"
        )
    delimiter = max(DELIMITERS, key=line.count)
    try:
        columns = tuple(next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), []))
    except csv.Error as error:
        raise DataError(
            f"{name}: expected a first line with the names of the columns, found a line end of another kind in it; "
            "save it anew as CSV"
        ) from error
    if not any(column.strip() for column in columns) or len(set(columns)) < len(columns):
        raise DataError(
            f"{name}: expected a first line with the names of the columns, each once, found "
            f"{len(columns)} cells of which {len(columns) - len(set(columns))} repeat; mend the first line"
        )
    return TextTable(file, name, columns, delimiter)
