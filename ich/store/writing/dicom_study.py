"""One study of DICOM files, ready to be read in any process."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path

import numpy as np

from ich.dicom.files import DicomFile
from ich.dicom.geometry.repeats import TWINS
from ich.dicom.header import SliceHeader
from ich.dicom.not_used import NoScan, NotUsed
from ich.dicom.reasons import REASONS
from ich.dicom.scan import ScanSeries, read_scan
from ich.labels import LABELS
from ich.sources.source import RejectedFile, StudyRead, UnreadableStudy


@dataclass(frozen=True)
class DicomStudy:
    """The chosen series of a study with its labels.

    Attributes:
        study_uid: the data set's name for it.
        root: names in `rejected.csv` are relative to it.
        headers: of the chosen series, one a frame.
        labels: float32 (headers, 6) of each slice, nan where unknown.
        study_labels: float32 (6,) of the study as a whole, nan where unknown.
        keeps_every_slice: no slice is merged with or dropped for another.
        reason: why this series.
        not_chosen: (series uid, number of files, code, sentence) of the study's other files.
        lost: files that aren't read any more, as they cost a worker.
    """

    study_uid: str
    root: Path
    headers: tuple[SliceHeader, ...] = field(repr=False)
    labels: np.ndarray = field(repr=False)
    study_labels: np.ndarray = field(repr=False)
    keeps_every_slice: bool
    reason: str
    not_chosen: tuple[tuple[str, int, str, str], ...]
    lost: tuple[RejectedFile, ...] = ()

    def without(self, lost: Mapping[DicomFile, str]) -> "DicomStudy":
        """The study without some files, which end as rejected with the reason code given."""
        stays = [header.file not in lost for header in self.headers]
        rejected = [RejectedFile(file.relative_to(self.root), code, REASONS[code]) for file, code in lost.items()]
        return replace(
            self,
            headers=tuple(compress(self.headers, stays)),
            labels=self.labels[np.array(stays, dtype=bool)],
            lost=(*self.lost, *rejected),
        )

    def read(self, *, slab_mm: float | None) -> StudyRead:
        """Read pixels; slices of a merged slab have no labels.

        Raises:
            UnreadableStudy: no slice could be read.
        """
        if not self.headers:
            raise UnreadableStudy(self.lost)
        try:
            scan = read_scan(self.headers, slab_mm=slab_mm, keeps_every_slice=self.keeps_every_slice)
        except NoScan as error:
            raise UnreadableStudy([*self.lost, *map(self._rejected, error.not_used)]) from error
        known = {header.sop_uid: row for header, row in zip(self.headers, self.labels, strict=True)}
        nothing = np.full(len(LABELS), np.nan, dtype=np.float32)
        is_slab = bool(scan.source_uids)
        labels = np.stack([nothing if is_slab else known.get(uid, nothing) for uid in scan.sop_uids])  # (S, 6)
        n_files = len({header.file for header in self.headers})
        rejected = (*self.lost, *(self._rejected(one) for one in scan.not_used if one.code not in TWINS))
        twins = [one for one in scan.not_used if one.code in TWINS]
        dropped = tuple((self.headers[0].series_uid, 1, one.code, one.sentence) for one in twins)
        n_used = n_files - len(scan.not_used)
        scan = replace(scan, series=ScanSeries(scan.series.series_uid, self.reason))
        return StudyRead(scan, labels, n_used, (*self.not_chosen, *dropped), rejected, self.study_labels)

    def _rejected(self, one: NotUsed) -> RejectedFile:
        assert isinstance(one.subject, DicomFile)
        return RejectedFile(one.subject.relative_to(self.root), one.code, one.sentence)
