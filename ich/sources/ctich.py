"""PhysioNet CT-ICH: NIfTI volumes and a table of slice labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ich.dicom.files import lies_below, without_dots
from ich.dicom.scan import Scan
from ich.errors import DataError
from ich.labels import LABELS
from ich.numerals import counted, those_found
from ich.progress import Progress, quiet
from ich.sources.ctich_table import TABLE, labels_of_study, read_slice_table, release_note
from ich.sources.nifti.header import UnreadableVolume, read_nifti_header
from ich.sources.nifti.volume import read_nifti, require_nibabel
from ich.sources.source import RejectedFile, StudyRead, UnreadableStudy, VolumeFacts, VolumeTask, check_root

V1_FOLDER = "Patients_CT"


class CtIch:
    """CT-ICH: 75 trauma patients of one hospital, 36 with hemorrhage, about 30 slices of 5 mm each.

    `ct_scans/049.nii` (or `.nii.gz`) ..., `masks/049.nii` ... where they are there, and
    `hemorrhage_diagnosis_raw_ct.csv`, where slice 1 is the first of the volume. A study is a patient. The table of
    v1.0.0 (2,501 slices of 82 patients) and that of v1.3.1 (2,814 of 75) are both read, and named; where a volume has
    another number of slices than the table, its slices can't be told apart by number, and what the table says is taken
    as said of the study.

    Source: https://doi.org/10.13026/4nae-zg36; Hssayeni et al., Data 2020;5(1):14. Licence: CC BY 4.0 by the data
    descriptor; PhysioNet's page asks for its restricted health data licence.
    """

    keeps_every_slice = True
    part = ""
    public = True
    expected: Mapping[str, int] = MappingProxyType({"studies": 75, "patients": 75, "slices": 2_814})

    def __init__(self, root: str | Path, name: str = "ctich") -> None:
        self.root = without_dots(root)
        self.name = name

    def check(self, *, progress: Progress = quiet) -> None:
        """See that volumes, table and nibabel are there.

        Raises:
            DataError: one of them is missing.
        """
        check_root(self.root, holds=f"ct_scans/*.nii and {TABLE}")
        require_nibabel(f"data=ctich data.root={self.root}")
        if (self.root / V1_FOLDER).is_dir() and not (self.root / "ct_scans").is_dir():
            raise DataError(
                f"data.root={self.root}: expected volumes ct_scans/*.nii, found the windowed JPEG of v1.0.0, which "
                "hold no HU; get v1.3.1"
            )
        if not (self.root / TABLE).is_file():
            raise DataError(f"data.root={self.root}: expected the slice table {TABLE}, found none; copy it there")
        self._volumes()

    def studies(self) -> Sequence[tuple[str, VolumeTask]]:
        """(patient number, task) of each volume."""
        labels = self._labels
        nothing = np.empty((0, len(LABELS)), dtype=np.float32)
        masks = _by_name(self.root, "masks")
        return [
            (name, CtIchStudy(self.root, name, path, labels.get(name, nothing), masks.get(name)))
            for name, path in self._volumes().items()
        ]

    def rejected(self) -> tuple[RejectedFile, ...]:
        """None: only volumes and their masks are looked at."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """Which release the table is of, and what has no counterpart."""
        volumes, masks = self._volumes(), _by_name(self.root, "masks")
        counts = (
            (len(set(self._labels) - set(volumes)), "patient|patients of the table has|have no volume"),
            (
                len(set(volumes) - set(self._labels)),
                "volume|volumes has|have no row in the table; its|their labels stay unknown",
            ),
            (len(set(masks) - set(volumes)), "mask|masks has|have no volume; left alone"),
        )
        return (release_note(self._labels), *(f"{TABLE}: {sentence}" for sentence in those_found(counts)))

    @cached_property
    def _labels(self) -> dict[str, np.ndarray]:
        return read_slice_table(self.root / TABLE)

    def _volumes(self) -> dict[str, Path]:
        volumes = _by_name(self.root, "ct_scans")
        if not volumes:
            raise DataError(
                f"data.root={self.root}: expected volumes ct_scans/*.nii or *.nii.gz, found none; unpack the set there"
            )
        return volumes


@dataclass(frozen=True)
class CtIchStudy:
    """One volume, the labels of its slices in the file's own order, and its mask if there is one."""

    root: Path
    study_uid: str
    path: Path
    labels: np.ndarray = field(repr=False)  # float32 (slices in the table, 6)
    mask: Path | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The volume, and its mask."""
        return tuple(path.relative_to(self.root).as_posix() for path in filter(None, (self.path, self.mask)))

    @property
    def n_bytes(self) -> int:
        """Size of volume and mask."""
        return sum(path.stat().st_size for path in filter(None, (self.path, self.mask)))

    @property
    def content(self) -> str:
        """Name, size and time of the files, and the labels."""
        states = [(name, (self.root / name).stat()) for name in self.files]
        words = [f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states]
        return f"{' '.join(words)} {self.labels.tobytes().hex()}"

    def look(self) -> VolumeFacts:
        """What the volume's header says; the mask isn't looked at.

        Raises:
            UnreadableStudy: not a volume.
        """
        try:
            header = read_nifti_header(self.path)
        except UnreadableVolume as error:
            raise UnreadableStudy([self._rejected(0, error), *self._alone()]) from error
        return VolumeFacts(*header.shape, header.step_mm)

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """The volume feet to head, with labels and pixels of its mask in the same order.

        Raises:
            UnreadableStudy: not a volume.
        """
        try:
            scan, order = read_nifti(self.path, study_uid=self.study_uid)
        except UnreadableVolume as error:
            raise UnreadableStudy([self._rejected(0, error), *self._alone()]) from error
        warnings: list[str] = []
        labels, of_study = self._matched(len(order), warnings)
        labels = labels[order]
        scan, rejected = self._with_mask(scan, order, labels=labels, warnings=warnings)
        scan = replace(scan, warnings=(*scan.warnings, *warnings))
        return StudyRead(scan, labels, len(self.files) - len(rejected), rejected=rejected, study_labels=of_study)

    def _matched(self, n_slices: int, warnings: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
        """Labels of the slices in the file's order, float32 (slices, 6); of the study where the numbers don't fit."""
        if len(self.labels) == n_slices:
            return self.labels, None
        unknown = np.full((n_slices, len(LABELS)), np.nan, dtype=np.float32)
        if not len(self.labels):
            return unknown, None
        warnings.append(
            f"{counted(n_slices, 'slice')} in the volume, {len(self.labels):,} in the table: labels are known of the "
            "study only"
        )
        return unknown, labels_of_study(self.labels)

    def _with_mask(
        self, scan: Scan, order: np.ndarray, *, labels: np.ndarray, warnings: list[str]
    ) -> tuple[Scan, tuple[RejectedFile, ...]]:
        """The scan with `mask_pixels`, the pixels of blood in each slice, among its facts; why not, if not."""
        if self.mask is None:
            return scan, ()
        try:
            pixels = _mask_pixels(self.mask, scan.hu.shape)
        except UnreadableVolume as error:
            return scan, (self._rejected(1, error),)
        pixels = pixels[order]
        has_blood, is_labelled = pixels > 0, labels[:, LABELS.index("any")]
        counts = (
            (
                int((has_blood & (is_labelled == 0)).sum()),
                "slice|slices has|have blood in the mask and none in the table",
            ),
            (
                int((~has_blood & (is_labelled == 1)).sum()),
                "slice|slices has|have blood in the table and none in the mask",
            ),
        )
        warnings += those_found(counts)
        return replace(scan, facts={**scan.facts, "mask_pixels": pixels.tolist()}), ()

    def _rejected(self, place: int, error: UnreadableVolume) -> RejectedFile:
        return RejectedFile(self.files[place], error.code, error.sentence)

    def _alone(self) -> list[RejectedFile]:
        """The mask of a volume that can't be read."""
        return [
            RejectedFile(name, "unreadable", "is the mask of a volume that can't be read") for name in self.files[1:]
        ]


