"""What the header of a NIfTI volume says, checked before a voxel is read."""

import gzip
import io
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ich.dicom.files import DicomFile
from ich.errors import DataError

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


@dataclass(frozen=True)
class VolumeHeader:
    """A volume of plausible size with its geometry.

    Attributes:
        shape: slices, rows, columns as in a scan.
        axes: step in mm of one voxel along columns, rows and slices of a scan, float64 (3, 3), an axis a row.
        to_radiological: nibabel's transform (axis, flip) from the file's axes to columns, rows and slices of a scan.
    """

    shape: tuple[int, int, int]
    axes: np.ndarray = field(repr=False)
    to_radiological: np.ndarray = field(repr=False)

    @property
    def step_mm(self) -> float:
        """Distance between slices along their normal."""
        along_row, along_column, up = self.axes
        normal = np.cross(along_row, along_column)
        return float(abs(up @ normal) / np.linalg.norm(normal))


def read_nifti_header(file: Path | DicomFile) -> VolumeHeader:
    """Read the header of one volume, and see that a file that isn't packed is as long as it says.

    Args:
        file: `.nii` or `.nii.gz`, on disk or in a zip.

    Raises:
        UnreadableVolume: not NIfTI, not one volume of plausible size, or cut off.
    """
    file = DicomFile(file) if isinstance(file, Path) else file
    with open_nifti(file) as (image, header):
        dtype = image.get_data_dtype()
        n_bytes = image.dataobj.offset + math.prod(image.shape) * dtype.itemsize
        if not _is_gzip(file) and _size(file) < n_bytes:
            raise UnreadableVolume("unreadable", "not a readable NIfTI volume (it ends before its last voxel)")
    return header


@contextmanager
def open_nifti(file: DicomFile) -> Iterator[tuple[Any, VolumeHeader]]:
    """Open one volume: nibabel's image, whose voxels can be read inside, and its header, checked.

    Raises:
        UnreadableVolume: not NIfTI, truncated, or not one volume of plausible size; also later, inside.
    """
    import nibabel

    try:
        with _unpacked(file) as stream:
            image = _image_class(nibabel, stream).from_stream(stream)
            yield image, _header(nibabel, image)
    except (OSError, EOFError, ValueError, OverflowError, zlib.error, DataError) as error:
        raise _as_unreadable(error) from error
    except (
        nibabel.filebasedimages.ImageFileError,
        nibabel.spatialimages.HeaderDataError,
        nibabel.wrapstruct.WrapStructError,
    ) as error:
        raise _as_unreadable(error) from error


def _header(nibabel: Any, image: Any) -> VolumeHeader:
    _check_shape(image.shape)
    if image.get_data_dtype().kind not in "iuf":
        raise UnreadableVolume("not_a_volume", f"expected numbers, found {image.get_data_dtype()}")
    affine = np.asarray(image.affine, dtype=np.float64)
    to_radiological = _reorientation(nibabel, affine)
    sides = dict(zip(to_radiological[:, 0].astype(int).tolist(), image.shape[:3], strict=True))
    return VolumeHeader((sides[2], sides[1], sides[0]), _axes(affine, to_radiological), to_radiological)


def _size(file: DicomFile) -> int:
    return file.path.stat().st_size if file.place is None else file.place.unpacked


def _is_gzip(file: DicomFile) -> bool:
    return (file.member or file.path.name).lower().endswith(".gz")


def _as_unreadable(error: Exception) -> UnreadableVolume:
    if isinstance(error, UnreadableVolume):
        return error
    return UnreadableVolume("unreadable", f"not a readable NIfTI volume ({type(error).__name__})")


def _unpacked(file: DicomFile) -> BinaryIO:
    """The bytes of a volume, read as far as they are asked for; a stream that can go back."""
    stream = file.open()
    if _is_gzip(file):
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


def _axes(affine: np.ndarray, to_radiological: np.ndarray) -> np.ndarray:
    """Step in mm of one voxel along columns, rows and slices after the reorientation, float64 (3, 3), an axis a row."""
    axes = np.empty((3, 3))
    for axis, (to, flip) in enumerate(to_radiological):
        axes[int(to)] = affine[:3, axis] * flip
    sizes = np.linalg.norm(axes, axis=1)
    if not (sizes <= LARGEST_VOXEL).all() or not abs(np.linalg.det(axes)) > SMALLEST_VOXEL**3:
        raise UnreadableVolume("no_geometry", "the volume's affine states voxels that no head is measured in")
    return axes
