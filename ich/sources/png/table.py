"""Reads the tables of the 16-bit PNG mirror: which pictures there are, in which order, rescaled how, labelled how."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.rsna import read_long_labels

# What the mirror calls its columns, as its author's own code that reads and writes them has it (i-pan/SKP on GitHub,
# tests of rsna_ich_2p5d). The slice's number stands in the file's name, IM000012_ID_0123abcde.png.
COLUMNS: Mapping[str, str | None] = {
    "patient": "patient_ID",
    "study": "study_ID",
    "series": "series_ID",
    "file": "filename",
    "slice": None,
    "rescale_series": "series_id",
    "slope": "rescale_slope",
    "intercept": "rescale_intercept",
}
KEYS = ("patient", "study", "series", "file", "image")  # what the pattern of a path may hold
_IMAGE = re.compile(r"(ID_[0-9a-f]+)")
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class PngTables:
    """Which tables say what.

    Attributes:
        table: a row a slice.
        rescale: a row a series with slope and intercept; None where they stand in `table`.
        labels: the challenge's long label table; None where the labels stand in `table`.
        path: where a picture lies below the root, with `KEYS` in braces.
        columns: names of columns by the keys of `COLUMNS`; None where there is no such column.
    """

    table: str
    rescale: str | None
    labels: str | None
    path: str
    columns: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.columns) - set(COLUMNS)
        if unknown:
            raise ConfigError(f"data.columns.{min(unknown)}: no such column; known: {', '.join(COLUMNS)}")
        try:
            self.path.format(**dict.fromkeys(KEYS, ""))
        except (KeyError, IndexError, ValueError) as error:
            raise ConfigError(
                f"data.path={self.path}: expected the keys {', '.join(KEYS)}, found others; see conf/data"
            ) from error

    @property
    def files(self) -> tuple[str, ...]:
        """The tables that must be there."""
        return tuple(filter(None, (self.table, self.rescale, self.labels)))


def read_png_tables(root: Path, tables: PngTables) -> pd.DataFrame:
    """Read them into one.

    Returns:
        A row a slice, by series and number: patient, study, series (categories), file, number, image, path, slope,
        intercept, and the six labels as float32, nan where unknown.

    Raises:
        DataError: columns or cells are missing, a value is none, a picture stands there twice, a series belongs to two
            studies, or a path leaves the root.
    """
    names = {**COLUMNS, **tables.columns}
    wanted = ["patient", "study", "series", "file", *(["slice"] if names["slice"] else [])]
    table = _renamed(_read_table(root / tables.table), {key: names[key] for key in wanted}, subject=tables.table)
    slices = pd.DataFrame({key: table[key] for key in ("patient", "study", "series", "file")})
    slices["number"] = _numbers(table["slice"] if names["slice"] else table["file"], tables.table)
    slices["image"] = table["file"].str.extract(_IMAGE, expand=False).fillna(table["file"])
    slices["path"] = _paths(slices, tables.path)
    n_repeated = int(slices["path"].duplicated().sum())
    if n_repeated:
        raise DataError(f"{tables.table}: expected one row a picture, found {n_repeated} that repeat one; remove them")
    if (slices.drop_duplicates(["patient", "study", "series"])["series"]).duplicated().any():
        raise DataError(f"{tables.table}: expected each series in one study, found one in several; mend the rows")
    rescale = _rescale(root, tables, table=table, names=names)
    slices = pd.concat([slices, rescale, _labels(root, tables, table, images=slices["image"])], axis=1)
    slices["series"] = slices["series"].astype("category")
    return slices.sort_values(["series", "number", "image"], kind="stable", ignore_index=True)


def _read_table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: expected a CSV table, found something else; restore the file") from error
    if table.empty:
        raise DataError(f"{path.name}: expected a row a slice, found none; restore the file")
    return table


def _renamed(table: pd.DataFrame, names: Mapping[str, str | None], *, subject: str) -> pd.DataFrame:
    """The table with our names of columns, every cell of which must hold something."""
    for key, name in names.items():
        if name not in table.columns:
            raise DataError(
                f"{subject}: expected a column {name}, found {', '.join(table.columns[:12])}; "
                f"say what it is called with data.columns.{key}=NAME"
            )
    if table[list(names.values())].isna().to_numpy().any():
        found = ", ".join(map(str, names.values()))
        raise DataError(f"{subject}: expected {found} in every row, found empty cells; mend the rows")
    return table.rename(columns={name: key for key, name in names.items()})


def _numbers(texts: pd.Series, subject: str) -> pd.Series:
    """The first whole number in each text."""
    numbers = texts.str.extract(_NUMBER, expand=False)
    if numbers.isna().any():
        row = int(np.flatnonzero(numbers.isna())[0])
        raise DataError(
            f"{subject}: expected a slice number, found none in row {row + 2}; name its column with data.columns.slice"
        )
    return numbers.astype(np.int64)


def _paths(slices: pd.DataFrame, pattern: str) -> pd.Series:
    """Where each picture lies below the root."""
    rows = zip(*(slices[key] for key in KEYS), strict=True)
    paths = [pattern.format(**dict(zip(KEYS, row, strict=True))) for row in rows]
    for row, path in enumerate(paths):
        if path.startswith("/") or "\0" in path or ".." in path.split("/"):
            raise DataError(
                f"data.path={pattern}: expected files below data.root, found another one in row {row + 2}; mend the row"
            )
    return pd.Series(paths)


def _rescale(root: Path, tables: PngTables, *, table: pd.DataFrame, names: Mapping[str, str | None]) -> pd.DataFrame:
    """Slope and intercept of each slice, float64."""
    subject = tables.rescale or tables.table
    keys = {key: names[key] for key in ("slope", "intercept", *(["rescale_series"] if tables.rescale else []))}
    known = _renamed(_read_table(root / tables.rescale) if tables.rescale else table, keys, subject=subject)
    values = known[["slope", "intercept"]].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(values.to_numpy()).all() or (values["slope"] == 0).any():
        raise DataError(f"{subject}: expected numbers as slope and intercept, found others; restore the file")
    if not tables.rescale:
        return values
    by_series = values.assign(series=known["rescale_series"]).drop_duplicates().set_index("series")
    if not by_series.index.is_unique:
        raise DataError(f"{subject}: expected one slope and intercept a series, found two; remove the wrong one")
    found = by_series.reindex(table["series"])
    n_missing = table["series"][found["slope"].isna().to_numpy()].nunique()
    if n_missing:
        raise DataError(f"{subject}: expected a row for each series, found none for {n_missing}; restore the file")
    return found.reset_index(drop=True)


def _labels(root: Path, tables: PngTables, table: pd.DataFrame, *, images: pd.Series) -> pd.DataFrame:
    """Six float32 columns, nan where unknown."""
    if tables.labels:
        return read_long_labels(root / tables.labels).frame.reindex(images).reset_index(drop=True)
    cells = table.reindex(columns=list(LABELS))
    values = cells.apply(pd.to_numeric, errors="coerce").astype(np.float32)
    if (~values.isin((0, 1)) & cells.notna()).to_numpy().any():
        raise DataError(f"{tables.table}: expected labels 0 or 1, found others; restore the file")
    return values
