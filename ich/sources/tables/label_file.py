"""Reads labels from a CSV of one's own, in long or wide form, for slices or for studies."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ich.errors import DataError
from ich.labels import LABELS
from ich.numerals import counted, those_found
from ich.sources.source import LabelTable
from ich.sources.tables.label_columns import Form, Layout, label_place, layout_of
from ich.sources.tables.text_table import FIRST_LINE, TextTable, open_text_table

VALUES = {"0": 0.0, "0.0": 0.0, "false": 0.0, "1": 1.0, "1.0": 1.0, "true": 1.0, "": np.nan}


@dataclass(frozen=True)
class _Cells:
    """Values one by one, rows of the file in their order.

    Attributes:
        keys: the distinct keys in order of appearance.
        row: int64 (cells,), the place of each in `keys`.
        label: int64 (cells,), its place in `LABELS`.
        value: float32 (cells,), 0, 1 or nan.
        line: int64 (cells,), where it stands in the file.
        n_without_key: rows that name nothing.
    """

    keys: pa.Array
    row: np.ndarray
    label: np.ndarray
    value: np.ndarray
    line: np.ndarray
    n_without_key: int


def read_label_file(file: Path | BinaryIO, *, name: str, match: str | None = None) -> LabelTable:
    """Read a label CSV.

    A row names a slice or a study by SOPInstanceUID, SeriesInstanceUID, StudyInstanceUID, AccessionNumber or a path
    relative to the root (column `file` or `path`); case, spaces and signs in names of columns don't count, and EDH,
    IPH, IVH, SAH, SDH and ICH (any) are labels too. Labels stand in columns of their own (wide; those that are missing
    are unknown, never 0), as `label` and `value` (long), or as the challenge writes them (`ID,Label` with
    `<id>_<label>`). Values are 0, 1, true, false or empty.

    Args:
        file: the CSV, or an open one.
        name: as messages call it.
        match: the column to match by instead. What its values are is found out when they are matched, unless its name
            says so.

    Raises:
        ConfigError: no column called `match`.
        DataError: no column to match by or no label, another value, or a key that is there twice with different labels.
    """
    table = open_text_table(file, name=name)
    layout = layout_of(table, match)
    cells = _cells(table, layout)
    labels, n_repeated = _grid(cells, name=name)
    lines = _first_lines(cells)
    index = pd.Index(cells.keys.to_pandas(), name=layout.key)
    notes = tuple(_notes(table, layout, labels=labels, n_repeated=n_repeated, n_without_key=cells.n_without_key))
    frame = pd.DataFrame(labels, columns=list(LABELS), index=index)
    level: Literal["slice", "study"] = "slice" if layout.by in ("sop_uid", "file", "") else "study"
    return LabelTable(frame, notes, by=layout.by, level=level, lines=lines, n_repeated=n_repeated)


def _cells(table: TextTable, layout: Layout) -> _Cells:
    columns = [layout.key, *layout.values.values(), *([layout.label] if layout.label else [])]
    read = table.read(columns)
    keys = read[layout.key].combine_chunks()
    lines = np.arange(len(read), dtype=np.int64) + FIRST_LINE
    has_key = pc.not_equal(keys, "").to_numpy(zero_copy_only=False)
    if not has_key.all():
        read, keys, lines = read.filter(pa.array(has_key)), keys.filter(pa.array(has_key)), lines[has_key]
    values = {number: _values(table, read[column], lines, form=layout.form) for number, column in layout.values.items()}
    n_without_key = int((~has_key).sum())
    if layout.form == "wide":
        codes = keys.dictionary_encode()
        rows = np.tile(codes.indices.to_numpy().astype(np.int64), len(values))
        label = np.repeat(np.array(list(values)), len(read))
        value = np.concatenate(list(values.values()))
        return _Cells(codes.dictionary, rows, label, value, np.tile(lines, len(values)), n_without_key)
    named = read[layout.label] if layout.form == "long" else None
    keys, label = _long_names(table, keys, named, lines=lines)
    codes = keys.dictionary_encode()
    return _Cells(codes.dictionary, codes.indices.to_numpy().astype(np.int64), label, values[0], lines, n_without_key)


def _values(table: TextTable, column: pa.ChunkedArray, lines: np.ndarray, *, form: Form) -> np.ndarray:
    """The cells as 0, 1 or nan, float32."""
    codes = column.combine_chunks().dictionary_encode()
    texts = [text.lower() for text in codes.dictionary.to_pylist()]
    fits = np.array([text in VALUES for text in texts], dtype=bool)
    places = codes.indices.to_numpy()
    if form == "ids" and any(label_place(text) >= 0 for text in texts):
        raise DataError(
            f"{table.name}: expected a column value beside the labels in column label, found none; name the column of "
            "0 and 1 value"
        )
    if not fits.all():
        row = int(np.flatnonzero(~fits[places])[0])
        raise DataError(
            f"{table.name}: expected labels 0, 1, true, false or nothing, found another in line {lines[row]}; mend it"
        )
    return np.array([VALUES[text] for text in texts], dtype=np.float32)[places]


def _long_names(
    table: TextTable, keys: pa.Array, named: pa.ChunkedArray | None, *, lines: np.ndarray
) -> tuple[pa.Array, np.ndarray]:
    """Keys and places of the labels, from a column of labels or from ids that end in one."""
    if named is None:
        parts = pc.extract_regex(keys, pattern=r"^(?P<key>.+)_(?P<label>[A-Za-z]+)$")
        keys, names = pc.struct_field(parts, "key"), pc.struct_field(parts, "label")
    else:
        names = named.combine_chunks()
    codes = pc.fill_null(names, "").dictionary_encode()
    label = np.array([label_place(name) for name in codes.dictionary.to_pylist()], dtype=np.int64)[
        codes.indices.to_numpy()
    ]
    if (label < 0).any():
        wanted = "ids that end in _ and a label" if named is None else "a label"
        raise DataError(
            f"{table.name}: expected {wanted} ({', '.join(LABELS)}), found something else in line "
            f"{lines[int(np.flatnonzero(label < 0)[0])]}; mend it"
        )
    return keys, label


def _grid(cells: _Cells, *, name: str) -> tuple[np.ndarray, int]:
    """The six labels of each key, float32 (keys, 6), and how many known values only repeat another."""
    grid = np.full((len(cells.keys), len(LABELS)), np.nan, dtype=np.float32)
    known = np.flatnonzero(~np.isnan(cells.value))
    flat = cells.row[known] * len(LABELS) + cells.label[known]
    grid.reshape(-1)[flat] = cells.value[known]
    differing = np.flatnonzero(grid.reshape(-1)[flat] != cells.value[known])
    if differing.size:
        one = known[differing[0]]
        other = known[(flat == flat[differing[0]]) & (cells.value[known] != cells.value[one])][0]
        raise DataError(
            f"{name}: expected one value of {LABELS[cells.label[one]]} for each key, found both 0 and 1 in lines "
            f"{cells.line[other]} and {cells.line[one]} ({differing.size} such values); remove the wrong one"
        )
    return grid, len(known) - int((~np.isnan(grid)).sum())


def _first_lines(cells: _Cells) -> np.ndarray:
    """The line in which each key first appears, int64 (keys,); keys are numbered in that order."""
    rows = cells.row[: np.searchsorted(np.maximum.accumulate(cells.row), len(cells.keys) - 1) + 1]
    fresh = np.diff(np.maximum.accumulate(rows), prepend=-1) > 0
    return cells.line[: len(rows)][fresh]


def _notes(
    table: TextTable, layout: Layout, *, labels: np.ndarray, n_repeated: int, n_without_key: int
) -> Iterator[str]:
    yield f"{table.name}: {counted(len(labels), 'row')}{f', matched by {layout.by}' if layout.by else ''}"
    about_cells = [
        (layout.n_unused, "column|columns of other names is|are not read"),
        (n_without_key, "row|rows has|have nothing in the column they are matched by; left out"),
        (n_repeated, "value|values repeats|repeat another one of the same key; dropped"),
    ]
    yield from (f"{table.name}: {sentence}" for sentence in those_found(about_cells))
    unknown = np.isnan(labels)
    absent = unknown.all(axis=0)
    if absent.any():
        yield f"{table.name}: no value of {', '.join(np.array(LABELS)[absent])}; unknown everywhere"
    n_gaps = int(unknown[:, ~absent].any(axis=1).sum())
    n_odd = int(((labels[:, :-1] == 1).any(axis=1) & (labels[:, -1] == 0)).sum())
    about_rows = [
        (n_gaps, "row|rows lacks|lack some of the labels; these stay unknown"),
        (n_odd, "row|rows has|have a subtype but not any; left as it|they is|are"),
    ]
    yield from (f"{table.name}: {sentence}" for sentence in those_found(about_rows))
