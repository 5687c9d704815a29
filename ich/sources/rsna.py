"""The RSNA 2019 challenge: its folders, its id format and its long label table."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from ich.dicom.files import DicomFile, find_files, without_dots
from ich.errors import ConfigError, DataError
from ich.progress import Progress, quiet
from ich.sources.source import LabelTable, check_root, positive_counts
from ich.sources.tables.label_file import read_label_file
from ich.sources.tables.text_table import open_text_table

PARTS = ("train", "test")
ARCHIVE = "rsna-intracranial-hemorrhage-detection"  # as Kaggle names its zip, and the folder in it
POSITIVE_SLICES = {
    "any": 107_933,
    "epidural": 3_145,
    "intraparenchymal": 36_118,
    "intraventricular": 26_205,
    "subarachnoid": 35_675,
    "subdural": 47_166,
}  # of the training part
REPEATED_VALUES = 24  # of stage_2_train.csv: 4,516,842 rows where six of 752,803 images are 4,516,818
COLUMNS = ("ID", "Label")
_STAGE = re.compile(r"stage_(\d+)_(train|test)")
_IMAGE = re.compile(r"(?:.*/)?stage_(\d+)_(train|test)(?:_images)?/[^/]+")
_TABLE = re.compile(r"(?:.*/)?stage_(\d+)_(train)\.csv")


class Rsna:
    """RSNA Intracranial Hemorrhage Detection 2019, as the challenge's archive unpacks, or the archive itself.

    `stage_2_train/ID_*.dcm` (or `stage_2_train_images`, or zips named `stage_2_train*.zip`) beside
    `stage_2_train.csv` (or `stage_2_train.csv.zip`); of several stages the latest is read. All of it may lie in
    Kaggle's zip, which is read without unpacking.

    Source: https://www.kaggle.com/c/rsna-intracranial-hemorrhage-detection; Flanders et al., Radiology: AI
    2020;2(3):e190211. Licence: RSNA's terms, non-commercial research and education, no re-identification.
    """

    keeps_every_slice = True
    public = True

    def __init__(self, root: str | Path, part: str = "train", name: str = "rsna") -> None:
        if part not in PARTS:
            raise ConfigError(f"data.part={part}: expected {' or '.join(PARTS)}; the test part has no labels")
        self.root = without_dots(root)
        self.part = part
        self.name = name
        self.series: tuple[str, ...] = ()

    @property
    def expected(self) -> Mapping[str, int]:
        """Counts of the published set (stage 2; Burduja et al. 2020, Flanders et al. 2020)."""
        if self.part == "train":
            sizes = {"studies": 21_744, "patients": 18_938, "slices": 752_803}
            return MappingProxyType({**sizes, **positive_counts("slices", POSITIVE_SLICES)})
        return MappingProxyType({"studies": 3_528, "slices": 121_232})

    def check(self, *, progress: Progress = quiet) -> None:
        """See that images and label table are there.

        Raises:
            DataError: one of them is missing.
        """
        check_root(self.root, holds=f"stage_2_{self.part}/ID_*.dcm and stage_2_train.csv, or Kaggle's zip")
        if self._archive is None:
            self._image_folders()
        else:
            self._image_members()
        if self.part == "train":
            self._label_file()

    def files(self) -> list[DicomFile]:
        """Every file of the part's folder or zips."""
        if self._archive is None:
            return find_files(self._image_folders(), own_archive=True)
        return self._image_members()

    def labels(self) -> LabelTable | None:
        """Six labels a slice of the training part; None for the test part.

        A note says where other than the published number of values repeat.
        """
        if self.part == "test":
            return None
        table = read_long_labels(self._label_file())
        if table.n_repeated == REPEATED_VALUES:
            return table
        note = f"the published label table repeats {REPEATED_VALUES} values, this one {table.n_repeated:,}"
        return replace(table, notes=(*table.notes, note))

    def image_places(self) -> list[Path]:
        """The part's folders or zips; none where it stands in the whole set's archive, with the other part."""
        return self._image_folders() if self._archive is None else []

    @cached_property
    def _archive(self) -> list[DicomFile] | None:
        """What Kaggle's zip holds, listed once; None where the set is unpacked."""
        if self.root.is_file():
            return find_files(self.root, own_archive=True)
        archive = self.root / f"{ARCHIVE}.zip"
        is_unpacked = any(_is_folder(entry) and _STAGE.match(entry.name) for entry in self._home.iterdir())
        return None if is_unpacked or not archive.is_file() else find_files(archive, own_archive=True)

    @cached_property
    def _home(self) -> Path:
        """The folder of the unpacked set: the root, or the one in it that is named like the archive."""
        return self.root / ARCHIVE if (self.root / ARCHIVE).is_dir() else self.root

    def _image_folders(self) -> list[Path]:
        """The part's folders of the latest stage, else its zips."""
        for kind in (_is_folder, _is_zip):
            found = [entry for entry in sorted(self._home.iterdir()) if self._is_part(entry.name) and kind(entry)]
            if found:
                latest = max(_stage(entry.name) for entry in found)
                return [entry for entry in found if _stage(entry.name) == latest]
        raise DataError(
            f"data.root={self.root}: expected a folder stage_2_{self.part} of ID_*.dcm, found none; "
            "unpack the challenge's archive there, or give the archive itself"
        )

    def _image_members(self) -> list[DicomFile]:
        """The part's images of the latest stage in the archive."""
        stages = {file: match for file in self._archive or () if (match := _IMAGE.fullmatch(file.member))}
        found = {file: int(match.group(1)) for file, match in stages.items() if match.group(2) == self.part}
        latest = max(found.values(), default=0)
        if not found:
            raise DataError(
                f"data.root={self.root}: expected stage_2_{self.part}/ID_*.dcm in the archive, found none; "
                "get the challenge's archive anew"
            )
        return [file for file, stage in found.items() if stage == latest]

    def _label_file(self) -> Path | DicomFile:
        tables: dict[int, Path | DicomFile] = {}
        for file in self._archive or ():
            if match := _TABLE.fullmatch(file.member):
                tables[int(match.group(1))] = file
        for path in sorted(self._home.glob("stage_*_train.csv*"), reverse=True) if self._home.is_dir() else ():
            if match := _TABLE.fullmatch(path.name.removesuffix(".zip")):
                tables[int(match.group(1))] = find_files(path)[0] if _is_zip(path) else path
        if not tables:
            raise DataError(
                f"data.root={self.root}: expected the label table stage_2_train.csv, found none; "
                "put the challenge's file beside the images"
            )
        return tables[max(tables)]

    def _is_part(self, name: str) -> bool:
        match = _STAGE.match(name)
        return match is not None and match.group(2) == self.part and ".csv" not in name


