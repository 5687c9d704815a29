"""The slice table of CT-ICH, in the forms its releases gave it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ich.errors import DataError
from ich.labels import LABELS, SUBTYPES

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


def release_note(labels: Mapping[str, np.ndarray]) -> str:
    """Which release a slice table is of, by its counts.

    Args:
        labels: as `read_slice_table` gives them.
    """
    n_slices, n_patients = sum(map(len, labels.values())), len(labels)
    counts = f"{n_slices:,} slices of {n_patients} patients"
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
