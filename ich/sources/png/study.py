"""One study of 16-bit PNG files that hold a CT's stored values."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from ich.dicom.files import DicomFile, lies_below
from ich.dicom.header import SliceHeader
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.parsing.not_a_slice import MAX_SIDE
from ich.dicom.pixels import clean_hu, is_wrapped
from ich.dicom.reasons import REASONS
from ich.dicom.resize import pad_to
from ich.dicom.scan import Scan, ScanSeries
from ich.numerals import those_found
from ich.sources.source import RejectedFile, StudyRead, UnreadableStudy

ASSUMED_STEP_MM, ASSUMED_PIXEL_MM = 5.0, 0.5  # most head CT; the pictures don't say
MAX_PNG_BYTES = 1 << 27  # 128 MB: 16 bits of the largest matrix, four times
TWELVE_BITS = 4095
_PNG, _GREY, _SIXTEEN = b"\x89PNG\r\n\x1a\n", 0, 16


@dataclass(frozen=True, eq=False)
class PngSlice:
    """A slice: its file below the root, the image's id, its rescale to HU and its labels, float32 (6,)."""

    path: str
    image: str
    slope: float
    intercept: float
    labels: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Picture:
    """One picture: its data set's root and its path below it."""

    root: Path
    path: str

    @property
    def n_bytes(self) -> int:
        """Size of the file; 0 where there is none."""
        file = self.root / self.path
        return file.stat().st_size if file.is_file() else 0

    def read(self) -> np.ndarray:
        """Decode it, as `read_stored_png` does.

        Raises:
            UnreadablePng: it can't be used.
        """
        file = self.root / self.path
        if not lies_below(file, self.root):
            raise UnreadablePng("unreadable", "is a link that leads out of the data set")
        return read_stored_png(file)


