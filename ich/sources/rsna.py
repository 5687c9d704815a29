"""The RSNA 2019 challenge: its folders, its id format and its long label table."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ich.dicom.files import DicomFile, find_files
from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.progress import Progress, quiet
from ich.sources.source import LabelTable, check_root

PARTS = ("train", "test")
_STAGE = re.compile(r"stage_(\d+)_(train|test)")


class Rsna:
    """RSNA Intracranial Hemorrhage Detection 2019, as the challenge's archive unpacks.

    `stage_2_train/ID_*.dcm` (or `stage_2_train_images`, or zips named `stage_2_train*.zip`) beside
    `stage_2_train.csv`; of several stages the latest is read.

    Source: https://www.kaggle.com/c/rsna-intracranial-hemorrhage-detection; Flanders et al., Radiology: AI
    2020;2(3):e190211. Licence: RSNA's terms, non-commercial research and education, no re-identification.
    """

    series: tuple[str, ...] = ()
    keeps_every_slice = True
    public = True

    def __init__(self, root: str | Path, part: str = "train", name: str = "rsna") -> None:
        if part not in PARTS:
            raise ConfigError(f"data.part={part}: expected {' or '.join(PARTS)}; the test part has no labels")
        self.root = Path(root).expanduser().absolute()
        self.part = part
        self.name = name

    @property
    def expected(self) -> Mapping[str, int]:
        """Counts of the published set (stage 2; Burduja et al. 2020, Flanders et al. 2020)."""
        if self.part == "train":
            return MappingProxyType({"studies": 21_744, "patients": 18_938, "slices": 752_803})
        return MappingProxyType({"studies": 3_528, "slices": 121_232})

    def check(self, *, progress: Progress = quiet) -> None:
        """Raise DataError when images or label table are missing."""
        check_root(self.root, holds=f"stage_2_{self.part}/ID_*.dcm and stage_2_train.csv")
        self._images()
        if self.part == "train":
            self._label_file()

    def files(self) -> list[DicomFile]:
        """Every file of the part's folder or zips."""
        return find_files(self._images())

    def labels(self) -> LabelTable | None:
        """Six labels a slice of the training part; None for the test part."""
        if self.part == "test":
            return None
        return read_long_labels(self._label_file())

    def _images(self) -> list[Path]:
        """The part's folders of the latest stage, else its zips."""
        for kind in (_is_folder, _is_zip):
            found = [entry for entry in sorted(self.root.iterdir()) if self._is_part(entry) and kind(entry)]
            latest = max((_stage(entry) for entry in found), default=0)
            if found:
                return [entry for entry in found if _stage(entry) == latest]
        raise DataError(
            f"data.root={self.root}: expected a folder stage_2_{self.part} of ID_*.dcm, found none; "
            "unpack the challenge's archive there"
        )

    def _label_file(self) -> Path:
        tables = [entry for entry in self.root.glob("stage_*_train.csv") if _STAGE.match(entry.name)]
        if not tables:
            raise DataError(
                f"data.root={self.root}: expected the label table stage_2_train.csv, found none; "
                "put the challenge's file beside the images"
            )
        return max(tables, key=_stage)

    def _is_part(self, entry: Path) -> bool:
        match = _STAGE.match(entry.name)
        return match is not None and match.group(2) == self.part


def read_long_labels(path: Path) -> LabelTable:
    """Read the challenge's `ID,Label` table, six rows an image, into six columns.

    Rows that repeat with the same value are counted and dropped.

    Args:
        path: CSV with `ID` = `<image>_<label>` and `Label` = 0 or 1.

    Raises:
        DataError: other columns, an unknown label, a value that is neither 0 nor 1, or repeated rows that disagree.
    """
    ids, values = _read_columns(path)
    images, flat = _cells(path, ids)
    grid = np.full(len(images) * len(LABELS), -1, dtype=np.int8)  # image by image, -1: no row
    grid[flat] = values
    disagree = np.flatnonzero(grid[flat] != values)
    if disagree.size:
        raise DataError(
            f"{path.name}: expected one value for {ids[int(disagree[0])]}, found both 0 and 1 "
            f"({disagree.size} rows disagree with an earlier one); remove the wrong rows"
        )
    labels = np.where(grid < 0, np.nan, grid).astype(np.float32).reshape(-1, len(LABELS))  # (images, 6)
    frame = pd.DataFrame(labels, columns=list(LABELS), index=pd.Index(images.to_pandas(), name="sop_uid"))
    return LabelTable(frame, _notes(path, labels, n_repeated=len(flat) - int((grid >= 0).sum())))


def _read_columns(path: Path) -> tuple[pa.Array, np.ndarray]:
    """The ids and the values (int8) of the table."""
    try:
        types = pa_csv.ConvertOptions(column_types={"ID": pa.string(), "Label": pa.float32()})
        table = pa_csv.read_csv(path, convert_options=types)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path.name}: expected a CSV with columns ID,Label, found: {error}; restore the file"
        ) from error
    if not {"ID", "Label"} <= set(table.column_names):
        raise DataError(
            f"{path.name}: expected columns ID,Label, found {','.join(table.column_names)}; restore the file"
        )
    values = table["Label"].to_numpy()
    odd = np.flatnonzero((values != 0) & (values != 1))
    if odd.size:
        raise DataError(
            f"{path.name}: expected labels 0 or 1, found {values[odd[0]]} in row {odd[0] + 2}; mend the row"
        )
    return pa.concat_arrays(table["ID"].chunks), values.astype(np.int8)


def _cells(path: Path, ids: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The distinct images in order of appearance, and each row's place in the grid of images by labels."""
    parts = pc.extract_regex(ids, pattern=r"^(?P<image>.+)_(?P<label>[a-z]+)$")
    image = pc.struct_field(parts, "image").dictionary_encode()
    label = pc.struct_field(parts, "label").dictionary_encode()
    known = {name: number for number, name in enumerate(LABELS)}
    names = label.dictionary.to_pylist()
    if parts.null_count or not set(names) <= set(known):
        fits = pc.fill_null(pc.is_in(label.cast(pa.string()), value_set=pa.array(LABELS)), False).to_numpy(
            zero_copy_only=False
        )
        row = int(np.flatnonzero(~fits)[0])
        raise DataError(
            f"{path.name}: expected ids such as ID_0123abcde_any, found {ids[row]} in row {row + 2}; mend the row"
        )
    columns = np.array([known[name] for name in names], dtype=np.int64)[label.indices.to_numpy()]
    return image.dictionary, image.indices.to_numpy().astype(np.int64) * len(LABELS) + columns


def _notes(path: Path, labels: np.ndarray, *, n_repeated: int) -> tuple[str, ...]:
    notes = []
    if n_repeated:
        notes.append(f"{path.name}: {n_repeated} rows repeat another one with the same value; dropped")
    n_gaps = int(np.isnan(labels).any(axis=1).sum())
    if n_gaps:
        notes.append(f"{path.name}: {n_gaps} images lack some of the six labels; these stay unknown")
    n_odd = int((labels[:, -1] < labels[:, :-1].max(axis=1)).sum())
    if n_odd:
        notes.append(f"{path.name}: {n_odd} images have a subtype but not any; left as they are")
    return tuple(notes)


def _stage(entry: Path) -> int:
    match = _STAGE.match(entry.name)
    return int(match.group(1)) if match else 0


def _is_folder(entry: Path) -> bool:
    return entry.is_dir()


def _is_zip(entry: Path) -> bool:
    return entry.suffix == ".zip" and entry.is_file()