def _by_name(root: Path, folder: str) -> dict[str, Path]:
    """Volumes of a folder by patient number.

    Raises:
        DataError: two of one number, or a link that leads out of the root.
    """
    found: dict[str, Path] = {}
    for path in sorted([*root.glob(f"{folder}/*.nii"), *root.glob(f"{folder}/*.nii.gz")]):
        name = path.name.split(".")[0]
        if not lies_below(path, root):
            raise DataError(
                f"data.root={root}: expected volumes below it, found a link in {folder} that leads out; copy the file"
            )
        if name in found:
            raise DataError(f"data.root={root}: expected one volume of {name} in {folder}, found two; remove one")
        found[name] = path
    return found


def _mask_pixels(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels above 0 in each slice of a mask, int64, in the file's order.

    Args:
        path: the mask.
        shape: of the volume it belongs to.

    Raises:
        UnreadableVolume: no volume, or one of another shape.
    """
    scan, order = read_nifti(path, study_uid="mask")
    if scan.hu.shape != shape:
        raise UnreadableVolume("not_a_volume", f"the mask has {scan.hu.shape} pixels, its volume {shape}")
    pixels = np.empty(len(order), dtype=np.int64)
    pixels[order] = np.count_nonzero(scan.hu > 0, axis=(1, 2))
    return pixels
