"""PhysioNet CT-ICH: NIfTI volumes and a table of slice labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ich.errors import DataError
from ich.labels import LABELS, SUBTYPES
from ich.progress import Progress, quiet
from ich.sources.nifti import UnreadableVolume, read_nifti, require_nibabel
from ich.sources.source import RejectedFile, StudyRead, UnreadableStudy, VolumeTask, check_root

TABLE = "hemorrhage_diagnosis_raw_ct.csv"
COLUMNS = tuple(label.capitalize() for label in SUBTYPES)  # the table's columns, in our order


class CtIch:
    """CT-ICH: 75 trauma patients of one hospital, 36 with hemorrhage, about 30 slices of 5 mm each.

    `ct_scans/049.nii` (or `.nii.gz`) ... beside `hemorrhage_diagnosis_raw_ct.csv`, where slice 1 is the first of
    the volume. A study is a patient.

    Source: https://doi.org/10.13026/4nae-zg36; Hssayeni et al., Data 2020;5(1):14. Licence: CC BY 4.0 by the data
    descriptor; PhysioNet's page asks for its restricted health data licence.
    """

    keeps_every_slice = True
    public = True
    expected: Mapping[str, int] = MappingProxyType({"studies": 75, "patients": 75, "slices": 2_814})

    def __init__(self, root: str | Path, name: str = "ctich") -> None:
        self.root = Path(root).expanduser().absolute()
        self.name = name

    def check(self, *, progress: Progress = quiet) -> None:
        """Raise DataError when volumes, table or nibabel are missing."""
        check_root(self.root, holds=f"ct_scans/*.nii and {TABLE}")
        require_nibabel(f"data=ctich data.root={self.root}")
        if not (self.root / TABLE).is_file():
            raise DataError(f"data.root={self.root}: expected the slice table {TABLE}, found none; copy it there")
        self._volumes()

    def studies(self) -> Sequence[tuple[str, VolumeTask]]:
        """(patient number, task) of each volume."""
        labels = read_slice_table(self.root / TABLE)
        nothing = np.empty((0, len(LABELS)), dtype=np.float32)
        return [
            (name, CtIchStudy(self.root, name, path, labels.get(name, nothing)))
            for name, path in self._volumes().items()
        ]

    def rejected(self) -> tuple[RejectedFile, ...]:
        """None: only volumes are looked at."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """Patients of the table who have no volume."""
        missing = set(read_slice_table(self.root / TABLE)) - set(self._volumes())
        return (f"{TABLE}: {len(missing)} patients of the table have no volume",) if missing else ()

    def _volumes(self) -> dict[str, Path]:
        volumes: dict[str, Path] = {}
        for path in sorted([*self.root.glob("ct_scans/*.nii"), *self.root.glob("ct_scans/*.nii.gz")]):
            name = path.name.split(".")[0]
            if name in volumes:
                raise DataError(f"data.root={self.root}: expected one volume of {name}, found two; remove one")
            volumes[name] = path
        if not volumes:
            raise DataError(
                f"data.root={self.root}: expected volumes ct_scans/*.nii or *.nii.gz, found none; unpack the set there"
            )
        return volumes


@dataclass(frozen=True)
class CtIchStudy:
    """One volume and the labels of its slices in the file's own order."""

    root: Path
    study_uid: str
    path: Path
    labels: np.ndarray = field(repr=False)  # float32 (slices in the table, 6)

    @property
    def files(self) -> tuple[str, ...]:
        """The one file."""
        return (self.path.relative_to(self.root).as_posix(),)

    @property
    def content(self) -> str:
        """Name and size of the file, and its labels."""
        return f"{self.files[0]} {self.path.stat().st_size} {self.labels.tobytes().hex()}"

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """The volume feet to head, with labels in the same order.

        Raises:
            UnreadableStudy: not a volume.
        """
        try:
            scan, order = read_nifti(self.path, study_uid=self.study_uid)
        except UnreadableVolume as error:
            raise UnreadableStudy([RejectedFile(self.files[0], error.code, error.sentence)]) from error
        labels = np.full((len(order), len(LABELS)), np.nan, dtype=np.float32)
        n_known = min(len(order), len(self.labels))
        labels[:n_known] = self.labels[:n_known]
        if len(self.labels) != len(order):
            warning = f"{len(order)} slices in the volume, {len(self.labels)} in the table"
            scan = replace(scan, warnings=(*scan.warnings, warning))
        return StudyRead(scan, labels[order], n_used=1)


def read_slice_table(path: Path) -> dict[str, np.ndarray]:
    """Labels of each patient by slice number.

    Args:
        path: the official table (`PatientNumber, SliceNumber`, five subtypes, `No_Hemorrhage`, `Fracture_Yes_No`).

    Returns:
        float32 (highest slice number, 6) a patient number of three digits, nan where the table has no row.

    Raises:
        DataError: columns are missing, values are not 0 or 1, or a slice stands there twice with different labels.
    """
    table = pd.read_csv(path, encoding="utf-8-sig")
    table.columns = table.columns.str.strip()
    missing = {"PatientNumber", "SliceNumber", *COLUMNS, "No_Hemorrhage"} - set(table.columns)
    if missing:
        raise DataError(
            f"{path.name}: expected columns {', '.join(sorted(missing))}, found none of these; restore the file"
        )
    values = np.column_stack([*(table[name] for name in COLUMNS), 1 - table["No_Hemorrhage"]]).astype(np.float32)
    if not np.isin(values, (0, 1)).all():
        raise DataError(f"{path.name}: expected labels 0 or 1, found others; restore the file")
    return {
        f"{int(number):03d}": _by_slice(path, table.loc[rows, "SliceNumber"].to_numpy(), values[rows])
        for number, rows in table.groupby("PatientNumber").indices.items()
    }


def _by_slice(path: Path, numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rows placed at their slice number, counted from 1."""
    if numbers.min() < 1:
        raise DataError(f"{path.name}: expected slice numbers from 1, found {numbers.min()}; restore the file")
    labels = np.full((int(numbers.max()), len(LABELS)), np.nan, dtype=np.float32)
    labels[numbers.astype(int) - 1] = values
    if (labels[numbers.astype(int) - 1] != values).any():
        raise DataError(f"{path.name}: expected one row a slice, found two that disagree; remove the wrong one")
    return labels
