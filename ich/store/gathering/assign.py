"""Keeps the fold of each patient of a store: placed by rule, remembered in folds.csv, or taken from a user's file."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ich.errors import DataError
from ich.numerals import counted
from ich.sources.tables.text_table import FIRST_LINE, open_text_table
from ich.store.files import write_text
from ich.store.gathering.folds import TEST_FOLD, FoldOptions, Folds, place_patients
from ich.store.keys import HashKey

FOLDS_FILE = "folds.csv"
COLUMNS = ("patient", "fold")
MOST_FOLDS = 9999  # a number above is no fold but a slip


def assign_folds(
    path: Path, studies: pd.DataFrame, *, pixels: Mapping[str, Sequence[str]], options: FoldOptions, forget: bool
) -> Folds:
    """Give each patient of a store a fold by rule and remember it.

    Args:
        path: the store.
        studies: a row a study with `patient` and labels.
        pixels: hashes of telling slices by patient.
        options: number of folds, test share, seed.
        forget: earlier folds were made with other options; everyone is placed anew.
    """
    placed = {} if forget else remembered_folds(path)
    folds = place_patients(studies, pixels, options=options, placed=placed)
    remember_folds(path, {**placed, **folds.by_patient})
    return folds


def remember_folds(path: Path, by_patient: Mapping[str, int]) -> None:
    """Write folds.csv: patient key, fold."""
    table = pd.DataFrame(sorted(by_patient.items()), columns=["patient", "fold"])
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    write_text(path / FOLDS_FILE, text.getvalue())


def read_fold_file(file: Path) -> dict[str, int]:
    """Read a user's `patient,fold` table.

    Args:
        file: CSV; `patient` is a PatientID as the data set has it, or a patient key; `fold` -1 (test) or 0 and up.

    Raises:
        DataError: no such file, no CSV in UTF-8, other columns, other values, or a patient in two folds.
    """
    if not file.is_file():
        raise DataError(f"store.folds={file}: expected a CSV with columns patient,fold, found no file; check it")
    table = open_text_table(file, name=f"store.folds={file}")
    if not set(COLUMNS) <= set(table.columns):
        raise DataError(
            f"store.folds={file}: expected columns patient,fold, found {table.columns_found(COLUMNS)}; rename them"
        )
    cells = table.read(list(COLUMNS)).to_pandas()
    folds = pd.to_numeric(cells["fold"], errors="coerce")
    is_none = (~np.isfinite(folds) | (folds % 1 != 0) | (folds < TEST_FOLD) | (folds > MOST_FOLDS)).to_numpy()
    if is_none.any():
        raise DataError(
            f"store.folds={file}: expected folds -1 (test), 0, 1 ..., found another in line "
            f"{int(is_none.argmax()) + FIRST_LINE}; mend the line"
        )
    pairs = cells.assign(fold=folds.astype(int)).drop_duplicates(["patient", "fold"])
    twice = int(pairs["patient"].duplicated().sum())
    if twice:
        raise DataError(
            f"store.folds={file}: expected one fold a patient, found {counted(twice, 'patient')} with several; "
            "keep one row each"
        )
    return dict(zip(pairs["patient"], pairs["fold"].tolist(), strict=True))


def folds_from_file(
    file: Path, patients: Sequence[str], *, source: str, key: HashKey, pixels: Mapping[str, Sequence[str]]
) -> Folds:
    """The fold of each patient key as the user's file says.

    Raises:
        DataError: as `read_fold_file`, or a patient of the store isn't in it.
    """
    given = read_fold_file(file)
    by_key = {key.patient(source, patient): fold for patient, fold in given.items()} | given
    missing = [patient for patient in patients if patient not in by_key]
    if missing:
        raise DataError(
            f"store.folds={file}: expected every patient of the store, found {len(missing)} without a row "
            f"(keys {', '.join(missing[:3])} ...); add them by PatientID or key"
        )
    return Folds({patient: by_key[patient] for patient in patients}, _torn(by_key, patients, pixels))


def _torn(by_key: Mapping[str, int], patients: Sequence[str], pixels: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What to say when identical slices stand in several folds of the user's own."""
    folds_of: dict[str, set[int]] = {}
    for patient in patients:
        for slice_hash in pixels.get(patient, ()):
            folds_of.setdefault(slice_hash, set()).add(by_key[patient])
    n_torn = sum(len(folds) > 1 for folds in folds_of.values())
    return (f"{n_torn} identical slices stand in several folds of the file",) if n_torn else ()


def remembered_folds(path: Path) -> dict[str, int]:
    """Fold of each patient as the last preparation of a store left it; none where there was no preparation."""
    file = path / FOLDS_FILE
    if not file.is_file():
        return {}
    table = pd.read_csv(file, dtype={"patient": str})
    return dict(zip(table["patient"], table["fold"].tolist(), strict=True))
