"""Reads a NIfTI volume of a head CT as a Scan: rows and columns as in DICOM, feet to head."""

import gzip
import importlib.util
import io
import math
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ich.dicom.files import DicomFile
from ich.dicom.geometry.slabs import is_thin, slab_groups, slab_mean
from ich.dicom.hu import HU_CEILING, HU_FLOOR
from ich.dicom.scan import Scan, ScanSeries
from ich.errors import DataError
from ich.numerals import counted

SUFFIXES = (".nii", ".nii.gz")
MOST_SLICES, LARGEST_SIDE = 2_000, 4_096
MOST_VOXELS = 1 << 29  # 2,000 slices of 512 x 512; 1 GB of HU
SMALLEST_VOXEL, LARGEST_VOXEL = 0.01, 100.0  # mm; beyond them a header is damaged or in metres
RADIOLOGICAL = ("L", "P", "S")  # columns run to the patient's left, rows to the back, slices to the head

MOST_BYTES_AHEAD = 1 << 20  # 1 MB before the voxels: header and extensions; nibabel reads them whole

_HEADER_SIZES = {348: 1, 540: 2}  # bytes, the first number of a file of NIfTI-1 or NIfTI-2
_OFFSETS = {1: (108, "f4"), 2: (168, "i8")}  # where the file says at which byte its voxels begin (nifti1.h, nifti2.h)


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


def is_nifti(name: str) -> bool:
    """Whether a file is a volume by its name."""
    return name.lower().endswith(SUFFIXES)


def read_nifti(file: Path | DicomFile, *, study_uid: str, slab_mm: float | None = None) -> tuple[Scan, np.ndarray]:
    """Read one volume.

    Args:
        file: `.nii` or `.nii.gz` with HU (or values its header scales to HU), on disk or in a zip.
        study_uid: the data set's name of the study; slice k of the file, counted from 1, gets the uid `<study>-<kkk>`.
        slab_mm: height to which thin slices are averaged, in mm; None leaves them as they are.

    Returns:
        The scan, and for each of its slices the index it has in the file, int64 (S,); of a slab its middle slice's.

    Raises:
        UnreadableVolume: not NIfTI, truncated, or not one volume of plausible size.
    """
    import nibabel

    file = DicomFile(file) if isinstance(file, Path) else file
    try:
        with _unpacked(file) as stream:
            image = _image_class(nibabel, stream).from_stream(stream)
            _check_shape(image.shape)
            affine = np.asarray(image.affine, dtype=np.float64)
            to_radiological = _reorientation(nibabel, affine)
            values = nibabel.orientations.apply_orientation(_read_hu(image), to_radiological)
    except (OSError, EOFError, ValueError, OverflowError, zlib.error, DataError) as error:
        raise _as_unreadable(error) from error
    except (
        nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
        nibabel.wrapstruct.WrapStructError,
    ) as error:
        raise _as_unreadable(error) from error
    hu = np.ascontiguousarray(values.transpose(2, 1, 0))  # (columns, rows, slices) -> (S, R, C)
    slice_axis = int(np.flatnonzero(to_radiological[:, 0] == 2)[0])
    order = np.arange(len(hu))
    if to_radiological[slice_axis, 1] < 0:
        order = order[::-1].copy()
    return _scan(hu, order=order, axes=_axes(affine, to_radiological), study_uid=study_uid, slab_mm=slab_mm)


def _as_unreadable(error: Exception) -> UnreadableVolume:
    if isinstance(error, UnreadableVolume):
        return error
    return UnreadableVolume("unreadable", f"not a readable NIfTI volume ({type(error).__name__})")


def _unpacked(file: DicomFile) -> BinaryIO:
    """The bytes of a volume, read as far as they are asked for; a stream that can go back."""
    stream = file.open()
    if file.path.name.lower().endswith(".gz") or file.member.lower().endswith(".gz"):
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]
    return io.BytesIO(stream.read()) if file.member else stream


def _image_class(nibabel: Any, stream: BinaryIO) -> Any:
    """The class that reads this version; memory is spent on nothing that a header doesn't need."""
    head = stream.read(max(_HEADER_SIZES) + 4)
    stream.seek(0)
    for mark in ("<", ">"):
        n_bytes = int(np.frombuffer(head, f"{mark}i4", count=1)[0]) if len(head) >= 4 else 0
        version = _HEADER_SIZES.get(n_bytes)
        if version is not None and len(head) >= n_bytes + 4:
            place, kind = _OFFSETS[version]
            offset = float(np.frombuffer(head, f"{mark}{kind}", count=1, offset=place)[0])
            _check_offset(offset, least=n_bytes + 4, is_extended=head[n_bytes] != 0)
            return nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    raise UnreadableVolume("unreadable", "not a readable NIfTI volume (other first bytes)")


