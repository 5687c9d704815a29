"""What a batch of files or a study may take, and what stays of it without the files that cost a worker."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ich.dicom.encoding.decode import UnreadablePixels
from ich.dicom.files import DicomFile
from ich.dicom.header import SliceHeader, read_headers
from ich.dicom.pixels import read_hu
from ich.dicom.reasons import REASONS
from ich.sources.png.study import Picture, PngStudy, UnreadablePng
from ich.sources.source import RejectedFile, StudyRead, UnreadableStudy
from ich.store.writing.dicom_study import DicomStudy
from ich.store.writing.workers import Budget
from ich.store.writing.write import StudyJob

# Far above what sound files take, also on a slow disk: a header takes a millisecond, a slice 20 to 100.
SECONDS, SECONDS_A_HEADER, SECONDS_A_SLICE = 60.0, 0.5, 2.0

# Bytes of address space. Much of the first is never touched: libraries reserve it when they are first used.
ROOM = 3 << 30
BYTES_ON_THE_WAY = 64  # of a pixel, from stored bytes over float64 to packed ones
BYTES_A_FILE_BYTE = 64  # of a study in files of its own: they may be packed, and are turned and averaged
VOLUME_ROOM = 8 << 30  # what it may take at most


@dataclass(frozen=True)
class FileBatch:
    """Files whose headers are read together.

    Attributes:
        start: place of the first among all files.
        files: to read.
        lost: reason code of those that aren't read, by their place in `files`.
    """

    start: int
    files: tuple[DicomFile, ...]
    lost: Mapping[int, str]


class BatchGuard:
    """Limits of a batch of headers; a lost batch is tried file by file."""

    probe = staticmethod(read_headers)

    def budget(self, item: FileBatch) -> Budget:
        """By the number of files."""
        return Budget(SECONDS + SECONDS_A_HEADER * len(item.files), ROOM)

    def parts(self, item: FileBatch) -> Sequence[tuple[DicomFile, Budget]]:
        """Each file."""
        return [(file, Budget(SECONDS, ROOM)) for file in item.files]

    def without(self, item: FileBatch, lost: Mapping[int, str]) -> FileBatch:
        """The batch with some files not read."""
        return replace(item, lost={**item.lost, **lost})


class StudyGuard:
    """Limits of a study; a lost one is tried slice by slice, file by file; a volume is given up as a whole."""

    def budget(self, item: StudyJob) -> Budget:
        """By the number of slices and the size of their matrix; of a volume by the size of its files."""
        if not isinstance(item.task, DicomStudy):
            return _volume_budget(getattr(item.task, "n_bytes", VOLUME_ROOM))  # a task that doesn't say gets all
        packed = len(item.task.headers) * item.settings.size**2
        return _budget(item.task.headers, pixels=packed)

    def parts(self, item: StudyJob) -> Sequence[tuple[object, Budget]]:
        """The headers of each file, or each picture."""
        if isinstance(item.task, PngStudy) and item.task.slices:
            return [(picture, _volume_budget(picture.n_bytes)) for picture in item.task.pictures]
        if not isinstance(item.task, DicomStudy):
            return [(item.task, self.budget(item))]
        return [(headers, _budget(headers)) for headers in _by_file(item.task).values()] or [((), self.budget(item))]

    @staticmethod
    def probe(part: Sequence[SliceHeader] | Picture) -> None:
        """Decode the slices of one file."""
        if isinstance(part, Picture):
            with suppress(UnreadablePng):
                part.read()
            return
        for header in part:
            with suppress(UnreadablePixels):  # no harm to the worker; it is told when the study is read
                read_hu(header)

    def without(self, item: StudyJob, lost: Mapping[int, str]) -> StudyJob:
        """The study without some files, which it rejects."""
        task = item.task
        if isinstance(task, PngStudy) and task.slices:
            return replace(item, task=task.without(lost))
        if isinstance(task, DicomStudy):
            files = list(_by_file(task))
            return replace(item, task=task.without({files[index]: code for index, code in lost.items()}))
        code = next(iter(lost.values()))
        rejected = tuple(RejectedFile(file, code, REASONS[code]) for file in getattr(task, "files", ()))
        return replace(item, task=LostStudy(task.study_uid, rejected))


@dataclass(frozen=True)
class LostStudy:
    """A study that can't be read in any process.

    Attributes:
        study_uid: the data set's name for it.
        rejected: each of its files with the reason.
    """

    study_uid: str
    rejected: tuple[RejectedFile, ...]

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """Never reads.

        Raises:
            UnreadableStudy: always.
        """
        raise UnreadableStudy(self.rejected)


def _by_file(task: DicomStudy) -> dict[DicomFile, list[SliceHeader]]:
    grouped: dict[DicomFile, list[SliceHeader]] = {}
    for header in task.headers:
        grouped.setdefault(header.file, []).append(header)
    return grouped


def _volume_budget(n_bytes: int) -> Budget:
    """By the size of the files."""
    return Budget(SECONDS * 10, min(VOLUME_ROOM, ROOM + BYTES_A_FILE_BYTE * n_bytes))


def _budget(headers: Sequence[SliceHeader], *, pixels: int = 0) -> Budget:
    """Room for all slices as int16, for `pixels` more, each twice, and for what one slice needs on its way."""
    rows = max((header.rows for header in headers), default=0)
    columns = max((header.columns for header in headers), default=0)
    largest = rows * columns
    memory = ROOM + 4 * (len(headers) * largest + pixels) + BYTES_ON_THE_WAY * largest
    return Budget(SECONDS + SECONDS_A_SLICE * len(headers), memory)
