"""Reads every study of an input, one after the other, so that a batch needs the memory of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ich.dicom.files import find_files
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.scan import NotUsed, Scan, fewest_slices, not_used_file, scan_of_study
from ich.dicom.series import studies_in
from ich.errors import DataError, NoHeadCT


@dataclass(frozen=True)
class UnreadStudy:
    """A study that could not be read as a head CT, and the error that says what was found."""

    study_uid: str
    reason: DataError


@dataclass(frozen=True)
class StudiesRead:
    """The studies of an input.

    Attributes:
        studies: slices by study uid.
        rejected: files that belong to no study, each with its reason.
        series: uid of the series to read, None for the rule.
        slab_mm: height to which thin slices are averaged, in mm.
        min_slices: below this a series is no head, unless it was asked for.
    """

    studies: dict[str, tuple[SliceHeader, ...]]
    rejected: tuple[NotUsed, ...]
    series: str | None
    slab_mm: float | None
    min_slices: int

    @property
    def n_studies(self) -> int:
        """How many outcomes there will be."""
        return len(self.studies)

    def outcomes(self) -> Iterator[Scan | UnreadStudy]:
        """Read the studies one by one, in the order of their uids."""
        for uid in sorted(self.studies):
            try:
                yield scan_of_study(
                    self.studies[uid], series=self.series, slab_mm=self.slab_mm, min_slices=self.min_slices
                )
            except DataError as error:
                yield UnreadStudy(uid, error)


def read_studies(path: Path | Sequence[Path], *, series: str | None = None, slab_mm: float | None = 5.0) -> StudiesRead:
    """Find the studies of an input by their headers.

    Args:
        path: a file, a folder, a zip, or a list of these.
        series: uid of the series to read instead of the chosen one; only its study is read then.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them.

    Raises:
        DataError: the input is absent or empty.
        NoHeadCT: it holds no CT slice, or not the series asked for.
    """
    read = [found for file in find_files(path) for found in read_headers(file)]
    headers = [found for found in read if isinstance(found, SliceHeader)]
    rejected = tuple(not_used_file(found) for found in read if isinstance(found, Rejected))
    if not headers:
        raise NoHeadCT(f"input={path}: expected CT slices, found {_counted(rejected)}; name a folder or zip of head CT")
    studies = studies_in(headers)
    if series is not None:
        named = {header.study_uid for header in headers if header.series_uid == series}
        if not named:
            raise NoHeadCT(f"series={series}: expected a series of the input, found none of that uid; leave series out")
        studies = {uid: found for uid, found in studies.items() if uid in named}
    return StudiesRead(studies, rejected, series, slab_mm, fewest_slices([path] if isinstance(path, Path) else path))


def _counted(rejected: Sequence[NotUsed]) -> str:
    codes = sorted({one.code for one in rejected})
    return f"{len(rejected)} other files ({', '.join(codes)})" if rejected else "no file"
