"""Reads a NIfTI volume of a head CT as a Scan: rows and columns as in DICOM, feet to head."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from ich.dicom.files import DicomFile
from ich.dicom.geometry.slabs import is_thin, slab_groups, slab_mean
from ich.dicom.scan import Scan, ScanSeries
from ich.errors import DataError
from ich.hu import HU_CEILING, HU_FLOOR
from ich.numerals import counted
from ich.sources.nifti.header import VolumeHeader, open_nifti

SUFFIXES = (".nii", ".nii.gz")


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
    with open_nifti(file) as (image, header):
        values = nibabel.orientations.apply_orientation(_read_hu(image), header.to_radiological)
    hu = np.ascontiguousarray(values.transpose(2, 1, 0))  # (columns, rows, slices) -> (S, R, C)
    slice_axis = int(np.flatnonzero(header.to_radiological[:, 0] == 2)[0])
    order = np.arange(len(hu))
    if header.to_radiological[slice_axis, 1] < 0:
        order = order[::-1].copy()
    return _scan(hu, order=order, header=header, study_uid=study_uid, slab_mm=slab_mm)


def _read_hu(image: Any) -> np.ndarray:
    """int16 HU in the file's axes, read plane by plane so that values as float64 never fill the memory."""
    hu = np.empty(image.shape[:3], dtype=np.int16)
    for index in range(hu.shape[2]):
        plane = np.asanyarray(image.dataobj[(..., index, *[0] * (len(image.shape) - 3))])
        whole = np.rint(np.nan_to_num(plane, nan=HU_FLOOR)) if plane.dtype.kind == "f" else plane
        hu[..., index] = np.clip(whole, HU_FLOOR, HU_CEILING)
    return hu


def _scan(
    hu: np.ndarray, *, order: np.ndarray, header: VolumeHeader, study_uid: str, slab_mm: float | None
) -> tuple[Scan, np.ndarray]:
    along_row, along_column, _ = header.axes
    step_mm = header.step_mm
    positions = np.arange(len(hu)) * step_mm
    uids = [f"{study_uid}-{index + 1:03d}" for index in order]
    groups = [[index] for index in range(len(hu))]
    slabs = False
    warnings: tuple[str, ...] = ()
    if slab_mm is not None and is_thin(step_mm):
        slabs, groups = True, slab_groups(positions, slab_mm)
        firsts = _first_pixels(header.axes, n_slices=len(hu))
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
