"""Matches a label table with the files found: which slices and which studies its rows speak of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ich.labels import LABELS
from ich.numerals import counted, those_found
from ich.sources.source import LABEL_KEYS, LabelTable
from ich.sources.tables.label_names import nothing_matches
from ich.sources.tables.text_table import FIRST_LINE
from ich.store.keys import HashKey
from ich.store.listing.text_column import group_column


@dataclass(frozen=True)
class MatchedLabels:
    """Labels in the order of the header table.

    Attributes:
        slices: float32 (rows, 6) of each slice, nan where unknown.
        studies: float32 (rows, 6) of the study each row belongs to, nan where unknown.
        notes: sentences a person should read, those of the label table first.
        unmatched: what stayed alone; `side` is `table` or `files`, `row_or_file` a line of the label file (where that
            isn't known, the row's uid or path, never an accession number) or a path relative to the root (of the first
            file where a whole study has no row).
    """

    slices: np.ndarray = field(repr=False)
    studies: np.ndarray = field(repr=False)
    notes: tuple[str, ...]
    unmatched: pd.DataFrame = field(repr=False)


@dataclass(frozen=True)
class _Match:
    """For each row of the header table its row of the label table, -1 for none, and whether it speaks of a slice."""

    rows: np.ndarray  # int64 (rows,)
    of_slice: np.ndarray  # bool (rows,)

    @property
    def n_matched(self) -> int:
        """Rows of the header table that have a row of the label table."""
        return int((self.rows >= 0).sum())


def match_labels(known: LabelTable, table: pa.Table, *, key: HashKey, source: str) -> MatchedLabels:
    """Find the labels of every row of the header table.

    A row by `file` that names a folder or a zip speaks of the studies in it; of nested folders the innermost counts.
    Where rows of a study have labels of their own (two series with a row each), they keep them, and its other rows get
    what these agree on.

    Args:
        known: the labels.
        table: the header table: `file`, `code`, `n_frames`, the uids, and `accession` as `key.accession` gave it ("" or
            null where there is none); studies are told apart by `patient` too, where it is there.
        key: that hashed the accession numbers.
        source: name of the data set they were hashed with.

    Raises:
        DataError: no row of the label table names a slice or a study.
    """
    by, match = _match(known, table, key=key, source=source)
    if len(known.frame) and not match.n_matched:
        named = table[known.by].drop_null().unique().to_pylist() if known.by else ()
        raise nothing_matches(known, files=_readable(table), uids=named)
    known = replace(known, by=by)
    values = np.vstack([known.frame.to_numpy(np.float32), np.full((1, len(LABELS)), np.nan, np.float32)])
    good = table["code"].to_numpy() == ""
    studies = _study_numbers(table, good)
    slices = values[np.where(match.of_slice, match.rows, -1)]
    of_study = np.where(match.of_slice, -1, match.rows)
    study_labels, n_differing = _over_studies(values[of_study], of_study >= 0, studies)
    table_side = np.setdiff1d(np.arange(len(known.frame)), match.rows)
    whole = known.level == "study" or by not in ("sop_uid", "file")
    files_side = _alone(match.rows >= 0, of_study >= 0, good=good, studies=studies, whole=whole)
    notes = _notes(known, n_table=len(table_side), n_files=len(files_side), n_differing=n_differing, whole=whole)
    unmatched = _unmatched(known, table_side, table["file"].take(pa.array(files_side)).to_pylist())
    return MatchedLabels(slices, study_labels, (*known.notes, *notes), unmatched)


def _readable(table: pa.Table) -> list[str]:
    """Paths of the files that hold a slice."""
    return table.filter(pc.equal(table["code"], ""))["file"].to_pylist()


def _match(known: LabelTable, table: pa.Table, *, key: HashKey, source: str) -> tuple[str, _Match]:
    """What the table's rows are matched by, and the match; the finest kind of those that fit equally."""
    ids = pa.array(known.frame.index.astype(str), pa.string())
    best: tuple[str, _Match] | None = None
    for by in (known.by,) if known.by else LABEL_KEYS:
        match = _match_by(by, ids, table, level=known.level, key=key, source=source)
        if best is None or match.n_matched > best[1].n_matched:
            best = by, match
        if best[1].n_matched == len(table):
            break
    assert best is not None
    return best


