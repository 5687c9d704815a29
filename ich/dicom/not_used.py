"""Accounts for the files of an input that are not in a scan: one by one, or by series."""

from dataclasses import dataclass

from ich.dicom.contents import StudyFiles
from ich.dicom.files import DicomFile
from ich.dicom.geometry.order import OrderedSlices
from ich.dicom.header import Rejected
from ich.dicom.planes import Planes
from ich.dicom.reasons import REASONS
from ich.dicom.series import NotChosen
from ich.errors import NoHeadCT


@dataclass(frozen=True)
class NotUsed:
    """A file or a series of the input that is not in the scan.

    Attributes:
        subject: the file, or the uid of the series.
        n_files: 1 for a file.
        code: a key of `REASONS`.
        sentence: the reason in words, free of identifying text.
    """

    subject: DicomFile | str
    n_files: int
    code: str
    sentence: str


class NoScan(NoHeadCT):
    """A study of which nothing can be read as a head CT.

    Attributes:
        not_used: all of its files, by series or one by one, with their reasons.
    """

    def __init__(self, message: str, *, not_used: tuple[NotUsed, ...] = ()) -> None:
        super().__init__(message)
        self.not_used = not_used


def not_used_file(rejected: Rejected) -> NotUsed:
    """A rejected file as a scan lists it."""
    return NotUsed(rejected.file, 1, rejected.code, rejected.sentence)


def not_used_series(left_out: NotChosen) -> NotUsed:
    """A series not chosen as a scan lists it."""
    return NotUsed(left_out.series_uid, left_out.n_files, left_out.code, left_out.sentence)


def not_used_study(study: StudyFiles) -> list[NotUsed]:
    """The series of a study beside the one that was asked for."""
    code = "not_asked_for"
    return [NotUsed(uid, n_files, code, REASONS[code]) for uid, n_files in study.files_by_series().items()]


def not_used_slices(ordered: OrderedSlices, planes: Planes) -> tuple[NotUsed, ...]:
    """Each file that has no slice in the scan, with the reason of its first one."""
    used = {one.header.file for one in planes.stored}
    left_out: dict[DicomFile, NotUsed] = {}
    for one in planes.unread:
        file = ordered.headers[one.index].file
        if file not in used:
            left_out.setdefault(file, NotUsed(file, 1, one.code, one.sentence))
    return tuple(left_out.values())
