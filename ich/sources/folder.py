"""Any folder of DICOM without labels, as a hospital exports it."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ich.dicom.files import DicomFile, find_files
from ich.progress import Progress, quiet
from ich.sources.source import LabelTable, check_root


class Folder:
    """Unlabelled DICOM below one folder (nested as it likes), a zip or a single file.

    Licence: whoever owns the files says. Patients are hashed with a key of one's own (`ICH_HASH_KEY`).
    """

    series: tuple[str, ...] = ()
    keeps_every_slice = False
    public = False
    expected: Mapping[str, int] = MappingProxyType({})

    def __init__(self, root: str | Path, name: str = "folder") -> None:
        self.root = Path(root).expanduser().absolute()
        self.name = name

    def check(self, *, progress: Progress = quiet) -> None:
        """Raise DataError when the root is missing or empty."""
        check_root(self.root, holds="a folder of DICOM files")

    def files(self) -> list[DicomFile]:
        """Every file below the root."""
        return find_files(self.root)

    def labels(self) -> LabelTable | None:
        """None: nothing is known."""
        return None
