"""The slice table of CT-ICH, in the forms its releases gave it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ich.errors import DataError
from ich.labels import LABELS, SUBTYPES
from ich.numerals import counted
from ich.sources.nifti.header import MOST_SLICES
from ich.sources.tables.text_table import FIRST_LINE, open_text_table

MOST_PATIENTS = 9_999
TABLE = "hemorrhage_diagnosis_raw_ct.csv"
RELEASES = {(2_501, 82): "v1.0.0", (2_814, 75): "v1.3.1"}  # (slices, patients) of the table
COLUMNS = tuple(label.capitalize() for label in SUBTYPES)  # the table's columns, in our order


def read_slice_table(path: Path) -> dict[str, np.ndarray]:
    """Labels of each patient by slice number.

    Args:
        path: the official table (`PatientNumber, SliceNumber`, five subtypes, `No_Hemorrhage`, `Fracture_Yes_No`).

    Returns:
        float32 (highest slice number, 6) a patient number of three digits, nan where the table has no row.

    Raises:
        DataError: no CSV in UTF-8, columns are missing, values are not 0 or 1, numbers are none, or a slice stands
            there twice with different labels.
    """
    table = open_text_table(path, name=path.name)
    names = {column.strip(): column for column in table.columns}
    wanted = ("PatientNumber", "SliceNumber", *COLUMNS, "No_Hemorrhage")
    missing = set(wanted) - set(names)
    if missing:
        raise DataError(
            f"{path.name}: expected columns {', '.join(sorted(missing))}, found none of these; restore the file"
        )
    cells = table.read([names[name] for name in wanted]).to_pandas()
    numbers = cells.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)  # nan where a cell is no number
    _check_numbers(path, numbers[:, :2])
    patients, slices = numbers[:, 0].astype(int), numbers[:, 1].astype(int)
    values = np.column_stack([numbers[:, 2:-1], 1 - numbers[:, -1]]).astype(np.float32)
    is_none = ~np.isin(values, (0, 1)).all(axis=1)
    if is_none.any():
        raise DataError(
            f"{path.name}: expected labels 0 or 1, found another in line {is_none.argmax() + FIRST_LINE}; "
            "restore the file"
        )
    return {
        f"{number:03d}": _by_slice(path, slices[patients == number], values[patients == number])
        for number in np.unique(patients).tolist()
    }


def _check_numbers(path: Path, numbers: np.ndarray) -> None:
    """Patient and slice of each row are whole numbers, float64 (rows, 2), and no larger than they can be."""
    fits = (numbers >= (0, 1)) & (numbers <= (MOST_PATIENTS, MOST_SLICES)) & (numbers % 1 == 0)
    if not fits.all():
        line = int((~fits).any(axis=1).argmax()) + FIRST_LINE
        raise DataError(
            f"{path.name}: expected patient numbers from 0 and slice numbers from 1 to {MOST_SLICES:,}, found others "
            f"in line {line}; restore the file"
        )


def _by_slice(path: Path, numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rows placed at their slice number, counted from 1."""
    labels = np.full((int(numbers.max()), len(LABELS)), np.nan, dtype=np.float32)
    labels[numbers - 1] = values
    if (labels[numbers - 1] != values).any():
        raise DataError(f"{path.name}: expected one row a slice, found two that disagree; remove the wrong one")
    return labels


def release_note(labels: Mapping[str, np.ndarray]) -> str:
    """Which release a slice table is of, by its counts.

    Args:
        labels: as `read_slice_table` gives them.
    """
    n_slices, n_patients = sum(map(len, labels.values())), len(labels)
    counts = f"{counted(n_slices, 'slice')} of {counted(n_patients, 'patient')}"
    release = RELEASES.get((n_slices, n_patients))
    if release is None:
        known = " or ".join(f"{n:,} of {patients} ({name})" for (n, patients), name in RELEASES.items())
        return f"{TABLE}: {counts}, as in no known release (expected {known})"
    if release == "v1.0.0":
        return f"{TABLE}: {counts}, as in {release}; patient 76's slice labels are in disorder there"
    return f"{TABLE}: {counts}, as in {release}"


def labels_of_study(labels: np.ndarray) -> np.ndarray:
    """The greatest label of all slices, float32 (6,); nan where no slice says it."""
    return np.fmax.reduce(labels, axis=0)
