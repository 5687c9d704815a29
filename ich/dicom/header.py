"""Reads the header of one DICOM file: the facts of a CT slice, or the reason why it is none."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import BinaryIO, cast

from pydicom.dataset import FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ich.dicom.elements import Elements, quiet_pydicom, read_dataset
from ich.dicom.files import DicomFile
from ich.dicom.kinds import SeriesKind, series_kind
from ich.dicom.reasons import NOT_SLICES, REASONS

__all__ = ["NOT_SLICES", "REASONS", "Rejected", "SliceHeader", "read_headers"]

Orientation = tuple[float, float, float, float, float, float]

MAX_SIDE = 4096  # pixels; CT reconstructions reach 1024, some vendors 2048

_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
_MULTI_FRAME_CT_CLASSES = _CT_CLASSES[1:]
_SECONDARY_CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_GREY = ("MONOCHROME1", "MONOCHROME2", "")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that can't be a slice, and why.

    Attributes:
        file: the file.
        code: a key of `REASONS`.
        sentence: what is wrong, in words, free of identifying text.
        series_uid: the series it says it belongs to, if it does.
        study_uid: the study likewise; with a code in `NOT_SLICES` it is a page of that study, not a fault.
    """

    file: DicomFile
    code: str
    sentence: str
    series_uid: str = ""
    study_uid: str = ""


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """Facts of one CT slice, pixels untouched.

    Attributes:
        file: where it lies.
        sop_uid: SOPInstanceUID; series_uid and study_uid likewise. Invalid ones are kept as they are.
        patient_id: PatientID as it stands, for hashing in memory only; accession: AccessionNumber likewise.
        modality: "CT", or "" where the file doesn't say.
        rows, columns: matrix.
        position: x, y, z of the first pixel's centre in mm (patient coordinates: left, back, head).
        orientation: direction of a row (x, y, z), then of a column.
        pixel_spacing: mm between rows, mm between columns.
        thickness_mm: SliceThickness, None where not given.
        slope, intercept: rescale to HU; 1 and 0 where `has_rescale` is false.
        bits_stored, is_signed: how a pixel is stored.
        padding: lowest and highest stored value that means "no measurement", None where not given.
        image_type: values of ImageType in capitals.
        kernel: ConvolutionKernel.
        kind: what tags and words say about its series.
        instance_number: None where not given.
        transfer_syntax: uid of the encoding.
        pixel_offset: where the first pixel value lies in the file, bytes from its start; None where the pixels are
            compressed or deflated.
        bits_allocated: bits a stored pixel takes.
        frame: number of the frame in its file, from 0; 0 where a file is a slice.
        n_frames: frames of the file.
    """

    file: DicomFile
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_id: str = field(repr=False)
    accession: str = field(repr=False)
    modality: str
    rows: int
    columns: int
    position: tuple[float, float, float]
    orientation: Orientation
    pixel_spacing: tuple[float, float]
    thickness_mm: float | None
    slope: float
    intercept: float
    has_rescale: bool
    bits_stored: int
    is_signed: bool
    padding: tuple[int, int] | None
    image_type: tuple[str, ...]
    kernel: str
    kind: SeriesKind
    instance_number: int | None
    transfer_syntax: str
    pixel_offset: int | None = None
    bits_allocated: int = 16
    frame: int = 0
    n_frames: int = 1


def read_headers(file: DicomFile) -> tuple[SliceHeader | Rejected, ...]:
    """Read the facts of one file without its pixels; never raises for what the file holds.

    Returns:
        One header a frame, so one for most files; or the one reason why there is none.
    """
    return (_read_header(file),)


def _read_header(file: DicomFile) -> SliceHeader | Rejected:
    try:
        with quiet_pydicom(), file.open() as stream:
            dataset = read_dataset(stream, with_pixels=False)
            if dataset is None:
                foreign = "unread_zip" if not file.member and file.path.suffix.lower() == ".zip" else "not_dicom"
                return Rejected(file, foreign, REASONS[foreign])
            elements = Elements(dataset)
            code = _why_not(elements, dataset) or _why_not_whole(elements, dataset, stream)
            if code:
                uids = [intern(elements.text(f"{level}InstanceUID")) for level in ("Series", "Study")]
                return Rejected(file, code, REASONS[code], *uids)
            return _header(file, elements, dataset)
    except Exception as error:  # a stranger's bytes can raise almost anything in a parser: it becomes a fact
        return Rejected(file, "unreadable", f"{REASONS['unreadable']} ({type(error).__name__})")


