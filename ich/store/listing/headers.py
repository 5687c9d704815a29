"""The table of all headers, a row a frame: read once, kept without what names a person, headers taken from it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ich.dicom.files import DicomFile
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.reasons import REASONS
from ich.progress import Progress, quiet
from ich.store.files import write_table
from ich.store.keys import HashKey
from ich.store.writing.guards import BatchGuard, FileBatch
from ich.store.writing.parallel import in_parallel

FILES_A_TASK = 128  # enough that sending a task costs nothing beside reading it

# These live in memory only: they may name a person (DICOM PS3.15 table E.1-1). `with_keys` puts hashes in their place.
MEMORY_ONLY = ("patient_id", "accession")
KEPT_FORMAT = b"2"  # of a table on disk; one of another format is read anew
_FORMAT_NAME = b"ich headers"
_KINDS = tuple(SeriesKind.__dataclass_fields__)

PLACE = "place"
_AXES = ("x", "y", "z")
_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("bytes", pa.int64()),
        ("modified", pa.int64()),
        ("code", pa.string()),
        ("sentence", pa.string()),
        ("sop_uid", pa.string()),
        ("series_uid", pa.string()),
        ("study_uid", pa.string()),
        ("patient_id", pa.string()),
        ("accession", pa.string()),
        ("modality", pa.string()),
        ("rows", pa.int32()),
        ("columns", pa.int32()),
        *((f"position_{axis}", pa.float64()) for axis in _AXES),
        *((f"row_direction_{axis}", pa.float64()) for axis in _AXES),
        *((f"column_direction_{axis}", pa.float64()) for axis in _AXES),
        ("spacing_rows", pa.float64()),
        ("spacing_columns", pa.float64()),
        ("thickness_mm", pa.float64()),
        ("slope", pa.float64()),
        ("intercept", pa.float64()),
        ("has_rescale", pa.bool_()),
        ("bits_stored", pa.int16()),
        ("is_signed", pa.bool_()),
        ("padding_low", pa.int64()),
        ("padding_high", pa.int64()),
        ("image_type", pa.string()),
        ("kernel", pa.string()),
        *((name, pa.bool_()) for name in _KINDS),
        ("instance_number", pa.int64()),
        ("transfer_syntax", pa.string()),
        ("pixel_offset", pa.int64()),
        ("bits_allocated", pa.int16()),
        ("frame", pa.int32()),
        ("n_frames", pa.int32()),
    ]
)
_GROUPS = {
    "position": [f"position_{axis}" for axis in _AXES],
    "orientation": [f"{line}_direction_{axis}" for line in ("row", "column") for axis in _AXES],
    "pixel_spacing": ["spacing_rows", "spacing_columns"],
    "padding": ["padding_low", "padding_high"],
}
_PLAIN = [
    name for name in _SCHEMA.names if name in SliceHeader.__dataclass_fields__ and name not in ("file", "image_type")
]


def file_table(files: Sequence[DicomFile], root: Path) -> pa.Table:
    """Name, size and time of each file, in the order given: what tells whether a header read earlier still holds.

    Members of a zip have the zip's size and time.
    """
    states: dict[Path, tuple[int, int]] = {}
    for file in files:
        if file.path not in states:
            state = file.path.stat()
            states[file.path] = (state.st_size, state.st_mtime_ns)
    sizes, times = zip(*(states[file.path] for file in files), strict=True)
    names = [file.relative_to(root) for file in files]
    return pa.table(
        {
            "file": pa.array(names, pa.string()),
            "bytes": pa.array(sizes, pa.int64()),
            "modified": pa.array(times, pa.int64()),
        }
    )


def read_header_table(
    files: Sequence[DicomFile], *, listed: pa.Table, processes: int, progress: Progress = quiet
) -> pa.Table:
    """Read the headers of all files.

    Args:
        files: to read.
        listed: their `file_table`.
        processes: that read.
        progress: shown by batches of files.

    Returns:
        A row a frame, so one for most files, in the order given; a rejected file has one with `code`, `sentence` and
        little else. `place` is the file's in `files`, int64.
    """
    starts = range(0, len(files), FILES_A_TASK)
    batches = (FileBatch(start, tuple(files[start : start + FILES_A_TASK]), {}) for start in starts)
    results = in_parallel(_read_some, batches, processes=min(processes, len(starts)), guard=BatchGuard())
    read = progress(results, total=len(starts), description="headers")
    parts = sorted(read, key=lambda one: one[0])
    table = pa.concat_tables([part for _, _, part in parts]) if parts else _SCHEMA.empty_table()
    places = np.concatenate([start + within for start, within, _ in parts]) if parts else np.zeros(0, dtype=np.int64)
    for name in listed.column_names:
        column = listed[name].take(pa.array(places))
        table = table.set_column(table.schema.get_field_index(name), _SCHEMA.field(name), column)
    return with_places(table, places)


def with_places(table: pa.Table, places: np.ndarray) -> pa.Table:
    """The table with the place of each row's file among the files at hand, int64; not kept on disk."""
    names = [name for name in table.column_names if name != PLACE]
    return table.select(names).append_column(PLACE, pa.array(places, pa.int64()))


