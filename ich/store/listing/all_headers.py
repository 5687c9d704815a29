"""Gets the headers of a data set: those known from an earlier run, and the others read, alone or with other shards."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ich.dicom.files import DicomFile
from ich.errors import DataError
from ich.numerals import counted
from ich.progress import Progress
from ich.sources.source import DicomSource
from ich.store.keys import HashKey
from ich.store.listing.choices import Chosen, NothingChosen, choose
from ich.store.listing.header_parts import n_parts, read_in_parts
from ich.store.listing.headers import (
    PLACE,
    file_table,
    load_headers,
    places_of,
    read_header_table,
    with_keys,
    with_places,
)
from ich.store.sharing.shards import Share

HEADERS_FILE = "headers.parquet"
NO_HEAD_CT = "no_head_ct"


@dataclass(frozen=True)
class AllHeaders:
    """What is needed to get them.

    Attributes:
        source: whose.
        files: all of them.
        path: the store, which holds headers of an earlier run, and parts that other shards read.
        find_key: gives the key for patients; asked only once it is clear that there is a head CT, or when headers have
            to be written in parts.
        processes: that read.
        share: of the work.
        progress: shown by batches of files.
    """

    source: DicomSource
    files: Sequence[DicomFile]
    path: Path
    find_key: Callable[[], HashKey]
    processes: int
    share: Share
    progress: Progress

    def table(self) -> pa.Table:
        """A row a frame in the files' order, as `with_keys` leaves it, with places.

        Raises:
            DataError: no head CT among files none of which is known.
        """
        listed = file_table(self.files, self.source.root)
        known = load_headers(self.path / HEADERS_FILE)
        places = np.zeros(0, dtype=np.int64) if known is None else places_of(known, listed)
        fresh = np.setdiff1d(np.arange(len(self.files)), places)
        if known is None:
            return self._read(fresh, listed=listed, check=True)
        known = with_places(known, places)
        if not len(fresh) and (np.diff(places, prepend=0) >= 0).all():
            return known.combine_chunks()  # as it was; a copy of a large set's headers takes half a gigabyte
        table = self._read(fresh, listed=listed, check=False)
        table = pa.concat_tables([table, known.filter(pa.array(places >= 0)).select(table.column_names)])
        return table.take(pa.array(np.argsort(table[PLACE].to_numpy(), kind="stable"))).combine_chunks()

    def _read(self, fresh: np.ndarray, *, listed: pa.Table, check: bool) -> pa.Table:
        """Headers of the files at some places."""
        files, rows = [self.files[place] for place in fresh], listed.take(pa.array(fresh))
        if len(files) and n_parts(len(files), self.share) > 1:
            table = read_in_parts(
                files,
                listed=rows,
                path=self.path,
                share=self.share,
                hashed=self._hashed,
                processes=self.processes,
                progress=self.progress,
            )
        else:
            table = read_header_table(files, listed=rows, processes=self.processes, progress=self.progress)
            if check:
                _check_something(self.source, table, files=files)
            table = self._hashed(table)
        return with_places(table, fresh[table[PLACE].to_numpy()])

    def _hashed(self, table: pa.Table) -> pa.Table:
        return with_keys(table, source=self.source.name, key=self.find_key())


class NothingToRead(DataError):
    """A data set without a study that can be read.

    Attributes:
        table: its headers, with keys that need not be the user's.
        files: all files.
        studies: why nothing is chosen of each study.
    """

    def __init__(
        self, message: str, *, table: pa.Table, files: Sequence[DicomFile], studies: Sequence[NothingChosen]
    ) -> None:
        super().__init__(message)
        self.table, self.files, self.studies = table, files, studies


def no_head_ct(
    source: DicomSource, table: pa.Table, *, files: Sequence[DicomFile], studies: Sequence[NothingChosen]
) -> NothingToRead:
    """The error of a data set without a study that can be read.

    Args:
        source: the data set.
        table: all its headers.
        files: all its files.
        studies: that it has all the same.
    """
    codes = dict(zip(table[PLACE].to_pylist(), table["code"].to_pylist(), strict=True)).values()
    counts = Counter(code or NO_HEAD_CT for code in codes).most_common()
    reasons: Counter[str] = Counter()
    for code, n_found in (pair for one in studies for pair in one.codes):
        reasons[code] += n_found
    why = ", ".join(f"{n} {code}" for code, n in reasons.most_common())
    found = ", ".join(f"{n} {code}{f': {why}' if code == NO_HEAD_CT and why else ''}" for code, n in counts)
    n_files = counted(len(codes), "file")
    message = f"data.root={source.root}: expected head CT, found none in {n_files} ({found}); name another folder"
    return NothingToRead(message, table=table, files=files, studies=studies)


def _check_something(source: DicomSource, table: pa.Table, *, files: Sequence[DicomFile]) -> None:
    """Raise unless a study can be read: before a key is made and anything is written."""
    passing = with_keys(table, source=source.name, key=HashKey(secrets.token_bytes(16), "for this check only"))
    found = choose(
        passing,
        files,
        labelled=np.zeros(len(table), dtype=bool),
        forced=source.series,
        keeps_every_slice=source.keeps_every_slice,
    )
    nothing = []
    for one in found:
        if isinstance(one, Chosen):
            return
        nothing.append(one)
    raise no_head_ct(source, passing, files=files, studies=nothing)