def _match_by(by: str, ids: pa.Array, table: pa.Table, *, level: str, key: HashKey, source: str) -> _Match:
    column = pc.fill_null(table[by], "").combine_chunks()
    if by == "accession" and pc.any(pc.not_equal(column, "")).as_py():
        ids = pa.array([key.accession(source, number) for number in ids.to_pylist()], pa.string())
    if by == "file":
        ids = pc.utf8_rtrim(pc.replace_substring_regex(pc.replace_substring(ids, "\\", "/"), r"^(\./)+", ""), "/")
    rows = _row_of(column, ids)
    single = pc.fill_null(table["n_frames"], 1).to_numpy() <= 1
    of_slice = (rows >= 0) & single & (level == "slice") & (by in ("sop_uid", "file"))
    if by == "sop_uid" and not single.all():
        # A frame's uid is that of its file and its number behind "#"; a row of the file speaks of all its frames.
        of_slice = (rows >= 0) & (level == "slice")
        rows = np.where(rows >= 0, rows, _row_of(pc.replace_substring_regex(column, r"#\d+$", ""), ids))
    if by == "file":
        rows = _with_folders(rows, column, ids)
    return _Match(rows, of_slice)


def _row_of(column: pa.Array, ids: pa.Array) -> np.ndarray:
    """For each value its place among the ids, int64; -1 where it isn't there or empty."""
    rows = pc.fill_null(pc.index_in(column, value_set=ids), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(pc.equal(column, "").to_numpy(zero_copy_only=False), -1, rows)


def _with_folders(rows: np.ndarray, files: pa.Array, ids: pa.Array) -> np.ndarray:
    """The same with the innermost folder (or zip) that is among the ids, for files that aren't themselves."""
    folders = pc.replace_substring_regex(files, r"/?[^/]*$", "").dictionary_encode()
    names, places = folders.dictionary, folders.indices.to_numpy()
    found = _row_of(names, ids)
    while (left := (found < 0) & pc.not_equal(names, "").to_numpy(zero_copy_only=False)).any():
        names = pc.replace_substring_regex(names, r"/?[^/]*$", "")
        found = np.where(left, _row_of(names, ids), found)
    return np.where(rows >= 0, rows, found[places])


def _study_numbers(table: pa.Table, good: np.ndarray) -> np.ndarray:
    """A number for each study, int64 (rows,); -1 for files that are no slices."""
    names = [name for name in ("study_uid", "patient") if name in table.column_names]
    codes = group_column(table, names).combine_chunks().dictionary_encode().indices.to_numpy()
    return np.where(good, codes, -1).astype(np.int64)


def _over_studies(labels: np.ndarray, has_row: np.ndarray, studies: np.ndarray) -> tuple[np.ndarray, int]:
    """Give every row of a study what its labelled rows agree on, where it has nothing of its own.

    Args:
        labels: float32 (rows, 6).
        has_row: bool (rows,), which rows were matched.
        studies: int64 (rows,), -1 for rows of no study.

    Returns:
        float32 (rows, 6), and the number of studies whose rows differ.
    """
    inside = studies >= 0
    if not (has_row & inside).any():
        return labels, 0
    low = np.full((studies.max() + 1, len(LABELS)), np.inf, np.float32)
    high = -low
    chosen = has_row & inside
    np.fmin.at(low, studies[chosen], labels[chosen])
    np.fmax.at(high, studies[chosen], labels[chosen])
    agreed = np.where(low == high, low, np.nan)  # (studies, 6); inf and -inf where nothing is known
    filled = np.where(np.isnan(labels) & ~has_row[:, None] & inside[:, None], agreed[studies], labels)
    return filled.astype(np.float32), int((high > low).any(axis=1).sum())


def _alone(
    has_row: np.ndarray, of_study: np.ndarray, *, good: np.ndarray, studies: np.ndarray, whole: bool
) -> np.ndarray:
    """Rows of the header table that the label table doesn't know: each slice, or the first of each study."""
    covered = np.isin(studies, studies[of_study & good])
    alone = np.flatnonzero(good & ~has_row & ~covered)
    if not whole:
        return alone
    _, first = np.unique(studies[alone], return_index=True)
    return alone[np.sort(first)]


def _notes(known: LabelTable, *, n_table: int, n_files: int, n_differing: int, whole: bool) -> list[str]:
    things = "study|studies" if whole else "slice|slices"
    sentences = [
        (n_files, f"{things} has|have no row in the label table; its|their labels stay unknown"),
        (n_table, f"of {counted(len(known.frame), 'row')} of the label table is|are not among the files"),
        (n_differing, "study|studies has|have parts with different labels; each part keeps its own"),
    ]
    return those_found(sentences)


def _unmatched(known: LabelTable, table_side: np.ndarray, files: Sequence[str]) -> pd.DataFrame:
    rows: Sequence[object] = known.frame.index[table_side].tolist()
    if known.lines is not None:
        rows = known.lines[table_side].tolist()
    elif known.by == "accession":
        rows = (table_side + FIRST_LINE).tolist()
    sides = np.repeat(["table", "files"], [len(rows), len(files)])
    return pd.DataFrame({"side": sides, "row_or_file": [*map(str, rows), *files]})