def _why_not(elements: Elements, dataset: FileDataset) -> str | None:
    """The code of the first thing that keeps this file from being a CT slice."""
    sop_class = elements.text("SOPClassUID")
    modality = elements.text("Modality")
    if str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == _DIRECTORY_CLASS:
        return "directory"
    if modality != "CT" and (modality or sop_class not in _CT_CLASSES):
        return "not_ct"
    if sop_class == _SECONDARY_CAPTURE_CLASS:
        return "secondary_capture"
    if sop_class in _MULTI_FRAME_CT_CLASSES or (elements.number("NumberOfFrames") or 1) > 1:
        return "odd_frames"
    if elements.text("PhotometricInterpretation") not in _GREY or (elements.whole("SamplesPerPixel") or 1) > 1:
        return "colour"
    if not all(0 < (elements.whole(side) or 0) <= MAX_SIDE for side in ("Rows", "Columns")):
        return "odd_size"
    return None if _has_geometry(elements) else "no_geometry"


def _has_geometry(elements: Elements) -> bool:
    spacing = elements.numbers("PixelSpacing")
    return (
        len(elements.numbers("ImagePositionPatient")) == 3
        and len(spacing) == 2
        and min(spacing) > 0
        and _is_orientation(elements.numbers("ImageOrientationPatient"))
    )


def _is_orientation(values: Sequence[float]) -> bool:
    """Whether these are two directions of length 1 at a right angle, within 2 % (text is often rounded)."""
    if len(values) != 6:
        return False
    row, column = values[:3], values[3:]
    angle = sum(a * b for a, b in zip(row, column, strict=True))
    return abs(math.hypot(*row) - 1) < 0.02 and abs(math.hypot(*column) - 1) < 0.02 and abs(angle) < 0.02


def _why_not_whole(elements: Elements, dataset: FileDataset, stream: BinaryIO) -> str | None:
    """Whether the pixel data are there, as far as the place after the header shows it."""
    syntax = _transfer_syntax(dataset)
    if syntax == DeflatedExplicitVRLittleEndian:
        return None  # the pixels are looked at when they are read
    start = stream.tell()
    left = stream.seek(0, os.SEEK_END) - start
    if left < 8:
        return "no_pixels"
    if syntax not in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian):
        return None
    pixel_bytes = max(1, (elements.whole("BitsAllocated") or 16) // 8)
    tag_bytes = 8 if syntax == ImplicitVRLittleEndian else 12
    needed = (elements.whole("Rows") or 0) * (elements.whole("Columns") or 0) * pixel_bytes
    return "truncated" if left - tag_bytes < needed else None


def _transfer_syntax(dataset: FileDataset) -> str:
    """The encoding as stated, or as found where there is no file meta."""
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return str(stated)
    is_implicit, is_little = dataset.original_encoding
    if is_implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian)


def _header(file: DicomFile, elements: Elements, dataset: FileDataset) -> SliceHeader:
    series_uid = elements.text("SeriesInstanceUID")
    slope, intercept = elements.number("RescaleSlope"), elements.number("RescaleIntercept")
    is_signed = elements.whole("PixelRepresentation") == 1
    instance = elements.number("InstanceNumber")
    position, spacing = elements.numbers("ImagePositionPatient"), elements.numbers("PixelSpacing")
    orientation = cast(Orientation, elements.numbers("ImageOrientationPatient"))  # six values: `_has_geometry`
    image_type = tuple(map(intern, elements.texts("ImageType")))
    kernel = intern("\\".join(elements.texts("ConvolutionKernel")))
    return SliceHeader(
        file=file,
        sop_uid=elements.text("SOPInstanceUID"),
        series_uid=intern(series_uid),
        study_uid=intern(elements.text("StudyInstanceUID") or series_uid),
        patient_id=intern(elements.text("PatientID")),
        accession=intern(elements.text("AccessionNumber")),
        modality=intern(elements.text("Modality")),
        rows=elements.whole("Rows") or 0,
        columns=elements.whole("Columns") or 0,
        position=(position[0], position[1], position[2]),
        orientation=orientation,
        pixel_spacing=(spacing[0], spacing[1]),
        thickness_mm=elements.number("SliceThickness"),
        slope=slope or 1.0,
        intercept=intercept or 0.0,
        has_rescale=bool(slope) and intercept is not None,
        bits_stored=elements.whole("BitsStored") or 16,
        is_signed=is_signed,
        padding=_padding(elements, is_signed=is_signed),
        image_type=image_type,
        kernel=kernel,
        kind=series_kind(
            image_type,
            kernel=kernel,
            description=elements.text("SeriesDescription"),
            contrast=bool(elements.text("ContrastBolusAgent")),
        ),
        instance_number=None if instance is None else int(instance),
        transfer_syntax=intern(_transfer_syntax(dataset)),
        bits_allocated=elements.whole("BitsAllocated") or 16,
    )


def _padding(elements: Elements, *, is_signed: bool) -> tuple[int, int] | None:
    """Lowest and highest stored value that stand for padding. Source: DICOM PS3.3 C.7.5.1.1.2."""
    value, limit = elements.whole("PixelPaddingValue"), elements.whole("PixelPaddingRangeLimit")
    if value is None:
        return None
    bounds = [value, value if limit is None else limit]
    if is_signed:
        bounds = [bound - 0x10000 if bound >= 0x8000 else bound for bound in bounds]
    return min(bounds), max(bounds)
