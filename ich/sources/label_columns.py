"""Finds out which column of a label table says what, by the names of the columns."""

import re
from dataclasses import dataclass
from typing import Literal

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.text_table import TextTable

# Names of columns, without case, spaces and signs, and what a row is matched by; in this order where several are there.
KEY_COLUMNS = {
    "sopinstanceuid": "sop_uid",
    "sopuid": "sop_uid",
    "file": "file",
    "filename": "file",
    "path": "file",
    "relativepath": "file",
    "seriesinstanceuid": "series_uid",
    "seriesuid": "series_uid",
    "studyinstanceuid": "study_uid",
    "studyuid": "study_uid",
    "accessionnumber": "accession",
    "accession": "accession",
    "id": "",  # the challenge's name for it; what it is shows when it is matched
}

Form = Literal["wide", "long", "ids"]


@dataclass(frozen=True)
class Layout:
    """Which column says what.

    Attributes:
        form: `wide` with a column a label; `long` with the columns `label` and `value`; `ids` with `<key>_<label>` in
            the key column and the value in `label`.
        key: the column that names slice or study, matched `by`.
        values: the column of each label by its place in `LABELS` (wide), or of the values under 0.
        label: the column that names the label, in the long form.
    """

    form: Form
    key: str
    by: str
    values: dict[int, str]
    label: str = ""


def plain(name: str) -> str:
    """A name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", name).lower()


def layout_of(table: TextTable, match: str | None) -> Layout:
    """Find the columns of a label table.

    Args:
        table: the table, looked at.
        match: name of the column to match by; None to find it.

    Raises:
        ConfigError: no column called `match`.
        DataError: no column to match by, no label, or one that is there twice.
    """
    key, by = _key_column(table, match)
    named: dict[str, str] = {}
    for column in table.columns:
        if column == key or not plain(column):
            continue
        twin = named.setdefault(plain(column), column)
        if twin != column and plain(column) in (*LABELS, "label", "value"):
            raise DataError(f"{table.name}: expected one column {plain(column)}, found two; remove one")
    wide = {number: named[label] for number, label in enumerate(LABELS) if label in named}
    if wide:
        return Layout("wide", key, by, wide)
    if "label" in named and "value" in named:
        return Layout("long", key, by, {0: named["value"]}, label=named["label"])
    if "label" in named:
        return Layout("ids", key, by, {0: named["label"]})
    raise DataError(
        f"{table.name}: expected a column for at least one of {', '.join(LABELS)}, or the columns label and value, "
        f"found {_known(table)}; name the label columns so"
    )


def _key_column(table: TextTable, match: str | None) -> tuple[str, str]:
    """The column that names slices or studies, and what kind of name it is."""
    if match is not None:
        found = [column for column in table.columns if column.strip().lower() == match.strip().lower()]
        if not found:
            raise ConfigError(
                f"data.match={match}: expected a column of {table.name}, found none of that name; it has "
                f"{_known(table)}; name one of its columns"
            )
        return found[0], KEY_COLUMNS.get(plain(found[0]), "")
    columns = {plain(column): column for column in reversed(table.columns)}
    for name, by in KEY_COLUMNS.items():
        if name in columns:
            return columns[name], by
    raise DataError(
        f"{table.name}: expected a column SOPInstanceUID, SeriesInstanceUID, StudyInstanceUID, AccessionNumber or "
        f"file, found {_known(table)}; name the one to match by with data.match=COLUMN"
    )


def _known(table: TextTable) -> str:
    """The columns whose names mean something here."""
    return table.columns_found(
        [column for column in table.columns if plain(column) in (*KEY_COLUMNS, *LABELS, "label", "value")]
    )
