"""CQ500: a zip or folder a scan with all its series, and three radiologists' reads of each scan."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ich.dicom.files import DicomFile, find_files, without_dots
from ich.errors import DataError
from ich.labels import LABELS
from ich.numerals import those_found
from ich.progress import Progress, quiet
from ich.sources.source import LabelTable, check_root, positive_counts

TABLE = "reads.csv"
READERS = ("R1", "R2", "R3")
FINDINGS = {
    "any": "ICH",
    "epidural": "EDH",
    "intraparenchymal": "IPH",
    "intraventricular": "IVH",
    "subarachnoid": "SAH",
    "subdural": "SDH",
}  # the table's columns, after the reader

POSITIVE_STUDIES = {
    "any": 205,
    "epidural": 13,
    "intraparenchymal": 134,
    "intraventricular": 28,
    "subarachnoid": 60,
    "subdural": 53,
}  # by majority of the published reads

# The table says CQ500-CT-181, the folder CQ500CT181 CQ500CT181, the zip either: the number is what they share.
_SCAN = re.compile(r"CQ500[-_ ]?CT[-_ ]?(\d{1,4})(?!\d)", re.IGNORECASE)


class Cq500:
    """CQ500: 491 head CT of an Indian network of scanners, several series each, with three reads a scan.

    `CQ500-CT-<n>.zip` as downloaded, folders `CQ500CT<n> CQ500CT<n>/Unknown Study/<series>/CT*.dcm`, these below
    folders `qct01` ... of the mirror on Kaggle, or one zip of all that; beside them `reads.csv`. Which series of a scan
    is read is chosen by rule (`ich.dicom.series`), unless it is named. The truth is what two of the three readers say;
    it is known of scans, not of slices.

    Source: http://headctstudy.qure.ai/dataset; Chilamkurthy et al., Lancet 2018;392:2388. Licence: CC BY-NC-SA 4.0.
    """

    keeps_every_slice = False
    part = ""
    public = True
    expected: Mapping[str, int] = MappingProxyType(
        {"studies": 491, "patients": 491, **positive_counts("studies", POSITIVE_STUDIES)}
    )

    def __init__(self, root: str | Path, series: Sequence[str] = (), name: str = "cq500") -> None:
        self.root = without_dots(root)
        self.series = tuple(series)
        self.name = name

    def check(self, *, progress: Progress = quiet) -> None:
        """See that scans and reads are there.

        Raises:
            DataError: one of them is missing.
        """
        check_root(self.root, holds=f"CQ500-CT-*.zip or their folders, and {TABLE}")
        if not self._scans:
            raise DataError(
                f"data.root={self.root}: expected CQ500-CT-<n>.zip or folders CQ500CT<n>, found none; "
                "put the downloaded zips there"
            )
        self._table()

    def files(self) -> list[DicomFile]:
        """Every file of every scan; one that lies there twice is read from its folder, not from its zip."""
        return sorted(file for place in self._places.values() for file in self._scans[place])

    def labels(self) -> LabelTable | None:
        """Six labels a scan by the majority of its readers, matched by its folder or zip."""
        truth, notes = read_majority(self._table())
        places = {number: place for number, place in self._places.items() if number in truth.index}
        frame = truth.loc[list(places)].set_axis(pd.Index(list(places.values()), name="file"))
        n_unread, n_absent = len(self._places) - len(places), len(truth) - len(places)
        n_others = len(self._found) - sum(map(len, self._scans.values())) - 1  # but for the table
        counts = [
            (n_unread, f"scan|scans has|have no row in {TABLE}; its|their labels stay unknown"),
            (n_absent, f"scan|scans of {TABLE} is|are not among the files"),
            (len(self._scans) - len(self._places), "scan|scans lies|lie there twice; read once, rather from a folder"),
            (max(0, n_others), "file|files lies|lie in no folder or zip of a scan; left alone"),
        ]
        return LabelTable(frame, (*notes, *those_found(counts)), by="file", level="study")

    @cached_property
    def _found(self) -> list[DicomFile]:
        return find_files(self.root, own_archive=True)

    @cached_property
    def _scans(self) -> dict[str, list[DicomFile]]:
        """Files by folder or zip of the scan they belong to, as seen from the root."""
        found: dict[str, list[DicomFile]] = defaultdict(list)
        for file in self._found:
            place = scan_place(file.relative_to(self.root))
            if place is not None:
                found[place].append(file)
        return dict(found)

    @cached_property
    def _places(self) -> dict[int, str]:
        """The place of each scan by its number: the folder where there is a zip too, else the first."""
        places: dict[int, str] = {}
        for place in sorted(self._scans, key=lambda place: (_last(place).lower().endswith(".zip"), place)):
            places.setdefault(_number(_last(place)), place)
        return dict(sorted(places.items()))

    def _table(self) -> Path | DicomFile:
        if self.root.is_file():
            inside = [file for file in self._found if _last(file.member) == TABLE]
            beside = self.root.parent / TABLE
            found: list[Path | DicomFile] = [*inside, *([beside] if beside.is_file() else [])]
        else:
            found = [path for path in sorted(self.root.glob("*.csv")) if path.name.lower().endswith(TABLE)]
        if not found:
            raise DataError(
                f"data.root={self.root}: expected the table of reads {TABLE}, found none; download it from the data "
                "set's page and put it there"
            )
        return found[0]


def scan_place(name: str) -> str | None:
    """The folder or zip of a scan, given a file in it (or the zip, if it can't be looked into); None for other files.

    Args:
        name: path relative to the root, with forward slashes.

    >>> scan_place("qct01/CQ500CT7 CQ500CT7/Unknown Study/CT Plain/CT000000.dcm")
    'qct01/CQ500CT7 CQ500CT7'
    """
    parts = name.split("/")
    for depth, part in enumerate(parts, start=1):
        if _SCAN.match(part) and (depth < len(parts) or part.lower().endswith(".zip")):
            return "/".join(parts[:depth])
    return None


def read_majority(file: Path | DicomFile) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The six labels that two or three of the readers agree on.

    Args:
        file: `reads.csv`: `name, Category`, then 14 findings of each reader as `R1:ICH` ...

    Returns:
        float32 columns in the order of `LABELS` by the scan's number, nan where fewer than two readers agree as some
        cells are empty; and sentences a person should read.

    Raises:
        DataError: columns are missing, a name without a number, a value other than 0 and 1, or a scan that is there
            twice with different reads.
    """
    table, name = _read_csv(file)
    columns = [f"{reader}:{FINDINGS[label]}" for label in LABELS for reader in READERS]
    missing = {"name", *columns} - set(table.columns)
    if missing:
        raise DataError(
            f"{name}: expected columns name, R1:ICH ..., found none called {', '.join(sorted(missing)[:3])}; "
            "download the file anew"
        )
    cells = table[columns].apply(lambda column: column.str.strip().replace("", None))
    reads = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float32)
    if (~np.isin(reads, (0, 1)) & cells.notna().to_numpy()).any():
        raise DataError(f"{name}: expected reads of 0 or 1, found others; download the file anew")
    votes = reads.reshape(len(table), len(LABELS), len(READERS))  # (scans, L, readers)
    yes, no = (votes == 1).sum(axis=2), (votes == 0).sum(axis=2)
    labels = np.where(yes >= 2, 1, np.where(no >= 2, 0, np.nan)).astype(np.float32)
    truth = pd.DataFrame(labels, columns=list(LABELS), index=_numbers(table["name"], name))
    distinct = truth.reset_index().drop_duplicates().set_index("number")
    if not distinct.index.is_unique:
        raise DataError(f"{name}: expected one row a scan, found two that disagree; remove the wrong one")
    return distinct, tuple(_notes(distinct.to_numpy(), name, n_repeated=len(truth) - len(distinct)))


