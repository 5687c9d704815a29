"""Sorts the files of an input into studies by their headers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ich.dicom.files import find_files
from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.reasons import NOT_SLICES, counts_in_words
from ich.dicom.series import MIN_SLICES, studies_in
from ich.errors import NoHeadCT


@dataclass(frozen=True)
class StudyFiles:
    """The files of one study.

    Attributes:
        study_uid: whose.
        headers: its slices.
        aside: its files that are no slices by their nature (captured screens, dose pages).
    """

    study_uid: str
    headers: tuple[SliceHeader, ...] = field(repr=False)
    aside: tuple[Rejected, ...] = field(default=(), repr=False)

    def has(self, series: str) -> bool:
        """Whether one of its slices is of this series."""
        return any(header.series_uid == series for header in self.headers)

    def files_by_series(self) -> dict[str, int]:
        """Number of files of each series."""
        files = {(header.series_uid, header.file) for header in self.headers}
        files |= {(one.series_uid, one.file) for one in self.aside}
        return dict(Counter(uid for uid, _ in sorted(files)))


@dataclass(frozen=True)
class Contents:
    """What an input holds.

    Attributes:
        studies: by uid.
        rejected: files that belong to no study with slices.
        min_slices: below this a series of the input is no head.
    """

    studies: tuple[StudyFiles, ...]
    rejected: tuple[Rejected, ...]
    min_slices: int


def read_contents(path: Path | Sequence[Path]) -> Contents:
    """Read the headers of an input; a study is what has one uid and one patient.

    Args:
        path: a file, a folder, a zip, a DICOMDIR, or a list of these.

    Raises:
        DataError: the input is absent or empty.
        NoHeadCT: it holds no CT slice.
    """
    read = [found for file in find_files(path) for found in read_headers(file)]
    rejected = [found for found in read if isinstance(found, Rejected)]
    studies = studies_in(found for found in read if isinstance(found, SliceHeader))
    if not studies:
        words = counts_in_words((one.code, 1) for one in rejected)
        raise NoHeadCT(f"input: expected CT slices, found {words}; give a folder or zip with a head CT")
    pages: dict[str, list[Rejected]] = defaultdict(list)
    for found in rejected:
        if found.code in NOT_SLICES:
            pages[found.study_uid].append(found)
    with_pages = uids_with_pages(studies)
    sorted_in = [
        StudyFiles(uid, studies[uid, patient], tuple(pages[uid]) if uid in with_pages else ())
        for uid, patient in sorted(studies)
    ]
    taken = {id(one) for study in sorted_in for one in study.aside}
    others = tuple(found for found in rejected if id(found) not in taken)
    return Contents(tuple(sorted_in), others, fewest_slices([path] if isinstance(path, Path) else path))


def uids_with_pages(studies: Iterable[tuple[str, str]]) -> set[str]:
    """Study uids whose pages (`NOT_SLICES`) belong to the study: a page doesn't say which of two patients it is of.

    Args:
        studies: uid and patient of each study that has slices.
    """
    n_patients = Counter(uid for uid, _ in set(studies))
    return {uid for uid, n in n_patients.items() if uid and n == 1}


def fewest_slices(paths: Sequence[Path]) -> int:
    """Slices below which a series of this input is no head: files named one by one are taken at their word."""
    return 1 if all(map(_is_one_file, paths)) else MIN_SLICES


def _is_one_file(path: Path) -> bool:
    """Whether a path stands for nothing but itself, as a zip and a DICOMDIR don't."""
    return path.is_file() and path.suffix.lower() != ".zip" and path.name.upper() != "DICOMDIR"
