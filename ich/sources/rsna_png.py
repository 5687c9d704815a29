"""RSNA 2019 as the 16-bit PNG mirror: stored values without headers, and tables that say the rest."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ich.dicom.files import readable_name, without_dots
from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.progress import Progress, quiet
from ich.sources.png.study import PngSlice, PngStudy
from ich.sources.png.table import PngTables, read_png_tables
from ich.sources.source import RejectedFile, VolumeTask, check_root

PATH = "images/{patient}/{study}/{series}/{file}"


class RsnaPng:
    """RSNA's training set as 16-bit PNG of stored values, a file a slice, without position, spacing or tilt.

    `images/<patient>/<study>/<series>/IM<number>_<image>.png`, `slice_labels.csv` (a row a slice: patient, study,
    series, file name, six labels) and `rescale_values.csv` (a row a series: slope, intercept). Names of columns and
    the pattern of the path are settings. Slices come in the order of their numbers, the first at the feet unless
    `first_slice` says `head`. A study of several series is one study a series, as from DICOM.

    Source: https://huggingface.co/datasets/ianpan/rsna-intracranial-hemorrhage-16bit-png. Licence: MIT on the
    repackaging; the images under RSNA's terms, non-commercial research and education, no re-identification.
    """

    keeps_every_slice = True
    part = "train as PNG"
    public = True
    expected: Mapping[str, int] = MappingProxyType({"studies": 21_744, "patients": 18_938, "slices": 752_802})

    def __init__(
        self,
        root: str | Path,
        *,
        table: str = "slice_labels.csv",
        rescale: str | None = "rescale_values.csv",
        labels: str | None = None,
        path: str = PATH,
        columns: Mapping[str, str | None] | None = None,
        first_slice: str = "feet",
        name: str = "rsna",
    ) -> None:
        if first_slice not in ("feet", "head"):
            raise ConfigError(f"data.first_slice={first_slice}: expected feet or head; which end slice 1 lies at")
        self.root = without_dots(root)
        self.tables = PngTables(table, rescale, labels, path, columns or {})
        self.first_slice = first_slice
        self.name = name

    def check(self, *, progress: Progress = quiet) -> None:
        """See that tables and images are there.

        Raises:
            DataError: a table is missing, lacks columns or names files outside the root, or the images are missing.
        """
        check_root(self.root, holds=f"{self.tables.path} and {self.tables.table}")
        for name in self.tables.files:
            if not (self.root / name).is_file():
                raise DataError(
                    f"data.root={self.root}: expected the table {name}, found none; put the mirror's tables there "
                    "and unpack images.tar beside them, or set data.table, data.rescale and data.labels"
                )
        if not (self.root / self._slices["path"].iloc[0]).parent.is_dir():
            raise DataError(
                f"data.root={self.root}: expected images at {self.tables.path}, found none; unpack images.tar there, "
                "or set data.path"
            )

    def studies(self) -> Sequence[tuple[str, VolumeTask]]:
        """(patient id, task) of each series."""
        slices = self._slices
        n_series = slices.groupby("study")["series"].nunique()
        several = frozenset(n_series.index[n_series > 1])
        columns = {name: slices[name].to_numpy() for name in ("patient", "study", "series")}
        made = list(map(PngSlice, *(slices[name] for name in ("path", "image", "slope", "intercept")), self._labels))
        ends = (np.flatnonzero(np.diff(slices["series"].cat.codes.to_numpy())) + 1).tolist()
        studies = []
        for start, stop in zip([0, *ends], [*ends, len(slices)], strict=True):
            patient, study, series = (columns[name][start] for name in ("patient", "study", "series"))
            uid = f"{study}/{series}" if study in several else study
            ordered = made[start:stop] if self.first_slice == "feet" else made[start:stop][::-1]
            studies.append((patient, PngStudy(self.root, uid, series, tuple(ordered))))
        return studies

    def rejected(self) -> tuple[RejectedFile, ...]:
        """Pictures below the root that no row of the table names."""
        named = set(self._slices["path"])
        found = (path.relative_to(self.root).as_posix() for path in sorted(self.root.rglob("*.png")))
        return tuple(
            RejectedFile(readable_name(name), "unlabelled", f"is named in no row of {self.tables.table}")
            for name in found
            if name not in named
        )

    def notes(self) -> tuple[str, ...]:
        """What the pictures can't say, and what the tables lack."""
        absent = ", ".join(np.array(LABELS)[np.isnan(self._labels).all(axis=0)])
        notes = ["positions and spacing are unknown: slices are 5 mm apart by assumption, pixels 0.5 mm wide"]
        return (*notes, f"{self.tables.table}: no labels {absent}; they stay unknown") if absent else tuple(notes)

    @cached_property
    def _slices(self) -> pd.DataFrame:
        """A row a slice; see `read_png_tables`."""
        return read_png_tables(self.root, self.tables)

    @property
    def _labels(self) -> np.ndarray:
        """float32 (slices, 6) in the same order."""
        return self._slices[list(LABELS)].to_numpy(np.float32)
