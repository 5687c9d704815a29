"""Reads the header of one DICOM file: the facts of its CT slices, or the reason why it holds none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any, BinaryIO

from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ich.dicom.archive_member import LockedMember
from ich.dicom.files import DicomFile
from ich.dicom.parsing.elements import Elements, quiet_pydicom, read_dataset
from ich.dicom.parsing.foreign import why_no_dicom
from ich.dicom.parsing.frames import frames_of
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.parsing.not_a_slice import kind_of, why_no_ct, why_no_pixel_values, why_no_slice
from ich.dicom.parsing.pixel_data import PixelPlace, find_pixel_data
from ich.dicom.reasons import REASONS

Orientation = tuple[float, float, float, float, float, float]


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
        sop_uid: SOPInstanceUID; series_uid and study_uid likewise. Invalid ones are kept as they are. A frame of
            several has `<SOPInstanceUID>#<frame>`, counted from 1 as DICOM's references to frames do (PS3.3 10.3):
            slices are told apart by this uid, and no uid holds a "#".
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
        pixel_offset: where the pixel data begin, bytes from the file's start: with the first value, or with the table
            of offsets where they are compressed; None where the whole file must be parsed to find them (deflated).
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
    try:
        with quiet_pydicom(), file.open() as stream:
            dataset = read_dataset(stream, with_pixels=False)
            if dataset is None:
                foreign = why_no_dicom(file, stream)
                return (Rejected(file, foreign, REASONS[foreign]),)
            return _headers_of(file, dataset, stream)
    except LockedMember:
        return (Rejected(file, "locked_zip", REASONS["locked_zip"]),)
    except MemoryError:
        return (Rejected(file, "out_of_memory", REASONS["out_of_memory"]),)
    except Exception as error:  # a stranger's bytes can raise almost anything in a parser: it becomes a fact
        return (Rejected(file, "unreadable", f"{REASONS['unreadable']} ({type(error).__name__})"),)


def _headers_of(file: DicomFile, dataset: FileDataset, stream: BinaryIO) -> tuple[SliceHeader | Rejected, ...]:
    elements = Elements(dataset)
    frames: tuple[Elements, ...] = ()
    place = PixelPlace(None)
    code = why_no_ct(elements, dataset)
    if not code:
        frames = frames_of(elements)
        place = find_pixel_data(
            stream,
            is_implicit=dataset.original_encoding[0] is True,
            is_little=dataset.original_encoding[1] is not False,
            syntax=_transfer_syntax(dataset),
            n_bytes=_n_bytes(elements) * len(frames),
        )
        code = _why_not(elements, frames, place)
    if code:
        uids = [intern(elements.text(f"{level}InstanceUID")) for level in ("Series", "Study")]
        return (Rejected(file, code, REASONS[code], *uids),)
    shared = _shared_facts(elements, dataset, place)
    return tuple(
        SliceHeader(file=file, frame=index, n_frames=len(frames), **shared, **_frame_facts(frame, index, len(frames)))
        for index, frame in enumerate(frames)
    )


def _why_not(elements: Elements, frames: Sequence[Elements], place: PixelPlace) -> str:
    """The code of the first thing that keeps a CT file from being slices."""
    if place.fault == "no_pixels":
        return place.fault
    if not frames:
        return "odd_frames"
    codes = (why_no_pixel_values(elements), *map(why_no_slice, frames), place.fault)
    return next(filter(None, codes), "")


def _n_bytes(elements: Elements) -> int:
    """Bytes of one frame, uncompressed."""
    bits = elements.whole("BitsAllocated") or 16
    return (elements.whole("Rows") or 0) * (elements.whole("Columns") or 0) * max(1, bits // 8)


def _transfer_syntax(dataset: FileDataset) -> str:
    """The encoding as stated, or as found where there is no file meta."""
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return str(stated)
    is_implicit, is_little = dataset.original_encoding
    if is_implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian)


def _shared_facts(elements: Elements, dataset: FileDataset, place: PixelPlace) -> dict[str, Any]:
    """What all frames of a file have in common."""
    series_uid = elements.text("SeriesInstanceUID")
    syntax = _transfer_syntax(dataset)
    is_signed = elements.whole("PixelRepresentation") == 1
    bits_allocated = elements.whole("BitsAllocated") or 16
    swapped = syntax == ExplicitVRBigEndian and bits_allocated == 8  # may be written as words, bytes in pairs turned
    return {
        "series_uid": intern(series_uid),
        "study_uid": intern(elements.text("StudyInstanceUID") or series_uid),
        "patient_id": intern(elements.text("PatientID")),
        "accession": intern(elements.text("AccessionNumber")),
        "modality": intern(elements.text("Modality")),
        "rows": elements.whole("Rows") or 0,
        "columns": elements.whole("Columns") or 0,
        "bits_stored": elements.whole("BitsStored") or bits_allocated,
        "is_signed": is_signed,
        "padding": _padding(elements, is_signed=is_signed),
        "transfer_syntax": intern(syntax),
        "pixel_offset": None if swapped else place.offset,
        "bits_allocated": bits_allocated,
    }


def _frame_facts(elements: Elements, index: int, n_frames: int) -> dict[str, Any]:
    """What each frame has of its own; of a multi-frame file it stands in the functional groups."""
    slope, intercept = elements.number("RescaleSlope"), elements.number("RescaleIntercept")
    instance = elements.number("InstanceNumber") if n_frames == 1 else index + 1
    image_type = tuple(map(intern, elements.texts("ImageType")))
    kernel = intern("\\".join(elements.texts("ConvolutionKernel")))
    sop_uid = elements.text("SOPInstanceUID")
    return {
        "sop_uid": sop_uid if n_frames == 1 else f"{sop_uid}#{index + 1}",
        "position": elements.numbers("ImagePositionPatient"),
        "orientation": elements.numbers("ImageOrientationPatient"),
        "pixel_spacing": elements.numbers("PixelSpacing"),
        "thickness_mm": elements.number("SliceThickness"),
        "slope": slope or 1.0,
        "intercept": intercept or 0.0,
        "has_rescale": bool(slope) and intercept is not None,
        "image_type": image_type,
        "kernel": kernel,
        "kind": kind_of(elements, image_type=image_type, kernel=kernel),
        "instance_number": None if instance is None else int(instance),
    }


def _padding(elements: Elements, *, is_signed: bool) -> tuple[int, int] | None:
    """Lowest and highest stored value that stand for padding. Source: DICOM PS3.3 C.7.5.1.1.2."""
    value, limit = elements.whole("PixelPaddingValue"), elements.whole("PixelPaddingRangeLimit")
    if value is None:
        return None
    bounds = [value, value if limit is None else limit]
    if is_signed:
        bounds = [bound - 0x10000 if bound >= 0x8000 else bound for bound in bounds]
    return min(bounds), max(bounds)