def _notes(labels: np.ndarray, name: str, *, n_repeated: int) -> list[str]:
    place = LABELS.index("any")
    has_any, has_subtype = labels[:, place], np.delete(labels, place, axis=1).max(axis=1)
    n_open = int(np.isnan(labels).any(axis=1).sum())
    n_bare = int(((has_any == 1) & (has_subtype == 0)).sum())
    n_odd = int(((has_any == 0) & (has_subtype == 1)).sum())
    counts = [
        (n_repeated, "row|rows repeats|repeat another one with the same reads; dropped"),
        (n_open, "scan|scans has|have findings that no two readers agree on; these stay unknown"),
        (n_bare, "scan|scans has|have any by majority but no subtype; left as it|they is|are"),
        (n_odd, "scan|scans has|have a subtype by majority but not any; left as it|they is|are"),
    ]
    return [f"{name}: {sentence}" for sentence in those_found(counts)]


def _read_csv(file: Path | DicomFile) -> tuple[pd.DataFrame, str]:
    name = _last(file.member) if isinstance(file, DicomFile) else file.name
    try:
        with file.open() if isinstance(file, DicomFile) else file.open("rb") as stream:
            table = pd.read_csv(stream, encoding="utf-8-sig", dtype=str)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: expected a CSV table, found something else; download the file anew") from error
    table.columns = table.columns.str.strip()
    return table, name


def _numbers(names: pd.Series, table: str) -> pd.Index:
    numbers = names.str.strip().str.extract(_SCAN, expand=False)
    if numbers.isna().any():
        row = int(np.flatnonzero(numbers.isna())[0])
        raise DataError(f"{table}: expected names such as CQ500-CT-181, found another in row {row + 2}; mend the row")
    return pd.Index(numbers.astype(int), name="number")


def _number(place: str) -> int:
    match = _SCAN.match(place)
    assert match is not None, place  # `scan_place` gave it
    return int(match.group(1))


def _last(place: str) -> str:
    return place.rpartition("/")[2]