def _check_offset(offset: float, *, least: int, is_extended: bool) -> None:
    """Refuse voxels far behind the header, and extensions without an end; 0 stands for directly behind it."""
    if not offset <= MOST_BYTES_AHEAD or (is_extended and offset < least):
        raise UnreadableVolume("unreadable", "not a readable NIfTI volume (its voxels begin at an odd place)")


def _check_shape(shape: tuple[int, ...]) -> None:
    """Three axes of more than one voxel, and further ones of one."""
    sides, others = shape[:3], shape[3:]
    fits = len(sides) == 3 and min(sides) > 1 and max(sides) <= LARGEST_SIDE and min(sides) <= MOST_SLICES
    if not fits or any(side != 1 for side in others) or math.prod(sides) > MOST_VOXELS:
        raise UnreadableVolume("not_a_volume", f"expected one volume of slices, found an array of shape {tuple(shape)}")


def _reorientation(nibabel: Any, affine: np.ndarray) -> np.ndarray:
    """The file's orientation transform (axis, flip) from the file's axes to the radiological ones."""
    orientations = nibabel.orientations
    found = orientations.io_orientation(affine) if np.isfinite(affine).all() else np.full((3, 2), np.nan)
    if np.isnan(found).any():
        raise UnreadableVolume("no_geometry", "the volume's affine has no orientation")
    return orientations.ornt_transform(found, orientations.axcodes2ornt(RADIOLOGICAL))


def _read_hu(image: Any) -> np.ndarray:
    """int16 HU in the file's axes, read plane by plane so that values as float64 never fill the memory."""
    if image.get_data_dtype().kind not in "iuf":
        raise UnreadableVolume("not_a_volume", f"expected numbers, found {image.get_data_dtype()}")
    hu = np.empty(image.shape[:3], dtype=np.int16)
    for index in range(hu.shape[2]):
        plane = np.asanyarray(image.dataobj[(..., index, *[0] * (len(image.shape) - 3))])
        whole = np.rint(np.nan_to_num(plane, nan=HU_FLOOR)) if plane.dtype.kind == "f" else plane
        hu[..., index] = np.clip(whole, HU_FLOOR, HU_CEILING)
    return hu


def _axes(affine: np.ndarray, to_radiological: np.ndarray) -> np.ndarray:
    """Step in mm of one voxel along columns, rows and slices after the reorientation, float64 (3, 3), an axis a row."""
    axes = np.empty((3, 3))
    for axis, (to, flip) in enumerate(to_radiological):
        axes[int(to)] = affine[:3, axis] * flip
    sizes = np.linalg.norm(axes, axis=1)
    if not (sizes <= LARGEST_VOXEL).all() or not abs(np.linalg.det(axes)) > SMALLEST_VOXEL**3:
        raise UnreadableVolume("no_geometry", "the volume's affine states voxels that no head is measured in")
    return axes


def _scan(
    hu: np.ndarray, *, order: np.ndarray, axes: np.ndarray, study_uid: str, slab_mm: float | None
) -> tuple[Scan, np.ndarray]:
    along_row, along_column, up = axes
    normal = np.cross(along_row, along_column)
    step_mm = float(abs(up @ normal) / np.linalg.norm(normal))
    positions = np.arange(len(hu)) * step_mm
    uids = [f"{study_uid}-{index + 1:03d}" for index in order]
    groups = [[index] for index in range(len(hu))]
    slabs = False
    warnings: tuple[str, ...] = ()
    if slab_mm is not None and is_thin(step_mm):
        slabs, groups = True, slab_groups(positions, slab_mm)
        firsts = _first_pixels(axes, n_slices=len(hu))
        hu = np.stack([slab_mean(list(hu[group]), firsts[group]) for group in groups])
        positions = np.array([positions[group].mean() for group in groups])
        warnings = (f"{len(order):,} thin slices are averaged into {counted(len(groups), 'slab')}",)
    middles = [group[len(group) // 2] for group in groups]
    scan = Scan(
        hu=hu,
        positions_mm=positions.astype(np.float32),
        spacing_mm=(float(np.linalg.norm(along_column)), float(np.linalg.norm(along_row))),
        thickness_mm=float(np.median(np.diff(positions))) if len(positions) > 1 else slab_mm,
        sop_uids=tuple(uids[middle] for middle in middles),
        series=ScanSeries("", "it is the only one"),
        not_used=(),
        warnings=warnings,
        study_uid=study_uid,
        patient_id="",
        facts={"rows": hu.shape[1], "columns": hu.shape[2], "step_mm": round(step_mm, 3), "slabs": slabs},
        source_uids=tuple(tuple(uids[i] for i in group) for group in groups) if slabs else (),
    )
    return scan, order[middles]


def _first_pixels(axes: np.ndarray, *, n_slices: int) -> np.ndarray:
    """Where each slice begins in its own plane, in pixels down and to the right, float64 (S, 2); 0 but for a shear."""
    along_row, along_column, up = axes
    step = np.array([up @ along_column / (along_column @ along_column), up @ along_row / (along_row @ along_row)])
    return np.arange(n_slices)[:, None] * step
