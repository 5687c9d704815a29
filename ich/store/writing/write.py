"""Writes one study into a store: the array, then its facts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import blosc2
import numpy as np

from ich.dicom.resize import resize_hu
from ich.dicom.scan import Scan
from ich.labels import LABELS
from ich.metrics.study import study_labels
from ich.sources.source import RejectedFile, StudyRead, StudyTask, UnreadableStudy
from ich.store.files import in_one_step, write_json
from ich.store.settings import FORMAT, StoreSettings, digest

# A slice is telling, so that two patients who share it are one, if it shows brain and has many distinct values.
BRAIN_HU = (10, 60)  # HU of brain, with room for noise
LEAST_BRAIN = 0.02  # share of the matrix
FEWEST_VALUES = 100  # distinct HU; discs and blank slices have a handful, noise hundreds

ARRAY_BYTES = "array_bytes"  # in a study's facts: size of its array's file


@dataclass(frozen=True)
class StudyJob:
    """A study to be written: everything another process needs."""

    task: StudyTask = field(repr=False)
    study: str
    patient: str
    fingerprint: str
    settings: StoreSettings
    folder: Path


@dataclass(frozen=True)
class StudyWritten:
    """What became of a study: its file count, and its rejected files where nothing could be used."""

    study: str
    n_slices: int
    failed: tuple[RejectedFile, ...] = ()


def write_study(job: StudyJob) -> StudyWritten:
    """Read a study and write `<key>.b2nd`, then `<key>.json`; either both stand there, or the study is missing."""
    array_path, facts_path = job.folder / f"{job.study}.b2nd", job.folder / f"{job.study}.json"
    facts_path.unlink(missing_ok=True)
    try:
        read = job.task.read(slab_mm=job.settings.slab_mm)
    except UnreadableStudy as error:
        array_path.unlink(missing_ok=True)
        return StudyWritten(job.study, 0, error.rejected)
    hu = np.ascontiguousarray(resize_hu(read.scan.hu, job.settings.size))
    _write_array(array_path, hu)
    write_json(facts_path, _facts(job, read, hu=hu) | {ARRAY_BYTES: array_path.stat().st_size})
    return StudyWritten(job.study, len(hu))


def is_array_whole(folder: Path, facts: Mapping[str, Any]) -> bool:
    """Whether the array of a study is there, as large as when it was written.

    Args:
        folder: `studies` of the store.
        facts: of the study; those of an older version don't tell the size.
    """
    array = folder / f"{facts['study']}.b2nd"
    return array.is_file() and facts.get(ARRAY_BYTES) in (None, array.stat().st_size)


def _write_array(path: Path, hu: np.ndarray) -> None:
    with in_one_step(path) as part:
        pack(hu, urlpath=str(part), mode="w")


def pack(hu: np.ndarray, **where: str) -> Any:
    """Pack slices as they stand in a store: a chunk a slice.

    Codec and filter were measured on head CT (zstd 5 with bitshuffle: 2.5 times smaller).

    Args:
        hu: int16 HU (S, size, size).
        where: `urlpath` and `mode` of `blosc2.asarray`; none packs in memory.

    Returns:
        The blosc2 array.
    """
    size = hu.shape[-1]
    packing = {
        "codec": blosc2.Codec.ZSTD,
        "clevel": 5,
        "filters": [blosc2.Filter.BITSHUFFLE],
        "nthreads": 1,
    }
    return blosc2.asarray(hu, chunks=(1, size, size), blocks=(1, size, size), cparams=packing, **where)


def _facts(job: StudyJob, read: StudyRead, *, hu: np.ndarray) -> dict[str, Any]:
    scan, labels = read.scan, read.labels
    pixels = [digest(one.tobytes()) for one in hu]
    return {
        "format": FORMAT,
        "study": job.study,
        "patient": job.patient,
        "source": job.settings.source,
        "study_uid": job.task.study_uid,
        "series_uid": scan.series.series_uid,
        "series_reason": scan.series.reason,
        "n_slices": len(hu),
        "size": job.settings.size,
        "positions_mm": [round(float(position), 3) for position in scan.positions_mm],
        "sop_uids": list(scan.sop_uids),
        "source_uids": [list(uids) for uids in scan.source_uids],
        "labels": [_plain(row) for row in labels],
        "study_labels": _plain(_study_labels(read)),
        "facts": _scan_facts(scan),
        "warnings": list(scan.warnings),
        "files": {
            "used": read.n_used,
            "not_chosen": sum(n_files for _, n_files, _, _ in read.not_chosen),
            "rejected": len(read.rejected),
        },
        "not_chosen": [list(one) for one in _merged(read.not_chosen)],
        "rejected": [asdict(one) for one in read.rejected],
        "pixels": [code if is_telling(one) else None for code, one in zip(pixels, hu, strict=True)],
        "settings": job.settings.hash,
        "fingerprint": job.fingerprint,
        "hash": digest(labels.tobytes(), "\n".join((job.patient, *scan.sop_uids, *pixels)).encode()),
    }


def _study_labels(read: StudyRead) -> np.ndarray:
    """What the slices say of the study, float (6,); where they don't know, what is said of it as a whole."""
    by_slices = study_labels(read.labels, np.zeros(len(read.labels)))[1][0]
    return by_slices if read.study_labels is None else np.where(np.isnan(by_slices), read.study_labels, by_slices)


def is_telling(hu: np.ndarray) -> bool:
    """Whether a slice shows enough that nobody else can have the same one.

    Args:
        hu: int16 HU (R, C).
    """
    brain = np.count_nonzero((hu >= BRAIN_HU[0]) & (hu <= BRAIN_HU[1]))
    if brain < LEAST_BRAIN * hu.size:
        return False
    return bool(np.count_nonzero(np.bincount(hu.ravel().view(np.uint16))) >= FEWEST_VALUES)


def _scan_facts(scan: Scan) -> dict[str, Any]:
    return {
        **scan.facts,
        "spacing_rows_mm": float(scan.spacing_mm[0]),
        "spacing_columns_mm": float(scan.spacing_mm[1]),
        "thickness_mm": None if scan.thickness_mm is None else float(scan.thickness_mm),
    }


def _plain(labels: np.ndarray) -> list[float | None]:
    assert labels.shape == (len(LABELS),)
    return [None if np.isnan(value) else float(value) for value in labels]


def _merged(not_chosen: tuple[tuple[str, int, str, str], ...]) -> list[tuple[str, int, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for uid, n_files, code, sentence in not_chosen:
        counts[uid, code, sentence] += n_files
    return [(uid, n_files, code, sentence) for (uid, code, sentence), n_files in counts.items()]
