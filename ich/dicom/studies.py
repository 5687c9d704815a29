"""Reads every study of an input, one after the other, so that a batch needs the memory of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ich.dicom.contents import StudyFiles, read_contents
from ich.dicom.not_used import NoScan, NotUsed, not_used_file, not_used_study
from ich.dicom.scan import Scan, scan_of_study
from ich.errors import NoHeadCT


@dataclass(frozen=True)
class UnreadStudy:
    """A study that could not be read as a head CT.

    Attributes:
        study_uid: whose.
        reason: the error that says what was found; its `not_used` accounts for the files.
    """

    study_uid: str
    reason: NoScan


@dataclass(frozen=True)
class StudiesRead:
    """The studies of an input.

    Attributes:
        studies: by uid.
        rejected: files that belong to no study that is read, and series of studies beside the one asked for.
        series: uid of the series to read, None for the rule.
        slab_mm: height to which thin slices are averaged, in mm.
        min_slices: below this a series is no head, unless it was asked for.
    """

    studies: tuple[StudyFiles, ...]
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
        for study in self.studies:
            try:
                yield scan_of_study(
                    study.headers,
                    series=self.series,
                    slab_mm=self.slab_mm,
                    min_slices=self.min_slices,
                    aside=study.aside,
                )
            except NoScan as error:
                yield UnreadStudy(study.study_uid, error)


def read_studies(path: Path | Sequence[Path], *, series: str | None = None, slab_mm: float | None = 5.0) -> StudiesRead:
    """Find the studies of an input by their headers; a study is what has one uid and one patient.

    Args:
        path: a file, a folder, a zip, a DICOMDIR, or a list of these.
        series: uid of the series to read instead of the chosen one; only its study is read then.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them.

    Raises:
        DataError: the input is absent or empty.
        NoHeadCT: it holds no CT slice, or not the series asked for.
    """
    contents = read_contents(path)
    studies = contents.studies if series is None else tuple(one for one in contents.studies if one.has(series))
    if not studies:
        raise NoHeadCT(f"series={series}: expected a series of the input, found none of that uid; leave series out")
    others = [entry for one in contents.studies if series and not one.has(series) for entry in not_used_study(one)]
    return StudiesRead(studies, (*map(not_used_file, contents.rejected), *others), series, slab_mm, contents.min_slices)
