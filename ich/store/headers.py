"""The table of all headers: read once, kept as headers.parquet, studies taken from it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ich.dicom.files import DicomFile
from ich.dicom.header import REASONS, Rejected, SliceHeader, read_headers
from ich.dicom.kinds import SeriesKind
from ich.progress import Progress, quiet
from ich.store.guards import BatchGuard, FileBatch
from ich.store.parallel import in_parallel

FILES_A_TASK = 128  # enough that sending a task costs nothing beside reading it

# These live in memory only: they may name a person (DICOM PS3.15 table E.1-1).
MEMORY_ONLY = ("patient_id", "accession")
_KINDS = tuple(SeriesKind.__dataclass_fields__)

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
    names = [_readable(file.relative_to(root)) for file in files]
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
        A row a file in the order given; a rejected file has `code` and `sentence` and little else.
    """
    starts = range(0, len(files), FILES_A_TASK)
    batches = (FileBatch(start, tuple(files[start : start + FILES_A_TASK]), {}) for start in starts)
    results = in_parallel(_read_some, batches, processes=min(processes, len(starts)), guard=BatchGuard())
    read = progress(results, total=len(starts), description="headers")
    parts = [part for _, part in sorted(read, key=lambda one: one[0])]
    table = pa.concat_tables(parts) if parts else _SCHEMA.empty_table()
    for name in ("file", "bytes", "modified"):
        table = table.set_column(table.schema.get_field_index(name), _SCHEMA.field(name), listed[name])
    return table


def load_headers(path: Path) -> pa.Table | None:
    """The table of an earlier run (with `patient` keys and choices), or None."""
    return pq.read_table(path) if path.exists() else None


def headers_of(table: pa.Table, files: Sequence[DicomFile]) -> list[SliceHeader]:
    """Rebuild the headers of some rows; what lives in memory only is empty where the table came from disk.

    Args:
        table: the rows.
        files: the file of each row.
    """
    return [_header(row, file) for row, file in zip(table.to_pylist(), files, strict=True)]


def known_rows(known: pa.Table, listed: pa.Table) -> np.ndarray:
    """For each listed file its row in an earlier table, int64; -1 where it isn't there or has changed."""
    if not len(known):
        return np.full(len(listed), -1)
    rows = (
        pc.index_in(listed["file"], value_set=known["file"].combine_chunks()).fill_null(-1).to_numpy().astype(np.int64)
    )
    for name in ("bytes", "modified"):
        changed = known[name].to_numpy()[rows] != listed[name].to_numpy()
        rows = np.where(changed, -1, rows)
    return rows


def _readable(name: str) -> str:
    """A file name that is valid text; bytes that aren't are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _read_some(batch: FileBatch) -> tuple[int, pa.Table]:
    rows = [_row(found) for place, file in enumerate(batch.files) for found in _found(file, batch.lost.get(place, ""))]
    return batch.start, pa.Table.from_pylist(rows, schema=_SCHEMA)


def _found(file: DicomFile, lost: str) -> tuple[SliceHeader | Rejected, ...]:
    """What the file holds; not read any more where it cost a worker (`lost`: reason code)."""
    return (Rejected(file, lost, REASONS[lost]),) if lost else read_headers(file)


def _row(read: SliceHeader | Rejected) -> dict[str, Any]:
    if isinstance(read, Rejected):
        return {"code": read.code, "sentence": read.sentence, "series_uid": read.series_uid}
    row = {name: getattr(read, name) for name in _PLAIN}
    row["image_type"] = "\\".join(read.image_type)
    row |= {name: getattr(read.kind, name) for name in _KINDS}
    for name, columns in _GROUPS.items():
        row |= zip(columns, getattr(read, name) or (None,) * len(columns), strict=True)
    return row | {"code": "", "sentence": ""}


def _header(row: dict[str, Any], file: DicomFile) -> SliceHeader:
    facts: dict[str, Any] = {name: row.get(name) for name in _PLAIN}
    facts |= {name: "" for name in MEMORY_ONLY if facts[name] is None}
    for name, columns in _GROUPS.items():
        values = tuple(row[column] for column in columns)
        facts[name] = None if values[0] is None else values
    kinds = row["image_type"]
    kind = SeriesKind(**{name: row[name] for name in _KINDS})
    return SliceHeader(file=file, image_type=tuple(kinds.split("\\")) if kinds else (), kind=kind, **facts)


def rows_by(column: pa.ChunkedArray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Split row numbers into runs of equal values of a column, by value; rows keep their order within a run."""
    codes = column.take(pa.array(rows)).combine_chunks().dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    yield from np.split(rows[order], cuts) if len(rows) else ()
