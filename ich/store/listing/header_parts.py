"""Reads the headers of a data set once, in parts that the shards of a preparation share."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ich.dicom.files import DicomFile
from ich.progress import Progress, quiet
from ich.store.listing.headers import (
    PLACE,
    load_headers,
    mark_of,
    places_of,
    read_header_table,
    save_headers,
    with_places,
)
from ich.store.settings import digest
from ich.store.sharing.claims import Claims
from ich.store.sharing.shards import Share

FOLDER = "headers"
FILES_A_PART = 65_536  # a minute or two of reading: what a run that is killed loses at most
PAUSE_SECONDS = 0.5  # between two looks at the parts that others read

Hashed = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class _Part:
    """Some of the files, and where their table will lie."""

    number: int
    path: Path
    places: np.ndarray
    mark: str

    @property
    def claim(self) -> Path:
        return self.path.with_suffix(".claim")


def n_parts(n_files: int, share: Share) -> int:
    """In how many parts headers are read: 1 for most data sets, else a multiple of the shards."""
    return share.of * max(1, -(-n_files // (share.of * FILES_A_PART)))


def read_in_parts(
    files: Sequence[DicomFile],
    *,
    listed: pa.Table,
    path: Path,
    share: Share,
    hashed: Hashed,
    processes: int,
    progress: Progress = quiet,
    claims: Claims | None = None,
) -> pa.Table:
    """Read headers together with the other shards: own parts first, then those that nobody has claimed.

    Args:
        files: all files to read, the same ones in every shard.
        listed: their `file_table`.
        path: the store; parts lie in its `headers` folder, and are whole or absent.
        share: of this process.
        hashed: takes from a table what may name a person, before it is written.
        processes: that read.
        progress: shown by batches of files, part by part.
        claims: how parts are claimed.

    Returns:
        The headers of all files, as `hashed` leaves them, in the order of the files.
    """
    reading = _Reading(files, listed, hashed, processes, progress, claims or Claims())
    parts = _cut(listed, path / FOLDER, number=n_parts(len(files), share))
    left = sorted(parts, key=lambda part: part.number % share.of != share.number)  # own ones first
    (path / FOLDER).mkdir(parents=True, exist_ok=True)
    tables: list[pa.Table] = []
    while left:
        found = [(part, reading.table_of(part)) for part in left]
        tables += [table for _, table in found if table is not None]
        left = [part for part, table in found if table is None]
        if left:
            time.sleep(PAUSE_SECONDS)
    table = pa.concat_tables(tables)
    return table.take(pa.array(np.argsort(table[PLACE].to_numpy(), kind="stable"))).combine_chunks()


def remove_parts(path: Path) -> None:
    """Take the parts away once every shard has what it needs of them."""
    for file in (path / FOLDER).glob("part-*"):
        file.unlink(missing_ok=True)
    if (path / FOLDER).is_dir() and not any((path / FOLDER).iterdir()):
        (path / FOLDER).rmdir()


@dataclass(frozen=True)
class _Reading:
    """Gets the tables of parts: as somebody has read them, or by reading them now."""

    files: Sequence[DicomFile]
    listed: pa.Table
    hashed: Hashed
    processes: int
    progress: Progress
    claims: Claims

    def table_of(self, part: _Part) -> pa.Table | None:
        """The part's rows with the places of their files; None while somebody else reads them."""
        kept = self._kept(part)
        if kept is not None:
            return kept
        with self.claims.take(part.claim) as is_ours:
            if not is_ours:
                return None
            kept = self._kept(part)  # finished by another between our look and our claim
            return self._read(part) if kept is None else kept

    def _kept(self, part: _Part) -> pa.Table | None:
        if mark_of(part.path) != part.mark:
            return None
        table = load_headers(part.path)
        return None if table is None else with_places(table, places_of(table, self.listed))

    def _read(self, part: _Part) -> pa.Table:
        rows = self.listed.take(pa.array(part.places))
        chosen = [self.files[place] for place in part.places]
        table = read_header_table(chosen, listed=rows, processes=self.processes, progress=self.progress)
        table = self.hashed(table)
        save_headers(part.path, table, mark=part.mark)
        return with_places(table, part.places[table[PLACE].to_numpy()])


def _cut(listed: pa.Table, folder: Path, *, number: int) -> list[_Part]:
    parts = []
    for index, places in enumerate(np.array_split(np.arange(len(listed)), number)):
        rows = listed.take(pa.array(places))
        names = "\n".join(rows["file"].to_pylist()).encode()
        states = np.concatenate([rows["bytes"].to_numpy(), rows["modified"].to_numpy()])
        path = folder / f"part-{index:04d}-of-{number:04d}.parquet"
        parts.append(_Part(index, path, places, digest(names, states.tobytes())))
    return parts
