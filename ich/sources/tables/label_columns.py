"""Finds out which column of a label table says what, by the names of the columns."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.tables.text_table import TextTable

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

# What the field writes for the labels; the challenge's names come first where both are there.
SHORT_NAMES = {"edh": "epidural", "iph": "intraparenchymal", "ivh": "intraventricular", "sah": "subarachnoid",
               "sdh": "subdural", "ich": "any"}  # fmt: skip
NEAR = 0.85  # share of letters in common from which a name is a misspelt label: `interventricular`, not `ventricular`
NEAR_SHORT = 0.8  # the same for `value`: two letters swapped

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
        n_unused: columns that say nothing here.
    """

    form: Form
    key: str
    by: str
    values: dict[int, str]
    label: str = ""
    n_unused: int = 0


def bare_name(name: str) -> str:
    """A name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", name).lower()


def label_place(name: str) -> int:
    """Place in `LABELS` of a label as it may be written; -1 for anything else.

    >>> label_place("Intra-Parenchymal"), label_place("SDH"), label_place("fracture")
    (1, 4, -1)
    """
    word = SHORT_NAMES.get(bare_name(name), bare_name(name))
    return LABELS.index(word) if word in LABELS else -1


def layout_of(table: TextTable, match: str | None) -> Layout:
    """Find the columns of a label table.

    Args:
        table: the table, looked at.
        match: name of the column to match by; None to find it.

    Raises:
        ConfigError: no column called `match`.
        DataError: no column to match by, no label, one that is there twice or seems to be misspelt.
    """
    key, by = _key_column(table, match)
    named: dict[str, str] = {}
    for column in table.columns:
        place = label_place(column)
        word = LABELS[place] if place >= 0 else bare_name(column)
        if column == key or not word:
            continue
        twin = named.setdefault(word, column)
        if twin != column and word in (*LABELS, "label", "value"):
            raise DataError(f"{table.name}: expected one column {word}, found two; remove one")
    wide = {number: named[label] for number, label in enumerate(LABELS) if label in named}
    is_long = "label" in named and not wide
    _refuse_near(table, ("value",) if is_long else LABELS, named=named)
    if wide:
        return Layout("wide", key, by, wide, n_unused=_n_unused(table, [key, *wide.values()]))
    if is_long and "value" in named:
        both = named["label"], named["value"]
        return Layout("long", key, by, {0: both[1]}, label=both[0], n_unused=_n_unused(table, [key, *both]))
    if is_long:
        return Layout("ids", key, by, {0: named["label"]}, n_unused=_n_unused(table, [key, named["label"]]))
    raise DataError(
        f"{table.name}: expected a column for at least one of {', '.join(LABELS)}, or the columns label and value, "
        f"found {_known(table)}; name the label columns so"
    )


def _refuse_near(table: TextTable, wanted: Collection[str], *, named: dict[str, str]) -> None:
    """Raise where a column that says nothing is nearly called like one that is missing; its name isn't repeated."""
    missing = [word for word in wanted if word not in named and len(word) > len("any")]
    for word, column in named.items():
        near = (
            []
            if word in wanted
            else difflib.get_close_matches(word, missing, n=1, cutoff=NEAR_SHORT if missing == ["value"] else NEAR)
        )
        if near:
            raise DataError(
                f"{table.name}: expected a column {near[0]}, found none, but column {table.columns.index(column) + 1} "
                f"is nearly called so; did you mean {near[0]}? Rename it, or call it something else"
            )


def _n_unused(table: TextTable, used: Collection[str]) -> int:
    """Columns whose names mean nothing here."""
    others = [bare_name(column) for column in table.columns if column not in used]
    return sum(bool(name) and name not in KEY_COLUMNS for name in others)


def _key_column(table: TextTable, match: str | None) -> tuple[str, str]:
    """The column that names slices or studies, and what kind of name it is."""
    if match is not None:
        found = [column for column in table.columns if column.strip().lower() == match.strip().lower()]
        if not found:
            raise ConfigError(
                f"data.match={match}: expected a column of {table.name}, found none of that name; it has "
                f"{_known(table)}; name one of its columns"
            )
        if label_place(found[0]) >= 0:
            raise ConfigError(
                f"data.match={match}: expected a column that names slices or studies, found one of labels; "
                "name another column"
            )
        return found[0], KEY_COLUMNS.get(bare_name(found[0]), "")
    columns = {bare_name(column): column for column in reversed(table.columns)}
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
        [
            column
            for column in table.columns
            if label_place(column) >= 0 or bare_name(column) in (*KEY_COLUMNS, "label", "value")
        ]
    )
