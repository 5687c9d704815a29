"""Lists a source's studies: from the headers of its DICOM files, or as it names them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ich.dicom.files import DicomFile
from ich.errors import DataError
from ich.labels import LABELS
from ich.progress import Progress, quiet
from ich.sources.source import DicomSource, RejectedFile, Source, StudyTask, VolumeSource
from ich.store.choices import group_column, with_choices, with_patient_keys
from ich.store.dicom_study import DicomStudy
from ich.store.files import write_table
from ich.store.headers import file_table, headers_of, known_rows, load_headers, read_header_table, rows_by
from ich.store.keys import HashKey
from ich.store.settings import StoreSettings, digest

NO_PATIENT = "studies have no PatientID: each counts as a patient of its own"


@dataclass(frozen=True)
class Listed:
    """A study that can be read.

    Attributes:
        study, patient: their keys.
        n_files: of the study, whatever becomes of them.
        content: hash of its files' names and sizes and of its labels.
        load: makes the task, only when its turn comes, so that a large set's headers aren't all objects at once.
    """

    study: str
    patient: str
    n_files: int
    content: str
    load: Callable[[], StudyTask] = field(repr=False)

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
        headers: the table to keep as headers.parquet; None for volumes.
    """

    studies: tuple[Listed, ...]
    rejected: tuple[RejectedFile, ...]
    n_files: int
    notes: tuple[str, ...]
    headers: pa.Table | None = field(default=None, repr=False)

    def save(self, path: Path) -> None:
        """Keep the headers beside the studies."""
        if self.headers is not None:
            write_table(path / "headers.parquet", self.headers)


def list_studies(
    source: Source, *, path: Path, find_key: Callable[[], HashKey], processes: int, progress: Progress = quiet
) -> Inventory:
    """List what a source holds; nothing is written, but for a key that has to be made.

    Args:
        source: a data set whose `check` has passed.
        path: the store, for the headers of an earlier run.
        find_key: gives the key for patients; asked only once it is clear that there is something to prepare.
        processes: that read headers.
        progress: shown by batches of files.

    Raises:
        DataError: no file of a head CT.
    """
    if isinstance(source, VolumeSource):
        return _list_volumes(source, key=find_key())
    if not isinstance(source, DicomSource):
        raise TypeError(f"{type(source).__name__} has neither files() nor studies()")
    return _list_dicom(source, path=path, find_key=find_key, processes=processes, progress=progress)


def _list_volumes(source: VolumeSource, *, key: HashKey) -> Inventory:
    studies = []
    for patient_id, task in source.studies():
        study = key.study(source.name, task.study_uid, patient_id=patient_id)
        studies.append(Listed(study, key.patient(source.name, patient_id), len(task.files), task.content, _Ready(task)))
    n_files = sum(one.n_files for one in studies)
    return Inventory(tuple(sorted(studies, key=lambda one: one.study)), (), n_files, source.notes())


def _list_dicom(
    source: DicomSource, *, path: Path, find_key: Callable[[], HashKey], processes: int, progress: Progress
) -> Inventory:
    files = source.files()
    known, fresh, table = _read_fresh(source, files, path=path, processes=processes, progress=progress)
    fresh_files = [files[row] for row in np.flatnonzero(fresh)]
    table = with_choices(table, fresh_files, keeps_every_slice=source.keeps_every_slice)
    if known is None or not len(known):
        _check_something(table, source)
    key = find_key()
    table = with_patient_keys(table, source=source.name, key=key)
    if known is not None:
        table = pa.concat_tables([table, known.select(table.column_names)])
    place = np.concatenate([np.flatnonzero(fresh), np.flatnonzero(~fresh)])
    table = table.take(pa.array(np.argsort(place))).combine_chunks()
    _check_something(table, source)
    return _inventory(source, table, files=files, key=key)


def _read_fresh(
    source: DicomSource, files: Sequence[DicomFile], *, path: Path, processes: int, progress: Progress
) -> tuple[pa.Table | None, np.ndarray, pa.Table]:
    """Known rows that still hold (in the files' order), which files aren't among them, and the headers of those.

    A study that gets new files is read anew as a whole: what its series was chosen by isn't kept.
    """
    listed = file_table(files, source.root)
    known = load_headers(path / "headers.parquet")
    rows = np.full(len(files), -1) if known is None else known_rows(known, listed)
    fresh = rows < 0
    table = _read(files, fresh, listed=listed, processes=processes, progress=progress)
    if known is None:
        return None, fresh, table
    uids = pc.is_in(known["study_uid"], value_set=table["study_uid"].combine_chunks().drop_null())
    touched = ~fresh & uids.to_numpy()[rows]
    if touched.any():
        fresh |= touched
        table = _read(files, fresh, listed=listed, processes=processes, progress=progress)
    return known.take(pa.array(rows[~fresh])), fresh, table


