"""Reads a NIfTI volume of a head CT as a Scan: rows and columns as in DICOM, feet to head."""

import importlib.util
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ich.dicom.hu import HU_CEILING, HU_FLOOR
from ich.dicom.scan import Scan, ScanSeries
from ich.errors import DataError

MOST_SLICES, LARGEST_SIDE = 2_000, 4_096
RADIOLOGICAL = ("L", "P", "S")  # columns run to the patient's left, rows to the back, slices to the head


class UnreadableVolume(DataError):
    """A file that is no volume of a head; `code` and `sentence` as in `rejected.csv`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def require_nibabel(subject: str) -> None:
    """Raise unless nibabel is installed.

    Args:
        subject: what the user typed, for the message.

    Raises:
        DataError: it isn't.
    """
    if importlib.util.find_spec("nibabel") is None:
        raise DataError(f"{subject}: expected nibabel to read NIfTI, found no such package; pip install ich[nifti]")


def read_nifti(path: Path, *, study_uid: str) -> tuple[Scan, np.ndarray]:
    """Read one volume.

    Args:
        path: `.nii` or `.nii.gz` with HU (or values its header scales to HU).
        study_uid: the data set's name of the study; slice k of the file, counted from 1, gets the uid `<study>-<kkk>`.

    Returns:
        The scan, and for each of its slices the index it has in the file, int64 (S,).

    Raises:
        UnreadableVolume: not NIfTI, truncated, or not one volume of plausible size.
    """
    import nibabel

    try:
        image: Any = nibabel.load(path)
        _check_shape(image.shape)
        to_radiological = _reorientation(nibabel, image.affine)
        values = nibabel.orientations.apply_orientation(np.asanyarray(image.dataobj).squeeze(), to_radiological)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableVolume("unreadable", f"not a readable NIfTI volume ({type(error).__name__})") from error
    hu = _to_hu(values.transpose(2, 1, 0))  # (columns, rows, slices) -> (S, R, C)
    slice_axis = int(np.flatnonzero(to_radiological[:, 0] == 2)[0])
    order = np.arange(len(hu))
    if to_radiological[slice_axis, 1] < 0:
        order = order[::-1].copy()
    return _scan(hu, order=order, spacing=_spacing(image.affine, to_radiological), study_uid=study_uid), order


def _check_shape(shape: tuple[int, ...]) -> None:
    sides = [side for side in shape if side != 1]
    if len(sides) != 3 or max(sides) > LARGEST_SIDE or min(sides) > MOST_SLICES:
        raise UnreadableVolume("not_a_volume", f"expected one volume of slices, found an array of shape {tuple(shape)}")


def _reorientation(nibabel: Any, affine: np.ndarray) -> np.ndarray:
    """The file's orientation transform (axis, flip) from the file's axes to the radiological ones."""
    orientations = nibabel.orientations
    found = orientations.io_orientation(affine)
    if np.isnan(found).any():
        raise UnreadableVolume("no_geometry", "the volume's affine has no orientation")
    return orientations.ornt_transform(found, orientations.axcodes2ornt(RADIOLOGICAL))


def _spacing(affine: np.ndarray, to_radiological: np.ndarray) -> tuple[float, float, float]:
    """Spacing in mm along columns, rows and slices after the reorientation."""
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    out = np.empty(3)
    out[to_radiological[:, 0].astype(int)] = sizes
    return float(out[0]), float(out[1]), float(out[2])


def _to_hu(values: np.ndarray) -> np.ndarray:
    rounded = np.rint(np.nan_to_num(values, nan=HU_FLOOR)) if values.dtype.kind == "f" else values
    return np.ascontiguousarray(np.clip(rounded, HU_FLOOR, HU_CEILING).astype(np.int16))


def _scan(hu: np.ndarray, *, order: np.ndarray, spacing: tuple[float, float, float], study_uid: str) -> Scan:
    column_mm, row_mm, slice_mm = spacing
    return Scan(
        hu=hu,
        positions_mm=(np.arange(len(hu)) * slice_mm).astype(np.float32),
        spacing_mm=(row_mm, column_mm),
        thickness_mm=slice_mm,
        sop_uids=tuple(f"{study_uid}-{index + 1:03d}" for index in order),
        series=ScanSeries("", "it is the only one"),
        not_used=(),
        warnings=(),
        study_uid=study_uid,
        patient_id="",
        facts={"rows": hu.shape[1], "columns": hu.shape[2]},
    )
