"""Writes the slices of a made study as DICOM CT images; the header is encoded once a study."""

import hashlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from ich.phantom.grid import Grid
from ich.phantom.storage import Storage, stored

# UIDs of one length, so that one can take another's place in an encoded header (PS3.5 B.2: 2.25 and a whole number).
_UID_LOW, _UID_HIGH = 10**38, 2**128
_SOP_MARK = "2.25." + "9" * 39
_PLACES = ("-1111111.111", "-2222222.222", "-3333333.333")
_NUMBER = "-777777777"  # the minus keeps every mark out of UIDs, which are long enough to hold any digits


@dataclass(frozen=True)
class StudyNames:
    """What a made study is called: a patient id that says it is made, UIDs that follow from the seed."""

    patient_id: str
    study_uid: str
    series_uid: str
    frame_uid: str
    sop_uids: tuple[str, ...]


def name_study(seed: int, number: int, *, n_slices: int) -> StudyNames:
    """Names of study `number` of a seed."""
    stem = f"ich.phantom/{seed}/{number}"
    return StudyNames(
        patient_id=f"PHANTOM-{seed}-{number}",
        study_uid=uid_of(f"{stem}/study"),
        series_uid=uid_of(f"{stem}/series"),
        frame_uid=uid_of(f"{stem}/frame"),
        sop_uids=tuple(uid_of(f"{stem}/slice/{s}") for s in range(n_slices)),
    )


def uid_of(text: str) -> str:
    """A UID of 44 characters that follows from a text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return f"2.25.{_UID_LOW + number % (_UID_HIGH - _UID_LOW)}"


def encode_study(hu: np.ndarray, grid: Grid, *, names: StudyNames, storage: Storage) -> list[bytes]:
    """Encode every slice of a study as a DICOM file.

    Args:
        hu: int16 (S, R, C), feet to head.
        grid: geometry of the scan.
        names: patient and UIDs.
        storage: how values are stored.

    Returns:
        The content of one file a slice.
    """
    header = _encoded_header(grid, names=names, storage=storage)
    values = stored(hu, storage)
    files = []
    for s, sop_uid in enumerate(names.sop_uids):
        one = header.replace(_SOP_MARK.encode(), sop_uid.encode())
        for mark, value in zip(_PLACES, grid.position(s), strict=True):
            one = one.replace(mark.encode(), f"{value:12.5f}".encode())
        one = one.replace(_NUMBER.encode(), f"{grid.n_slices - s:10d}".encode())
        files.append(one + values[s].tobytes())
    return files


def _encoded_header(grid: Grid, *, names: StudyNames, storage: Storage) -> bytes:
    """Everything before the pixels, with marks where slices differ."""
    pixels = bytes(2 * grid.size * grid.size)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(_SOP_MARK)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _patient(data, names)
    _scan(data, grid)
    _image(data, grid, storage)
    data.PixelData = pixels
    encoded = BytesIO()
    data.save_as(encoded, enforce_file_format=True)
    return encoded.getvalue()[: -len(pixels)]


def _patient(data: Dataset, names: StudyNames) -> None:
    for empty in (
        "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
        "ReferringPhysicianName", "PositionReferenceIndicator",
    ):  # fmt: skip
        setattr(data, empty, "")
    data.PatientID = names.patient_id
    data.StudyID = "1"
    data.StudyInstanceUID = names.study_uid
    data.SeriesInstanceUID = names.series_uid
    data.FrameOfReferenceUID = names.frame_uid
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = _SOP_MARK
    data.Manufacturer = "ich phantom"
    data.StudyDescription = "MADE HEAD"
    data.SeriesDescription = "HEAD"


def _scan(data: Dataset, grid: Grid) -> None:
    data.Modality = "CT"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.BodyPartExamined = "HEAD"
    data.PatientPosition = "HFS"
    data.KVP = "120"
    data.ConvolutionKernel = "SOFT"
    data.SliceThickness = f"{grid.spacing_mm:.3f}"
    data.GantryDetectorTilt = f"{-np.degrees(grid.tilt):.2f}"  # positive where columns run down, as GE writes it
    data.SeriesNumber = "2"
    data.AcquisitionNumber = "1"
    data.InstanceNumber = _NUMBER
    data.ImagePositionPatient = list(_PLACES)
    data.ImageOrientationPatient = [f"{value:.9f}" for value in grid.orientation()]
    data.PixelSpacing = [f"{grid.pixel_mm:.7f}"] * 2


def _image(data: Dataset, grid: Grid, storage: Storage) -> None:
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows = data.Columns = grid.size
    data.BitsAllocated = 16
    data.BitsStored = storage.bits_stored
    data.HighBit = storage.bits_stored - 1
    data.PixelRepresentation = int(storage.is_signed)
    if storage.padding is not None:
        data.PixelPaddingValue = storage.padding
    data.RescaleIntercept = str(storage.intercept)
    data.RescaleSlope = "1"
    data.RescaleType = "HU"
    data.WindowCenter, data.WindowWidth = "40", "80"
