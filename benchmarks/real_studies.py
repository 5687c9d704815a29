"""Reads every archive of real test data and prints what became of it, as markdown tables.

python benchmarks/real_studies.py REALDATA

REALDATA is the folder with rsna/, ctich/, cq500/, ge_tilt/, philips_mixed/, formats/ and facts.csv. Whole studies come
first, then one slice in many transfer syntaxes, then odd files one by one. No text of a header is printed.
"""

import argparse
import hashlib
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ich.dicom.encoding.decode import UnreadablePixels
from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.not_used import NotUsed
from ich.dicom.pixels import read_hu, read_stored
from ich.dicom.scan import Scan
from ich.dicom.studies import read_studies
from ich.errors import NoHeadCT
from ich.labels import LABELS
from ich.report.tables import NOTHING, markdown_table
from ich.sources.ctich import CtIch

STUDY_HEAD = (
    "archive",
    "files",
    "used",
    "not chosen",
    "rejected",
    "slices",
    "step (mm)",
    "tilt",
    "chosen because",
    "what was odd",
)
LEFT_OUT_ON_PURPOSE = ("repeated_position", "duplicate")  # reasons of a sound file of the series that is read
BASE = "CTImage.dcm"


@dataclass(frozen=True)
class ReadFile:
    """One file by itself.

    Attributes:
        outcome: what was read, or the reason why not.
        hu: int16 HU of its frames; None where it isn't read.
        stored_hash: SHA-256 of the stored values of all its frames, as facts.csv has it; "" where it isn't read.
    """

    outcome: str
    hu: np.ndarray | None = None
    stored_hash: str = ""


def main() -> None:
    """Print the three tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("root", type=Path, help="folder of real test data")
    root = arguments.parse_args().root
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    facts = pd.read_csv(root / "facts.csv", dtype=str, keep_default_na=False).set_index("member")
    print(markdown_table(STUDY_HEAD, list(study_rows(root))), end="\n\n")
    print(ctich_sentence(root), end="\n\n")
    print(
        markdown_table(("syntax", "outcome", "same stored values", "largest HU difference"), syntax_rows(root, facts))
    )
    print()
    print(markdown_table(("odd file", "outcome", "same stored values"), odd_rows(root, facts)))


def study_rows(root: Path) -> Iterator[list[str]]:
    """A row an archive of whole studies, and one for the thin series of the mixed export."""
    for folder in ("rsna", "cq500", "ge_tilt", "philips_mixed"):
        for archive in sorted((root / folder).glob("*.zip")):
            yield from _rows_of(archive, name=archive.stem)
    thin = root / "philips_mixed" / "philips_S21570.zip"
    yield from _rows_of(thin, name="the same, 1 mm series forced", series=_series_of(thin, "S2020"))


def _rows_of(archive: Path, *, name: str, series: str | None = None) -> Iterator[list[str]]:
    read = read_studies(archive, series=series)
    for outcome in read.outcomes():
        not_used = [*(outcome.not_used if isinstance(outcome, Scan) else outcome.reason.not_used), *read.rejected]
        chosen, rejected = _by_place(not_used)
        n_used = outcome.facts["n_source_files"] if isinstance(outcome, Scan) else 0
        counts = [n_used, sum(chosen.values()), sum(rejected.values())]
        assert sum(counts) == len(find_files(archive)), f"{name}: the three counts don't add up"
        accounts = [str(sum(counts)), str(n_used), _counts(chosen), _counts(rejected)]
        yield [name, *accounts, *(_scan_cells(outcome) if isinstance(outcome, Scan) else [NOTHING] * 5)]


def _series_of(archive: Path, folder: str) -> str:
    """The series in a folder of an archive."""
    inside = (file for file in find_files(archive) if f"/{folder}/" in file.member)
    return next(one.series_uid for file in inside for one in read_headers(file) if isinstance(one, SliceHeader))


def _by_place(not_used: Sequence[NotUsed]) -> tuple[Counter[str], Counter[str]]:
    """Files not chosen and files rejected, by code."""
    chosen: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for one in not_used:
        on_purpose = isinstance(one.subject, str) or one.code in LEFT_OUT_ON_PURPOSE
        (chosen if on_purpose else rejected)[one.code] += one.n_files
    return chosen, rejected


def _counts(codes: Counter[str]) -> str:
    total = sum(codes.values())
    return f"{total}: " + ", ".join(f"{n} {code}" for code, n in codes.most_common()) if total else "0"


def _scan_cells(scan: Scan) -> list[str]:
    step, tilt = scan.facts["step_mm"], scan.facts["tilt_degrees"]
    odd = [*scan.warnings, f"intercept {scan.facts['intercept']:g}", f"stored up to {scan.facts['stored_highest']}"]
    return [
        str(len(scan.hu)),
        NOTHING if step is None else f"{step:.2f}",
        f"{tilt:.1f}",
        scan.series.reason,
        "; ".join(odd),
    ]


def ctich_sentence(root: Path) -> str:
    """The rebuilt volumes of CT-ICH, read as a data set."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, root / "ctich" / "to_nifti.py", folder], check=True, stdout=subprocess.DEVNULL)
        source = CtIch(folder)
        source.check()
        read = [task.read(slab_mm=None) for _, task in source.studies()]
        notes = "; ".join(source.notes())
    labels = np.concatenate([one.labels for one in read])
    positives = ", ".join(f"{label} {int(n)}" for label, n in zip(LABELS, np.nansum(labels, axis=0), strict=True))
    return f"ctich: {len(read)} volumes, {len(labels):,} slices; positive slices: {positives}. {notes}"