def with_keys(table: pa.Table, *, source: str, key: HashKey) -> pa.Table:
    """Put keyed hashes, `patient` and `accession` ("" where there is none), in place of what may name a person."""
    return _hashed(
        _hashed(table, "patient_id", name="patient", hashed=lambda one: key.patient(source, one)),
        "accession",
        name="accession",
        hashed=lambda one: key.accession(source, one),
    )


def save_headers(path: Path, table: pa.Table, *, mark: str = "") -> None:
    """Keep a table in which nothing names a person.

    Args:
        path: parquet file.
        table: as `with_keys` gives it.
        mark: text to keep with it, for `mark_of`.
    """
    assert "patient_id" not in table.column_names
    kept = table.select([name for name in table.column_names if name != PLACE])
    write_table(path, kept.replace_schema_metadata({_FORMAT_NAME: KEPT_FORMAT, b"mark": mark.encode()}))


def load_headers(path: Path) -> pa.Table | None:
    """A table that was kept, or None where there is none that this version reads."""
    if not path.exists() or (pq.read_schema(path).metadata or {}).get(_FORMAT_NAME) != KEPT_FORMAT:
        return None
    return pq.read_table(path).replace_schema_metadata(None)


def mark_of(path: Path) -> str | None:
    """The text that was kept with a table; None where `load_headers` would give None."""
    metadata = (pq.read_schema(path).metadata or {}) if path.exists() else {}
    return metadata[b"mark"].decode() if metadata.get(_FORMAT_NAME) == KEPT_FORMAT else None


def headers_of(table: pa.Table, files: Sequence[DicomFile]) -> list[SliceHeader]:
    """Rebuild the headers of some rows; what lives in memory only is empty once it was hashed.

    Args:
        table: the rows, with the `place` of their files.
        files: all files.
    """
    return [_header(row, files[row[PLACE]]) for row in table.to_pylist()]


def places_of(known: pa.Table, listed: pa.Table) -> np.ndarray:
    """For each row of an earlier table the place of its file among the listed, int64; -1 where it is gone or changed.

    A file of which any row is missing can't occur: tables are written whole.
    """
    if not len(listed):
        return np.full(len(known), -1)
    places = (
        pc.index_in(known["file"], value_set=listed["file"].combine_chunks()).fill_null(-1).to_numpy().astype(np.int64)
    )
    for name in ("bytes", "modified"):
        changed = listed[name].to_numpy()[places] != known[name].to_numpy()
        places = np.where(changed, -1, places)
    return places


def _read_some(batch: FileBatch) -> tuple[int, np.ndarray, pa.Table]:
    """Place of the first file, then of each row's file within the batch, then the rows."""
    found = [_found(file, batch.lost.get(place, "")) for place, file in enumerate(batch.files)]
    within = np.repeat(np.arange(len(found)), [len(one) for one in found])
    rows = [_row(read) for one in found for read in one]
    return batch.start, within, pa.Table.from_pylist(rows, schema=_SCHEMA)


def _found(file: DicomFile, lost: str) -> tuple[SliceHeader | Rejected, ...]:
    """What the file holds; not read any more where it cost a worker (`lost`: reason code)."""
    return (Rejected(file, lost, REASONS[lost]),) if lost else read_headers(file)


def _row(read: SliceHeader | Rejected) -> dict[str, Any]:
    if isinstance(read, Rejected):
        uids = {"series_uid": read.series_uid, "study_uid": read.study_uid}
        return {"code": read.code, "sentence": read.sentence} | uids
    row = {name: getattr(read, name) for name in _PLAIN}
    row["image_type"] = "\\".join(read.image_type)
    row |= {name: getattr(read.kind, name) for name in _KINDS}
    for name, columns in _GROUPS.items():
        row |= zip(columns, getattr(read, name) or (None,) * len(columns), strict=True)
    return row | {"code": "", "sentence": ""}


def _header(row: dict[str, Any], file: DicomFile) -> SliceHeader:
    facts: dict[str, Any] = {name: row.get(name) for name in _PLAIN}
    if "patient_id" not in row:
        facts |= dict.fromkeys(MEMORY_ONLY, "")
    for name, columns in _GROUPS.items():
        values = tuple(row[column] for column in columns)
        facts[name] = None if values[0] is None else values
    kinds = row["image_type"]
    kind = SeriesKind(**{name: row[name] for name in _KINDS})
    return SliceHeader(file=file, image_type=tuple(kinds.split("\\")) if kinds else (), kind=kind, **facts)


def _hashed(table: pa.Table, column: str, *, name: str, hashed: Callable[[str], str]) -> pa.Table:
    """The table with a text column hashed (each value once) and renamed."""
    raw = pc.fill_null(table[column], "").combine_chunks().dictionary_encode()
    keys = pa.array([hashed(one) if one.strip() else "" for one in raw.dictionary.to_pylist()], pa.string())
    values = pa.DictionaryArray.from_arrays(raw.indices, keys).cast(pa.string())
    return table.set_column(table.column_names.index(column), name, values)
