"""Any folder of NIfTI volumes, with labels of one's own or without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ich.dicom.files import DicomFile, find_files
from ich.errors import ConfigError, DataError
from ich.hu import HU_FLOOR
from ich.labels import LABELS
from ich.numerals import in_words, those_found
from ich.progress import Progress, quiet
from ich.sources.nifti.header import UnreadableVolume, read_nifti_header
from ich.sources.nifti.volume import SUFFIXES, is_nifti, read_nifti, require_nibabel
from ich.sources.source import LabelTable, RejectedFile, StudyRead, UnreadableStudy, VolumeFacts, VolumeTask, check_root
from ich.sources.tables.label_names import nothing_matches

NOT_A_VOLUME = "not_a_volume"
MOST_LINES = 20  # of a table that a note lists
NO_AIR = -200  # HU; the lowest value of any head with some air around it lies far below


class NiftiFolder:
    """`*.nii` and `*.nii.gz` below one folder (nested as it likes) or in a zip; a volume is a study and a patient.

    NIfTI states no patient: two volumes of one patient may end in two folds unless `store.folds` says otherwise.

    Licence: whoever owns the files says. Names are hashed with a key of one's own (`ICH_HASH_KEY`).

    Args:
        root: folder or zip, absolute.
        name: what the store is called.
        table: labels by file, or None; its paths may leave out the ending of a volume's name.
        files: of the root, where they were looked for already; None looks for them when they are needed.

    Raises:
        ConfigError: labels by something that NIfTI doesn't state.
    """

    keeps_every_slice = False
    part = ""
    public = False
    expected: Mapping[str, int] = MappingProxyType({})

    def __init__(
        self,
        root: Path,
        name: str = "folder",
        *,
        table: LabelTable | None = None,
        files: Sequence[DicomFile] | None = None,
    ) -> None:
        if table is not None and table.by not in ("file", ""):
            raise ConfigError(
                f"data.labels, column {table.frame.index.name}: expected paths, since NIfTI volumes state no uid and "
                "no number, found another kind; name a column of paths with data.match=COLUMN"
            )
        self.root = root
        self.name = name
        self.table = table
        self._given = files

    def check(self, *, progress: Progress = quiet) -> None:
        """See that the root holds something and nibabel is installed.

        Raises:
            DataError: the root is missing or empty, or nibabel isn't installed.
        """
        check_root(self.root, holds="a folder of NIfTI volumes")
        require_nibabel(f"data.root={self.root}")

    def studies(self) -> Sequence[tuple[str, VolumeTask]]:
        """(path, task) of each volume.

        Raises:
            DataError: a volume is there twice, or no row of the label table names one.
        """
        volumes, _ = self._files
        rows = self._rows(volumes)
        if self.table is not None and len(self.table.frame) and (rows < 0).all():
            raise nothing_matches(self.table, files=volumes)
        nothing = np.full(len(LABELS), np.nan, dtype=np.float32)
        labels = [nothing if row < 0 else self._values()[row] for row in rows]
        tasks = [
            NiftiStudy(self._study_uid(name), name, file, one)
            for (name, file), one in zip(volumes.items(), labels, strict=True)
        ]
        return [(task.study_uid, task) for task in tasks]

    def rejected(self) -> tuple[RejectedFile, ...]:
        """Every other file."""
        _, others = self._files
        return tuple(RejectedFile(name, NOT_A_VOLUME, "is no NIfTI volume (.nii or .nii.gz)") for name in others)

    def notes(self) -> tuple[str, ...]:
        """That patients aren't known, and how labels and volumes fit."""
        volumes, _ = self._files
        notes = [in_words(len(volumes), "volume|volumes states|state no patient: each counts as a patient of its own")]
        if self.table is None:
            return tuple(notes)
        rows = self._rows(volumes)
        n_alone, unused = int((rows < 0).sum()), np.setdiff1d(np.arange(len(self.table.frame)), rows)
        notes += those_found(
            [(n_alone, "volume|volumes has|have no row in the label table; its|their labels stay unknown")]
        )
        if len(unused):
            lines = unused if self.table.lines is None else self.table.lines[unused]
            shown = ", ".join(map(str, lines[:MOST_LINES])) + (" ..." if len(lines) > MOST_LINES else "")
            notes.append(
                f"{in_words(len(unused), 'row|rows of the label table is|are not among the files: line|lines')} {shown}"
            )
        return (*self.table.notes, *notes)

    @cached_property
    def _files(self) -> tuple[dict[str, DicomFile], list[str]]:
        """Volumes by name, and the names of the other files; looked for once, so that what is odd is said once."""
        found = find_files(self.root) if self._given is None else self._given
        files = {file.relative_to(self.root): file for file in found}
        volumes = {name: file for name, file in files.items() if is_nifti(name)}
        stems = {_stem(name) for name in volumes}
        if len(stems) < len(volumes):
            raise DataError(
                f"data.root={self.root}: expected each volume once, found {len(volumes) - len(stems)} as .nii and as "
                ".nii.gz; remove one of each"
            )
        return volumes, [name for name in files if name not in volumes]

    def _study_uid(self, name: str) -> str:
        """The path without the zip's name, so that a set packed or unpacked has the same studies."""
        return _stem(name).removeprefix(f"{self.root.name}/") if self.root.is_file() else _stem(name)

    def _values(self) -> np.ndarray:
        assert self.table is not None
        return self.table.frame.to_numpy(np.float32)

    def _rows(self, volumes: Mapping[str, DicomFile]) -> np.ndarray:
        """The row of the table for each volume, int64; -1 for none."""
        if self.table is None:
            return np.full(len(volumes), -1)
        places = {_stem(str(path)): row for row, path in enumerate(self.table.frame.index)}
        return np.array([places.get(_stem(name), -1) for name in volumes], dtype=np.int64)


