"""Lists a source's studies: from the headers of its DICOM files, or as it names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ich.dicom.files import DicomFile
from ich.labels import LABELS
from ich.numerals import those_found
from ich.progress import Progress, quiet
from ich.sources.source import DicomSource, RejectedFile, Source, StudyTask, VolumeSource
from ich.store.keys import HashKey
from ich.store.listing.all_headers import HEADERS_FILE, NO_HEAD_CT, AllHeaders, NothingToRead, no_head_ct
from ich.store.listing.choices import Chosen, NothingChosen, choose
from ich.store.listing.header_hash import hash_rows
from ich.store.listing.headers import PLACE, headers_of, save_headers
from ich.store.listing.label_match import MatchedLabels, match_labels
from ich.store.settings import StoreSettings, digest
from ich.store.sharing.shards import Share
from ich.store.writing.dicom_study import DicomStudy

NO_PATIENT = "study|studies has|have no PatientID: each counts as a patient of its own"


@dataclass(frozen=True)
class Listed:
    """A study that can be read.

    Attributes:
        study, patient: their keys.
        n_files: of the study, whatever becomes of them.
        content: hash of its files' names, sizes, times and headers, of its labels and of what was chosen.
        load: makes the task, only when its turn comes, so that a large set's headers aren't all objects at once.
        chosen: rows of the header table; None for a volume.
    """

    study: str
    patient: str
    n_files: int
    content: str
    load: Callable[[], StudyTask] = field(repr=False)
    chosen: Chosen | None = field(default=None, repr=False)

    def fingerprint(self, settings: StoreSettings) -> str:
        """The same for the same files, labels, patient and settings: otherwise the study is made again."""
        return digest(settings.hash.encode(), self.patient.encode(), self.content.encode())


@dataclass(frozen=True)
class Inventory:
    """All files of a source by what they are.

    Attributes:
        studies: sorted by key.
        rejected: files that belong to no study that can be read.
        n_files: all files found.
        notes: sentences a person should read.
        headers: the header table, as it is kept; None for volumes.
        files: that its places count; empty for volumes.
        unmatched: rows of the label table without a file, and the other way round; None where there are no labels.
    """

    studies: tuple[Listed, ...]
    rejected: tuple[RejectedFile, ...]
    n_files: int
    notes: tuple[str, ...]
    headers: pa.Table | None = field(default=None, repr=False)
    files: Sequence[DicomFile] = field(default=(), repr=False)
    unmatched: pd.DataFrame | None = field(default=None, repr=False)

    def save(self, path: Path) -> None:
        """Keep the headers beside the studies."""
        if self.headers is not None:
            path.mkdir(parents=True, exist_ok=True)
            save_headers(path / HEADERS_FILE, self.headers)


def list_studies(
    source: Source,
    *,
    path: Path,
    find_key: Callable[[], HashKey],
    processes: int,
    share: Share | None = None,
    progress: Progress = quiet,
) -> Inventory:
    """List what a source holds; nothing is written, but for a key that has to be made and parts of many headers.

    Args:
        source: a data set whose `check` has passed.
        path: the store, for the headers of an earlier run and those that other shards read.
        find_key: gives the key for patients; asked only once it is clear that there is something to prepare.
        processes: that read headers.
        share: of the work; None is all of it. The inventory is the whole one in any case.
        progress: shown by batches of files.

    Raises:
        DataError: no file of a head CT.
    """
    if isinstance(source, VolumeSource):
        return _list_volumes(source, key=find_key())
    if not isinstance(source, DicomSource):
        raise TypeError(f"{type(source).__name__} has neither files() nor studies()")
    files = source.files()
    reading = AllHeaders(source, files, path, find_key, processes, share or Share(), progress)
    table = reading.table()
    return _inventory(source, table, files=files, key=find_key())


def _list_volumes(source: VolumeSource, *, key: HashKey) -> Inventory:
    studies = []
    for patient_id, task in source.studies():
        study = key.study(source.name, task.study_uid, patient_id=patient_id)
        studies.append(Listed(study, key.patient(source.name, patient_id), len(task.files), task.content, _Ready(task)))
    rejected = source.rejected()
    n_files = sum(one.n_files for one in studies) + len(rejected)
    return Inventory(tuple(sorted(studies, key=lambda one: one.study)), rejected, n_files, source.notes())


def _inventory(source: DicomSource, table: pa.Table, *, files: Sequence[DicomFile], key: HashKey) -> Inventory:
    labels = _labels(source, table, key=key)
    labelled = ~np.isnan(labels.slices).all(axis=1)
    lister = _Lister(source, table, files, labels, key)
    nothing: list[NothingChosen] = []
    chosen: list[Chosen] = []
    for one in choose(
        table, files, labelled=labelled, forced=source.series, keeps_every_slice=source.keeps_every_slice
    ):
        if isinstance(one, NothingChosen):
            nothing.append(one)
        else:
            chosen.append(one)
    if not chosen:
        raise no_head_ct(source, table, files=files, studies=nothing)
    studies = sorted((lister.listed(one) for one in chosen), key=lambda one: one.study)
    n_anonymous = sum(not one.patient for one in chosen)
    notes = (*labels.notes, *those_found([(n_anonymous, NO_PATIENT)]))
    return Inventory(
        tuple(studies), _rejected(table, chosen, nothing), len(files), notes, table, files, labels.unmatched
    )


def without_studies(error: NothingToRead) -> Inventory:
    """The inventory of a data set of which nothing can be read."""
    table, files = error.table, error.files
    return Inventory((), _rejected(table, (), error.studies), len(files), (), table, files)


def _labels(source: DicomSource, table: pa.Table, *, key: HashKey) -> MatchedLabels:
    known = source.labels()
    if known is None:
        nothing = np.full((len(table), len(LABELS)), np.nan, dtype=np.float32)
        return MatchedLabels(nothing, nothing, (), pd.DataFrame({"side": [], "row_or_file": []}))
    return match_labels(known, table, key=key, source=source.name)


def _rejected(table: pa.Table, chosen: Sequence[Chosen], nothing: Sequence[NothingChosen]) -> tuple[RejectedFile, ...]:
    """Files that belong to no chosen study, once each."""
    sentences = {row: one.sentence for one in nothing for row in one.rows.tolist()}
    places = table[PLACE].to_numpy()
    taken = np.zeros(int(places.max(initial=-1)) + 1, dtype=bool)
    for one in chosen:
        taken[one.places] = True
    left = np.flatnonzero(~taken[places])
    rows = table.select(["file", "code", "sentence"]).take(pa.array(left)).to_pylist()
    found: dict[str, RejectedFile] = {}
    for row, facts in zip(left.tolist(), rows, strict=True):
        code, sentence = facts["code"], facts["sentence"]
        if not code:
            code, sentence = NO_HEAD_CT, f"its study: {sentences[row]}"
        found.setdefault(facts["file"], RejectedFile(facts["file"], code, sentence))
    return tuple(found.values())


class _Lister:
    """Makes the listed study of a choice."""

    def __init__(
        self, source: DicomSource, table: pa.Table, files: Sequence[DicomFile], labels: MatchedLabels, key: HashKey
    ) -> None:
        self.source, self.table, self.files, self.labels, self.key = source, table, files, labels, key
        self.states = hash_rows(table)

    def listed(self, chosen: Chosen) -> Listed:
        """Its keys, and the hash of what it is made from."""
        name, rows = self.source.name, chosen.all_rows
        patient = chosen.patient or self.key.patient(name, f"study {chosen.study_uid}")
        content = digest(
            self.states[rows].tobytes(),
            self.labels.slices[chosen.rows].tobytes(),
            self.study_labels(chosen).tobytes(),
            np.isin(rows, chosen.rows).tobytes(),
            repr((chosen.whole, [aside[:3] for aside in chosen.left_aside])).encode(),
        )
        study = self.key.study(name, chosen.uid, patient_id=patient)
        return Listed(study, patient, len(chosen.places), content, _Load(self, chosen), chosen)

    def study_labels(self, chosen: Chosen) -> np.ndarray:
        """Labels of the study as a whole, float32 (6,): what any slice that is read is told, it is told."""
        return np.fmax.reduce(self.labels.studies[chosen.rows], axis=0)


@dataclass(frozen=True)
class _Ready:
    """Gives a task that is there already."""

    task: StudyTask

    def __call__(self) -> StudyTask:
        return self.task


@dataclass(frozen=True)
class _Load:
    """Makes the task of a study from its rows of the header table."""

    lister: _Lister
    chosen: Chosen

    def __call__(self) -> DicomStudy:
        lister, chosen = self.lister, self.chosen
        return DicomStudy(
            study_uid=chosen.uid,
            root=lister.source.root,
            headers=tuple(headers_of(lister.table.take(pa.array(chosen.rows)), lister.files)),
            labels=lister.labels.slices[chosen.rows],
            study_labels=lister.study_labels(chosen),
            keeps_every_slice=chosen.whole,
            reason=chosen.reason,
            not_chosen=chosen.left_aside,
        )
