"""Tiny DICOM studies and stores made from them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless

from ich.labels import LABELS
from ich.sources.rsna import Rsna
from ich.store.gathering.summary import PreparedSummary
from ich.store.prepare import prepare_store
from ich.store.store import Store

SIZE = 32
OPTIONS = {"size": SIZE, "n_folds": 3, "test_share": 0.2, "seed": 0, "slab_mm": 5.0, "processes": 0}


def slice_hu(seed: int) -> np.ndarray:
    """A disc of noisy brain in air, int16 (32, 32)."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    brain = np.random.default_rng(seed).normal(35, 60, (SIZE, SIZE))
    return np.where(rows**2 + columns**2 < 200, brain, -1000).astype(np.int16)


def write_slice(
    path: Path,
    hu: np.ndarray,
    *,
    sop: str,
    study: str,
    patient: str,
    z: float = 0.0,
    series: str = "",
    damaged: bool = False,
    **tags: object,
) -> Path:
    """Write one CT slice with the tags that RSNA's files have, and any others; or one that can't be decoded."""
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.MediaStorageSOPClassUID = CTImageStorage
    one.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID, one.Modality, one.PatientID = CTImageStorage, sop, "CT", patient
    one.StudyInstanceUID, one.SeriesInstanceUID = study, series or f"{study}.1"
    one.ImagePositionPatient, one.ImageOrientationPatient = [-16, -16, z], [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = [1, 1]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Rows, one.Columns = hu.shape
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    one.RescaleIntercept, one.RescaleSlope = -1024, 1
    one.PixelData = (hu.astype(np.int16) + np.int16(1024)).tobytes()
    if damaged:
        one.file_meta.TransferSyntaxUID = JPEG2000Lossless
        one.PixelData = encapsulate([b"no image"])
        one["PixelData"].VR = "OB"
    for name, value in tags.items():
        setattr(one, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    one.save_as(path, enforce_file_format=True)
    return path


def write_study(folder: Path, number: int, *, patient: str = "", n_slices: int = 5, **tags: object) -> None:
    """Write a study of noisy discs, 5 mm apart, under uids that start with its number."""
    for index in range(n_slices):
        write_slice(
            folder / f"ID_{number:03d}{index:02d}.dcm",
            slice_hu(100 * number + index),
            sop=f"9.{number}.{index}",
            study=f"9.{number}",
            patient=patient or f"patient {number}",
            z=5.0 * index,
            **tags,
        )


@pytest.fixture(name="slice_hu")
def slice_hu_fixture() -> Callable[[int], np.ndarray]:
    return slice_hu


@pytest.fixture(name="write_slice")
def write_slice_fixture() -> Callable[..., Path]:
    return write_slice


@pytest.fixture(name="write_study")
def write_study_fixture() -> Callable[..., None]:
    return write_study


def write_rsna(root: Path, numbers: range) -> Path:
    """A root in the challenge's layout; each third study bleeds under its dura in its second slice."""
    rows = ["ID,Label"]
    for number in numbers:
        write_study(root / "stage_2_train", number)
        for index in range(5):
            bleeds = number % 3 == 0 and index == 1
            rows += [f"9.{number}.{index}_{label},{int(bleeds and label in ('subdural', 'any'))}" for label in LABELS]
    (root / "stage_2_train.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def rsna_root(tmp_path: Path) -> Path:
    return write_rsna(tmp_path / "rsna", range(1, 10))


@pytest.fixture
def rsna_with_twins(rsna_root: Path) -> Path:
    """The same with study 8 of a tenth patient, whose slices are those of study 9.1."""
    for index in range(5):
        write_slice(
            rsna_root / "stage_2_train" / f"twin{index}.dcm",
            slice_hu(100 + index),
            sop=f"8.{index}",
            study="8",
            patient="twin",
            z=5.0 * index,
        )
    return rsna_root


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[..., PreparedSummary]:
    """Prepares a source into tmp_path/stores/one, with small options that may be changed."""

    def run(source: object, **changes: object) -> PreparedSummary:
        return prepare_store(source, tmp_path / "stores" / "one", **{**OPTIONS, **changes})

    return run


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Nine studies of nine patients, five slices each, at 32 px."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare_store(Rsna(write_rsna(folder / "rsna", range(1, 10))), folder / "store", **OPTIONS)
    return Store.open(folder / "store")