@dataclass(frozen=True)
class NiftiStudy:
    """One volume and the labels of its study."""

    study_uid: str
    name: str
    file: DicomFile
    labels: np.ndarray = field(repr=False)  # float32 (6,), nan where unknown

    @property
    def files(self) -> tuple[str, ...]:
        """The one file."""
        return (self.name,)

    @property
    def n_bytes(self) -> int:
        """Size of the file, or of the member of a zip once unpacked."""
        return self.file.path.stat().st_size if self.file.place is None else self.file.place.unpacked

    @property
    def content(self) -> str:
        """Name, size and time of the file, and its labels."""
        state = self.file.path.stat()
        return f"{self.name} {state.st_size} {state.st_mtime_ns} {self.labels.tobytes().hex()}"

    def look(self) -> VolumeFacts:
        """What the header says.

        Raises:
            UnreadableStudy: not a volume.
        """
        try:
            header = read_nifti_header(self.file)
        except UnreadableVolume as error:
            raise UnreadableStudy([RejectedFile(self.name, error.code, error.sentence)]) from error
        return VolumeFacts(*header.shape, header.step_mm)

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """The volume feet to head; its slices have no labels of their own.

        Raises:
            UnreadableStudy: not a volume.
        """
        try:
            scan, _ = read_nifti(self.file, study_uid=self.study_uid, slab_mm=slab_mm)
        except UnreadableVolume as error:
            raise UnreadableStudy([RejectedFile(self.name, error.code, error.sentence)]) from error
        lowest = int(scan.hu.min())
        if lowest > NO_AIR:
            warning = f"the lowest value is {lowest}: these may be stored values or a mask, not HU from {HU_FLOOR} on"
            scan = replace(scan, warnings=(*scan.warnings, warning))
        nothing = np.full((len(scan.hu), len(LABELS)), np.nan, dtype=np.float32)
        return StudyRead(scan, nothing, n_used=1, study_labels=None if np.isnan(self.labels).all() else self.labels)


def _stem(name: str) -> str:
    """The path of a volume without its ending."""
    ending = next((ending for ending in reversed(SUFFIXES) if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]