@dataclass(frozen=True, eq=False)
class PngStudy:
    """A series of pictures, feet to head.

    Attributes:
        root: where the data set lies.
        study_uid: the data set's name for it.
        series_uid: likewise.
        slices: the pictures that are read.
        lost: those that aren't any more, as they cost a worker.
    """

    root: Path
    study_uid: str
    series_uid: str
    slices: tuple[PngSlice, ...] = field(repr=False)
    lost: tuple[RejectedFile, ...] = ()

    def without(self, lost: Mapping[int, str]) -> "PngStudy":
        """The study without some pictures, by their place, which end as rejected with the reason code given."""
        stays = tuple(one for place, one in enumerate(self.slices) if place not in lost)
        rejected = (RejectedFile(self.slices[place].path, code, REASONS[code]) for place, code in lost.items())
        return replace(self, slices=stays, lost=(*self.lost, *rejected))

    @property
    def pictures(self) -> tuple["Picture", ...]:
        """Each slice as one that can be tried alone."""
        return tuple(Picture(self.root, one.path) for one in self.slices)

    @property
    def files(self) -> tuple[str, ...]:
        """A picture a slice."""
        return tuple(one.path for one in self.slices)

    @property
    def n_bytes(self) -> int:
        """Size of the pictures that are there."""
        return sum(picture.n_bytes for picture in self.pictures)

    @property
    def content(self) -> str:
        """Hash of names, sizes, times, labels and rescale."""
        found = hashlib.sha256()
        for one in self.slices:
            path = self.root / one.path
            state = path.stat() if path.is_file() else None
            size, time = (state.st_size, state.st_mtime_ns) if state else (-1, -1)
            found.update(f"{one.path} {size} {time} {one.slope} {one.intercept} ".encode() + one.labels.tobytes())
        return found.hexdigest()

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """Decode the pictures; slabs are never made of them, as each has labels.

        Raises:
            UnreadableStudy: none of them can be used.
        """
        stored: list[np.ndarray] = []
        kept: list[PngSlice] = []
        rejected = list(self.lost)
        for one, picture in zip(self.slices, self.pictures, strict=True):
            try:
                stored.append(picture.read())
                kept.append(one)
            except UnreadablePng as error:
                rejected.append(RejectedFile(one.path, error.code, error.sentence))
        if not kept:
            raise UnreadableStudy(rejected)
        scan = self._scan(stored, kept, n_failed=len(rejected))
        return StudyRead(scan, np.stack([one.labels for one in kept]), n_used=len(kept), rejected=tuple(rejected))

    def _scan(self, stored: list[np.ndarray], kept: list[PngSlice], *, n_failed: int) -> Scan:
        is_signed = any(one.dtype == np.int16 for one in stored)
        headers = [self._header(one, values, is_signed) for one, values in zip(kept, stored, strict=True)]
        planes = [
            clean_hu(values.astype(np.int16) if is_signed else values, header)
            for values, header in zip(stored, headers, strict=True)
        ]
        sizes = Counter(plane.shape for plane in planes)
        rows, columns = (max(side) for side in zip(*sizes, strict=True))
        n_wrapped = sum(map(is_wrapped, headers))
        counts = [
            (n_failed, "slice|slices can't be read and is|are missing"),
            (n_wrapped, "slice|slices holds|hold 12 bits wrapped below zero, repaired"),
            (len(sizes) - 1, "further matrix size|sizes in the series, padded with air"),
        ]
        return Scan(
            hu=np.stack([pad_to(plane, rows, columns=columns) for plane in planes]),
            positions_mm=(np.arange(len(kept)) * ASSUMED_STEP_MM).astype(np.float32),
            spacing_mm=(ASSUMED_PIXEL_MM, ASSUMED_PIXEL_MM),
            thickness_mm=None,
            sop_uids=tuple(one.image for one in kept),
            series=ScanSeries(self.series_uid, "every series of this source is kept"),
            not_used=(),
            warnings=tuple(those_found(counts)),
            study_uid=self.study_uid,
            patient_id="",
            facts={
                "rows": rows,
                "columns": columns,
                "is_signed": is_signed,
                "slope": kept[0].slope,
                "intercept": kept[0].intercept,
                "stored_lowest": int(min(values.min() for values in stored)),
                "stored_highest": int(max(values.max() for values in stored)),
                "n_wrapped": n_wrapped,
                "positions": "assumed",
            },
        )

    def _header(self, one: PngSlice, values: np.ndarray, is_signed: bool) -> SliceHeader:
        """What a DICOM header would say; 12 bits where the values fit, which tells a wrap if the series is unsigned."""
        has_twelve_bits = int(values.max()) <= TWELVE_BITS
        return SliceHeader(
            file=DicomFile(self.root / one.path),
            sop_uid=one.image,
            series_uid=self.series_uid,
            study_uid=self.study_uid,
            patient_id="",
            accession="",
            modality="CT",
            rows=values.shape[0],
            columns=values.shape[1],
            position=(0.0, 0.0, 0.0),
            orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            pixel_spacing=(ASSUMED_PIXEL_MM, ASSUMED_PIXEL_MM),
            thickness_mm=None,
            slope=one.slope,
            intercept=one.intercept,
            has_rescale=True,
            bits_stored=12 if has_twelve_bits else 16,
            is_signed=is_signed,
            padding=None,
            image_type=(),
            kernel="",
            kind=SeriesKind(),
            instance_number=None,
            transfer_syntax="",
        )


class UnreadablePng(Exception):
    """A file that is no 16-bit grey picture; `code` and `sentence` as in `rejected.csv`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def read_stored_png(path: Path) -> np.ndarray:
    """Decode one picture.

    Returns:
        Stored values (R, C): int16 where a value above 32,767 says that negative ones were written as 16 bits without
        a sign, else uint16.

    Raises:
        UnreadablePng: absent, damaged, of another depth, or larger than any CT slice.
    """
    try:
        if path.stat().st_size > MAX_PNG_BYTES:
            raise UnreadablePng("odd_size", "is larger than any CT slice")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadablePng("unreadable", f"can't be read ({type(error).__name__})") from error
    if len(content) < 26 or not content.startswith(_PNG):
        raise UnreadablePng("unreadable", "is no PNG picture")
    columns, rows = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE):
        raise UnreadablePng("odd_size", "states a matrix that no CT slice has")
    if (content[24], content[25]) != (_SIXTEEN, _GREY):
        raise UnreadablePng("unreadable", "is no grey picture of 16 bits, so it can't hold stored values")
    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.shape != (rows, columns):
        raise UnreadablePng("unreadable", "is a damaged PNG picture")
    return values.view(np.int16) if int(values.max()) > np.iinfo(np.int16).max else values
