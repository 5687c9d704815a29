"""Any folder as a hospital exports it: DICOM or NIfTI, with a label CSV of one's own or without."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from ich.dicom.files import DicomFile, find_files, without_dots
from ich.errors import ConfigError, DataError
from ich.progress import Progress, quiet
from ich.sources.nifti.volume import is_nifti
from ich.sources.nifti_folder import NiftiFolder
from ich.sources.source import LabelTable, check_root
from ich.sources.tables.label_file import read_label_file

LABEL_TABLE = "the label table"  # its file may be called after a patient or a hospital
PREAMBLE, MAGIC = 128, b"DICM"  # PS3.10 section 7.1


class Folder:
    """DICOM below one folder (nested as it likes), a zip or a single file.

    Licence: whoever owns the files says. Patients are hashed with a key of one's own (`ICH_HASH_KEY`).
    """

    keeps_every_slice = False
    part = ""
    public = False
    expected: Mapping[str, int] = MappingProxyType({})

    def __init__(
        self,
        root: str | Path,
        *,
        labels: str | Path | None = None,
        match: str | None = None,
        series: Sequence[str] = (),
        name: str = "folder",
    ) -> None:
        self.root = without_dots(root)
        self.name = name
        self.series = tuple(map(str, series))
        self.label_file = None if labels is None else find_label_file(labels, root=self.root)
        self.match = match
        if match is not None and labels is None:
            raise ConfigError(f"data.match={match}: expected a label table with it, found none; set data.labels=FILE")

    def check(self, *, progress: Progress = quiet) -> None:
        """See that the root holds something and the label table can be read.

        Raises:
            DataError: the root is missing or empty, or the label table isn't one.
        """
        check_root(self.root, holds="a folder of DICOM files")
        self.labels()

    def files(self) -> list[DicomFile]:
        """Every file below the root but the label table."""
        return list(self._found)

    @cached_property
    def _found(self) -> tuple[DicomFile, ...]:
        """Looked for once, so that what is odd about a folder is said once."""
        return tuple(file for file in find_files(self.root) if not self._is_label_file(file.path))

    def _is_label_file(self, path: Path) -> bool:
        """Whether a file is the label table, however its place was written."""
        return self.label_file is not None and path.name == self.label_file.name and path.samefile(self.label_file)

    def labels(self) -> LabelTable | None:
        """What the label table says; None without one."""
        if self.label_file is None:
            return None
        table = read_label_file(self.label_file, name=LABEL_TABLE, match=self.match)
        return with_paths_below(table, self.root) if table.by == "file" else table


def open_folder(
    root: str | Path,
    *,
    labels: str | Path | None = None,
    match: str | None = None,
    series: Sequence[str] = (),
    name: str = "folder",
) -> Folder | NiftiFolder:
    """The data set of a folder: of its volumes where it holds more NIfTI than DICOM files, else of its DICOM files.

    Files of the other kind end as rejected, with their reason.

    Args:
        root: folder, zip or file.
        labels: CSV of labels (`ich.sources.tables.label_file`), as seen from here or from the root; None where there
            are none.
        match: column by which its rows are matched; None to find it by its name.
        series: uids of DICOM series to read whatever the rule would choose.
        name: what the store is called.

    Raises:
        ConfigError: `match` without labels, or `series` for NIfTI.
        DataError: the label table is absent or isn't one.
    """
    folder = Folder(root, labels=labels, match=match, series=series, name=name)
    if not folder.root.exists() or not _holds_volumes(folder):
        return folder
    if folder.series:
        raise ConfigError(f"data.series={','.join(folder.series)}: expected none for NIfTI volumes; leave it out")
    table = folder.labels()
    if table is not None and table.by == "":
        table = with_paths_below(table, folder.root)
    return NiftiFolder(folder.root, name, table=table, files=folder.files())


def find_label_file(labels: str | Path, *, root: Path) -> Path:
    """The label CSV as seen from the working folder, else from the root.

    Raises:
        DataError: it is in neither.
    """
    for path in (without_dots(labels), without_dots(root / Path(labels).expanduser())):
        if path.is_file():
            return path
    raise DataError(f"data.labels={labels}: expected a CSV of labels, found no such file here or below {root}; set it")


def with_paths_below(table: LabelTable, root: Path) -> LabelTable:
    """Write the paths of a label table as `DicomFile.relative_to` does: from the root, with the name of a zip in front.

    Raises:
        DataError: two ways to write one path.
    """
    inside = f"{root.name}/" if root.suffix.lower() == ".zip" and root.is_file() else ""
    paths = [_below(str(path), root=root, inside=inside) for path in table.frame.index]
    if len(set(paths)) < len(paths):
        raise DataError(
            f"data.labels: expected each file once, found "
            f"{len(paths) - len(set(paths))} that are written in two ways; keep one row of each"
        )
    return replace(table, frame=table.frame.set_axis(pd.Index(paths, name=table.frame.index.name)))


def _below(path: str, *, root: Path, inside: str) -> str:
    path = path.replace("\\", "/").removeprefix(f"{root.as_posix()}/")
    while path.startswith("./"):
        path = path[2:]
    path = path.rstrip("/")
    return path if path.startswith(inside) else inside + path


def _holds_volumes(folder: Folder) -> bool:
    """Whether NIfTI files are more than DICOM files; these are looked at only where there is any NIfTI file."""
    if folder.root.is_dir() and not any(folder.root.iterdir()):
        return False
    files = folder.files()
    volumes = [file for file in files if is_nifti(file.member or file.path.name)]
    if not volumes:
        return False
    n_dicom = 0
    for file in files:
        n_dicom += not is_nifti(file.member or file.path.name) and _is_dicom(file)
        if n_dicom >= len(volumes):
            return False
    return True


def _is_dicom(file: DicomFile) -> bool:
    """Whether a file says so at its start; one that can't be read doesn't."""
    try:
        with file.open() as stream:
            return stream.read(PREAMBLE + len(MAGIC)).endswith(MAGIC)
    except (OSError, ValueError, DataError):
        return False