def read_long_labels(file: Path | DicomFile) -> LabelTable:
    """Read the challenge's `ID,Label` table, six rows an image, into six columns.

    Rows that repeat with the same value are counted and dropped.

    Args:
        file: CSV with `ID` = `<image>_<label>` and `Label` = 0 or 1; it may lie in a zip.

    Raises:
        DataError: other columns, an unknown label, another value, or repeated rows that disagree.
    """
    name = Path(file.member or file.path).name if isinstance(file, DicomFile) else file.name
    with file.open() if isinstance(file, DicomFile) else file.open("rb") as stream:
        opened = open_text_table(stream, name=name)
        if not set(COLUMNS) <= set(opened.columns):
            raise DataError(
                f"{name}: expected columns ID,Label, found {opened.columns_found(COLUMNS)}; restore the file"
            )
        table = read_label_file(stream, name=name, match="ID")
    return replace(table, notes=table.notes[1:], by="sop_uid", level="slice")  # the first says what it is matched by


def _stage(name: str) -> int:
    match = _STAGE.match(name)
    return int(match.group(1)) if match else 0


def _is_folder(entry: Path) -> bool:
    return entry.is_dir()


def _is_zip(entry: Path) -> bool:
    return entry.suffix.lower() == ".zip" and entry.is_file()