def syntax_rows(root: Path, facts: pd.DataFrame) -> list[list[str]]:
    """One slice in each transfer syntax, against the uncompressed one."""
    files = find_files(root / "formats" / "syntaxes.zip")
    base = next(read_file(file) for file in files if file.member.endswith(f"/{BASE}"))
    rows = []
    for file in files:
        read = read_file(file)
        difference = NOTHING
        if read.hu is not None and base.hu is not None:
            difference = str(int(np.abs(read.hu.astype(int) - base.hu).max()))
        syntax = facts.loc[file.member, "TransferSyntaxUID"]
        rows.append([str(syntax), read.outcome, _same(read, facts, file), difference])
    return sorted(rows)


def odd_rows(root: Path, facts: pd.DataFrame) -> list[list[str]]:
    """Each odd file by itself."""
    rows = []
    for file in find_files(root / "formats" / "odd.zip"):
        read = read_file(file)
        rows.append([file.member.removeprefix("odd/"), read.outcome, _same(read, facts, file)])
    return rows


def read_file(file: DicomFile) -> ReadFile:
    """Read all frames of a file."""
    found = read_headers(file)
    headers = [one for one in found if isinstance(one, SliceHeader)]
    if not headers:
        (reason,) = {(one.code, one.sentence) for one in found if isinstance(one, Rejected)}
        return ReadFile(f"{reason[0]}: {reason[1]}")
    try:
        hu = np.stack([read_hu(header) for header in headers])
        stored = np.stack([read_stored(header) for header in headers])
    except UnreadablePixels as error:
        return ReadFile(f"{error.code}: {error.sentence}")
    frames = "" if len(headers) == 1 else f"{len(headers)} frames, "
    outcome = f"read: {frames}{hu.shape[1]} x {hu.shape[2]}, {hu.min()} to {hu.max()} HU"
    values = np.ascontiguousarray(stored, dtype="<i4")
    return ReadFile(outcome, hu, hashlib.sha256(values.tobytes()).hexdigest())


def _same(read: ReadFile, facts: pd.DataFrame, file: DicomFile) -> str:
    """Whether the stored values are those that facts.csv has the hash of."""
    known = facts.loc[file.member, "pixel_sha256"]
    if read.hu is None or not known:
        return NOTHING
    return "yes" if read.stored_hash == known else "no"


if __name__ == "__main__":
    try:
        main()
    except NoHeadCT as error:
        sys.exit(str(error))
