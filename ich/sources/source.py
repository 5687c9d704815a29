"""What a data set must offer so that a store can be prepared from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from ich.dicom.files import DicomFile
from ich.dicom.scan import Scan
from ich.errors import DataError
from ich.progress import Progress, quiet


@dataclass(frozen=True)
class RejectedFile:
    """A file that can't be used: its name relative to the source's root, a reason code and a sentence."""

    file: str
    code: str
    sentence: str


class UnreadableStudy(DataError):
    """A study none of whose files can be used.

    Attributes:
        rejected: each of its files with the reason.
    """

    def __init__(self, rejected: Sequence[RejectedFile]) -> None:
        super().__init__(rejected[0].sentence if rejected else "")
        self.rejected = tuple(rejected)

    def __reduce__(self) -> tuple[type, tuple[tuple[RejectedFile, ...]]]:
        return type(self), (self.rejected,)


# What the rows of a label table are matched by: `file` is a path relative to the root, of a file or of a folder or zip
# that holds the study.
LABEL_KEYS = ("sop_uid", "series_uid", "study_uid", "accession", "file")


@dataclass(frozen=True)
class LabelTable:
    """Labels of slices or of studies.

    Attributes:
        frame: six float32 columns in the order of `ich.labels.LABELS`, indexed by `by`; nan where unknown.
        notes: sentences a person should read (duplicate rows, gaps).
        by: one of `LABEL_KEYS`; "" for the one of them that fits most rows.
        level: what a row speaks of, `slice` or `study`. Rows by file speak of a slice where they name a file of one
            slice, else of the study.
        lines: int64 (rows of `frame`,), the line of the label file each row was first read from; None: not known.
        n_repeated: values that only repeat another one, and are dropped.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    by: str = "sop_uid"
    level: Literal["slice", "study"] = "slice"
    lines: np.ndarray | None = None
    n_repeated: int = 0


@dataclass(frozen=True)
class StudyRead:
    """One study, read.

    Attributes:
        scan: HU, geometry and facts.
        labels: float32 (S, 6), nan where unknown.
        n_used: files whose pixels are in the scan.
        not_chosen: (series uid, number of files, reason code, sentence) of what was left aside on purpose.
        rejected: files that could not be used.
        study_labels: float32 (6,) of the study as a whole, nan where unknown; None where the slices' labels say it.
    """

    scan: Scan
    labels: np.ndarray
    n_used: int
    not_chosen: tuple[tuple[str, int, str, str], ...] = ()
    rejected: tuple[RejectedFile, ...] = ()
    study_labels: np.ndarray | None = None


class StudyTask(Protocol):
    """One study still to be read; small enough to be sent to another process."""

    @property
    def study_uid(self) -> str:
        """The data set's own name for the study."""

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """Read pixels and labels.

        Raises:
            UnreadableStudy: nothing in it can be used.
        """


class VolumeTask(StudyTask, Protocol):
    """A study in files of its own."""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of its files relative to the root; each ends in exactly one of used, not chosen, rejected."""

    @property
    def content(self) -> str:
        """The same as long as files and labels are: otherwise the study is made again."""


@dataclass(frozen=True)
class VolumeFacts:
    """What the header of a volume says: its size as in a scan, and the distance between slices."""

    n_slices: int
    rows: int
    columns: int
    step_mm: float


@runtime_checkable
class HeaderTask(VolumeTask, Protocol):
    """A volume whose header says what will be read."""

    def look(self) -> VolumeFacts:
        """Read the header alone.

        Raises:
            UnreadableStudy: it shows already that nothing can be used.
        """


class Source(Protocol):
    """A data set on disk.

    Attributes:
        name: what its store is called; patients are compared within one name.
        part: what of all that goes by this name is read; "" is all of it. A store holds one part.
        root: where it lies.
        keeps_every_slice: slices carry labels or ids, so none is merged or dropped.
        public: patients are hashed with the documented key, not with a secret one.
        expected: counts of the published set (`studies`, `patients`, `slices`, and `positive_counts`), empty where
            there is none.
    """

    name: str
    part: str
    root: Path
    keeps_every_slice: bool
    public: bool
    expected: Mapping[str, int]

    def check(self, *, progress: Progress = quiet) -> None:
        """See that the files are there, or make them where the data set is made.

        Raises:
            DataError: they are not.
        """


@runtime_checkable
class DicomSource(Source, Protocol):
    """A data set of DICOM files; `ich.store` finds the studies in their headers.

    Attributes:
        series: uids of series to read whatever the rule would choose.
    """

    series: tuple[str, ...]

    def files(self) -> list[DicomFile]:
        """Every file of the data set, sorted."""

    def labels(self) -> LabelTable | None:
        """Labels by slice or by study, or None where there are none."""


@runtime_checkable
class VolumeSource(Source, Protocol):
    """A data set of one file a study."""

    def studies(self) -> Sequence[tuple[str, VolumeTask]]:
        """(patient id, task) of each study, sorted; the patient id stays in memory."""

    def rejected(self) -> tuple[RejectedFile, ...]:
        """Files below the root that belong to no study, each with its reason."""

    def notes(self) -> tuple[str, ...]:
        """Sentences a person should read about the data set as found."""


def positive_counts(level: Literal["slices", "studies"], counts: Mapping[str, int]) -> dict[str, int]:
    """Numbers of positive slices or studies by label, named as `Source.expected` has them.

    >>> positive_counts("slices", {"any": 3})
    {'slices with any': 3}
    """
    return {f"{level} with {label}": n for label, n in counts.items()}


def check_root(root: Path, *, holds: str) -> None:
    """Raise unless `root` is a folder that holds something.

    Args:
        root: the data set's folder.
        holds: what should lie there, for the message.

    Raises:
        DataError: no such folder, or nothing in it.
    """
    if not root.exists():
        raise DataError(f"data.root={root}: expected {holds}, found no such folder; set data.root=DIR")
    if root.is_dir() and not any(root.iterdir()):
        raise DataError(f"data.root={root}: expected {holds}, found an empty folder; set data.root=DIR")
