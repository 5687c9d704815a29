"""Tiny DICOM slices and headers in any shape that a test needs."""

import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
)  # fmt: skip

from ich.dicom.archive import Member, list_members
from ich.dicom.files import DicomFile
from ich.dicom.header import SliceHeader
from ich.dicom.parsing.kinds import SeriesKind

UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.fixture(scope="session")
def header() -> Callable[..., SliceHeader]:
    """Makes the header of a sound 4 x 4 slice; any fact can be set, `z` places it."""

    return make_header


def make_header(z: float = 0.0, **facts: Any) -> SliceHeader:
    sound = SliceHeader(
        file=DicomFile(Path(f"/made/{z}.dcm")), sop_uid=f"1.2.{round(z * 100) + 10000}", series_uid="1.2.3",
        study_uid="1.2", patient_id="", accession="", modality="CT", rows=4, columns=4, position=(0.0, 0.0, z),
        orientation=UPRIGHT, pixel_spacing=(0.5, 0.5), thickness_mm=5.0, slope=1.0, intercept=-1024.0,
        has_rescale=True, bits_stored=16, is_signed=True, padding=None,
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"), kernel="", kind=SeriesKind(),
        instance_number=None, transfer_syntax=ExplicitVRLittleEndian,
    )  # fmt: skip
    return replace(sound, **facts)


@pytest.fixture
def data_set() -> Callable[..., FileDataset]:
    """Makes a CT data set of HU `hu` (4 x 4, 40 HU by default); keywords replace elements, None removes one."""
    return make_data_set


@pytest.fixture
def write_slice(tmp_path: Path) -> Callable[..., Path]:
    """Writes such a data set as a file below `tmp_path` and gives its path."""

    def write(name: str = "slice.dcm", *, syntax: str = ExplicitVRLittleEndian, **elements: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = make_data_set(**elements)
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
        if syntax == ExplicitVRBigEndian:
            made.PixelData = np.frombuffer(made.PixelData, "<i2").astype(">i2").tobytes()
            dcmwrite(path, made, force_encoding=True, implicit_vr=False, little_endian=False)
            return path
        if syntax == RLELossless:
            made.compress(RLELossless, encoding_plugin="pydicom")
        made.save_as(path, enforce_file_format=True)
        return path

    return write


def make_data_set(z: float = 0.0, hu: np.ndarray | None = None, **elements: Any) -> FileDataset:
    stored = (np.full((4, 4), 40) if hu is None else hu).astype(np.int32) + 1024
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.{round(z * 100) + 10000}"
    made = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    values = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID, "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": "1.2.3", "PatientID": "made", "Modality": "CT", "ImagePositionPatient": [0, 0, z],
        "ImageOrientationPatient": list(UPRIGHT), "PixelSpacing": [0.5, 0.5], "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "Rows": stored.shape[0], "Columns": stored.shape[1],
        "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1, "RescaleSlope": 1,
        "RescaleIntercept": -1024, "PixelData": stored.astype("<i2").tobytes(),
    }  # fmt: skip
    for keyword, value in {**values, **elements}.items():
        if value is not None and keyword.startswith("PixelPadding"):
            made.add_new(keyword, "SS" if value < 0 else "US", value)
        elif value is not None:
            setattr(made, keyword, value)
    return made


@pytest.fixture
def frames() -> Callable[..., FileDataset]:
    """Makes an enhanced CT of frames of 4 x 4, 5 mm apart; `planes` are their HU, `frame` changes a frame's groups."""
    return make_frames


def make_frames(
    planes: Sequence[np.ndarray], *, frame: Callable[[Dataset, int], None] | None = None, **elements: Any
) -> FileDataset:
    made = make_data_set(
        hu=np.stack(planes), SOPClassUID=EnhancedCTImageStorage, NumberOfFrames=len(planes), **elements
    )
    made.Rows, made.Columns = planes[0].shape
    for keyword in (
        "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
    ):  # fmt: skip
        delattr(made, keyword)
    shared = group(
        PlaneOrientationSequence={"ImageOrientationPatient": list(UPRIGHT)},
        PixelMeasuresSequence={"PixelSpacing": [0.5, 0.5], "SliceThickness": 5},
        PixelValueTransformationSequence={"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"},
    )
    own = [group(PlanePositionSequence={"ImagePositionPatient": [0, 0, 5 * index]}) for index in range(len(planes))]
    for index, one in enumerate(own):
        if frame is not None:
            frame(one, index)
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = own
    return made


def group(**sequences: dict[str, Any]) -> Dataset:
    """A functional group: each sequence holds one item with these elements."""
    made = Dataset()
    for name, elements in sequences.items():
        item = Dataset()
        for keyword, value in elements.items():
            setattr(item, keyword, value)
        setattr(made, name, [item])
    return made


@pytest.fixture(scope="session")
def numbers() -> bytes:
    """240,000 bytes: several chunks of a zip."""
    return b"".join(struct.pack("<I", number) for number in range(60_000))


@pytest.fixture(scope="session")
def write_zip(numbers: bytes) -> Callable[..., Path]:
    """Writes a zip of a folder and one file in it, which holds `numbers` or what is given."""

    def write(path: Path, *, method: int = zipfile.ZIP_DEFLATED, content: bytes = numbers) -> Path:
        with zipfile.ZipFile(path, "w", method) as writer:
            writer.writestr("folder/", b"")
            writer.writestr("folder/slice", content)
        return path

    return write


@pytest.fixture(scope="session")
def only_member() -> Callable[[Path], Member]:
    """Finds the one member of a zip."""

    def find(path: Path) -> Member:
        ((_, member),) = list_members(path, most=None)
        return member

    return find