def _read(
    files: Sequence[DicomFile], which: np.ndarray, *, listed: pa.Table, processes: int, progress: Progress
) -> pa.Table:
    rows = np.flatnonzero(which)
    return read_header_table(
        [files[int(row)] for row in rows], listed=listed.take(pa.array(rows)), processes=processes, progress=progress
    )


def _check_something(table: pa.Table, source: Source) -> None:
    if pc.any(pc.equal(table["code"], "")).as_py():
        return
    counts = Counter(table["code"].to_pylist()).most_common()
    found = ", ".join(f"{n_files} {code}" for code, n_files in counts)
    raise DataError(
        f"data.root={source.root}: expected head CT, found none in {len(table)} files ({found}); name another folder"
    )


def _inventory(source: DicomSource, table: pa.Table, *, files: Sequence[DicomFile], key: HashKey) -> Inventory:
    labels, notes = _aligned_labels(source, table)
    code = table["code"].to_numpy()
    bad = table.select(["file", "code", "sentence"]).filter(pa.array(code != "")).to_pylist()
    names = ("study_uid", "patient", "series_uid") if source.keeps_every_slice else ("study_uid", "patient")
    sizes = pc.cast(table["bytes"], pa.string()).combine_chunks()
    states = pc.binary_join_element_wise(table["file"].combine_chunks(), sizes, "\0").to_numpy(zero_copy_only=False)
    ids = table.select(["study_uid", "series_uid", "patient"])
    studies, n_anonymous = [], 0
    several = _studies_of_several_series(table) if source.keeps_every_slice else frozenset()
    for rows in rows_by(group_column(table, names), np.flatnonzero(code == "")):
        first = ids.slice(int(rows[0]), 1).to_pylist()[0]
        uid = f"{first['study_uid']}/{first['series_uid']}" if first["study_uid"] in several else first["study_uid"]
        n_anonymous += not first["patient"]
        patient = first["patient"] or key.patient(source.name, f"study {first['study_uid']}")
        load = _Rows(uid, source, table, files, rows, labels)
        content = digest("\n".join(states[rows]).encode("utf-8", "surrogateescape"), labels[rows].tobytes())
        studies.append(Listed(key.study(source.name, uid, patient_id=patient), patient, len(rows), content, load))
    if n_anonymous:
        notes = (*notes, f"{n_anonymous} {NO_PATIENT}")
    rejected = tuple(RejectedFile(**one) for one in bad)
    return Inventory(tuple(sorted(studies, key=lambda one: one.study)), rejected, len(table), notes, table)


def _studies_of_several_series(table: pa.Table) -> frozenset[str]:
    pairs = table.select(["study_uid", "series_uid"]).group_by(["study_uid", "series_uid"]).aggregate([])
    counts = pairs.group_by("study_uid").aggregate([([], "count_all")])
    return frozenset(counts.filter(pc.greater(counts["count_all"], 1))["study_uid"].to_pylist())


def _aligned_labels(source: DicomSource, table: pa.Table) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels of each file, float32 (files, 6), nan where unknown; and what to say about them."""
    known = source.labels()
    labels = np.full((len(table), len(LABELS)), np.nan, dtype=np.float32)
    if known is None:
        return labels, ()
    rows = known.frame.index.get_indexer(table["sop_uid"].to_pandas())
    found = rows >= 0
    labels[found] = known.frame.to_numpy()[rows[found]]
    n_missing = int((~found & (table["code"].to_numpy() == "")).sum())
    n_unused = len(known.frame) - len(np.unique(rows[found]))
    notes = [f"{n_missing} slices have no row in the label table; their labels stay unknown"] if n_missing else []
    notes += [f"{n_unused:,} images of the label table are not among the files"] if n_unused else []
    return labels, (*known.notes, *notes)


@dataclass(frozen=True)
class _Ready:
    """Gives a task that is there already."""

    task: StudyTask

    def __call__(self) -> StudyTask:
        return self.task


@dataclass(frozen=True)
class _Rows:
    """Makes the task of a study from its rows of the header table."""

    study_uid: str
    source: DicomSource
    table: pa.Table
    files: Sequence[DicomFile]
    rows: np.ndarray
    labels: np.ndarray

    def __call__(self) -> DicomStudy:
        left_out = self.table["left_out"].take(pa.array(self.rows)).to_numpy()
        chosen = self.rows[left_out == ""]
        part = self.table.take(pa.array(chosen))
        others = self.table.take(pa.array(self.rows[left_out != ""]))
        counts = Counter((one["series_uid"], one["left_out"], one["left_out_sentence"]) for one in others.to_pylist())
        return DicomStudy(
            study_uid=self.study_uid,
            root=self.source.root,
            headers=tuple(headers_of(part, [self.files[row] for row in chosen])),
            labels=self.labels[chosen],
            keeps_every_slice=self.source.keeps_every_slice,
            reason=part["reason"][0].as_py(),
            not_chosen=tuple((uid, n_files, code, sentence) for (uid, code, sentence), n_files in counts.items()),
        )
