"""Makes a folder of studies: DICOM files under shuffled names, a table of labels, and the settings they came from."""

import hashlib
import json
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree

import cv2
import numpy as np

from ich.errors import ConfigError, DataError
from ich.fork_server import fork_server, uninterrupted
from ich.labels import LABELS, SUBTYPES
from ich.phantom.dicom_writer import encode_study, name_study
from ich.phantom.options import Difficulty, Prevalence, Scanner
from ich.phantom.storage import draw_storage
from ich.phantom.study import make_study, study_generator
from ich.progress import Progress, quiet

FORMAT = 1  # of phantom.json
CHUNK = 4  # studies a process takes at once

Row = tuple[str | int, ...]


@dataclass(frozen=True)
class _Task:
    """Studies one process makes, and all it needs for that."""

    folder: Path
    numbers: range
    seed: int
    difficulty: Difficulty
    scanner: Scanner
    prevalence: Prevalence
    masks: bool


def make_studies(
    folder: Path,
    n_studies: int,
    *,
    seed: int,
    difficulty: Difficulty,
    scanner: Scanner,
    prevalence: Prevalence,
    masks: bool = False,
    processes: int = 1,
    progress: Progress = quiet,
) -> None:
    """Make studies and write them as DICOM.

    The folder appears when all is done: `dicom/*.dcm` (names in no order), `labels.csv` (a row a slice: sop_uid,
    study_uid, patient_id and the six labels), `masks/<study uid>.npz` if asked for, `phantom.json` (settings, seed).

    Args:
        folder: where to; must not exist or be empty.
        n_studies: one study a patient.
        seed: the same seed gives the same files, whatever the number of processes.
        difficulty: how hard heads are.
        scanner: how they are scanned.
        prevalence: share of studies with each kind of bleed.
        masks: write uint8 masks (share of blood times 255) of each kind.
        processes: processes to share the work.
        progress: shows the studies done.

    Raises:
        ConfigError: no studies, or no process, asked for.
        DataError: the folder holds something already.
    """
    if n_studies < 1 or processes < 1:
        raise ConfigError(f"n_studies={n_studies}, processes={processes}: expected at least 1 of each; set both")
    if folder.exists() and any(folder.iterdir()):
        raise DataError(
            f"{folder.name}: expected an empty or absent folder for made heads, found files; remove it or name another"
        )
    part = folder.with_name(f".{folder.name}.part")
    rmtree(part, ignore_errors=True)
    (part / "dicom").mkdir(parents=True)
    if masks:
        (part / "masks").mkdir()
    tasks = [
        _Task(part, range(first, min(first + CHUNK, n_studies)), seed, difficulty, scanner, prevalence, masks)
        for first in range(0, n_studies, CHUNK)
    ]
    rows = [
        row for rows in progress(_made(tasks, processes), total=n_studies, description="making heads") for row in rows
    ]
    _write_tables(part, rows, tasks[0], n_studies)
    if folder.exists():
        folder.rmdir()
    part.rename(folder)


def _made(tasks: Sequence[_Task], processes: int) -> Iterator[list[Row]]:
    """The rows of each study, as studies get done."""
    if processes == 1:
        for task in tasks:
            for number in task.numbers:
                yield _make_one(task, number)
        return
    # Ctrl-C is kept from the workers: they end after the heads they have in hand.
    context = fork_server(kept_from=[signal.SIGINT], preloaded=[__name__])
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        with uninterrupted():
            chunks = [pool.submit(_make_chunk, task) for task in tasks]
        for done in as_completed(chunks):
            yield from done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _make_chunk(task: _Task) -> list[list[Row]]:
    return [_make_one(task, number) for number in task.numbers]


def _make_one(task: _Task, number: int) -> list[Row]:
    """Make and write one study; returns its rows of the label table."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # slices are small, and each process has one core
    rng = study_generator(task.seed, number)
    study = make_study(
        rng, difficulty=task.difficulty, scanner=task.scanner, prevalence=task.prevalence, masks=task.masks
    )
    cv2.setNumThreads(threads)
    names = name_study(task.seed, number, n_slices=study.grid.n_slices)
    files = encode_study(study.hu, study.grid, names=names, storage=draw_storage(rng))
    for sop_uid, content in zip(names.sop_uids, files, strict=True):
        (task.folder / "dicom" / _file_name(sop_uid)).write_bytes(content)
    if study.masks is not None:
        shares = {kind: np.rint(mask * 255).astype(np.uint8) for kind, mask in zip(SUBTYPES, study.masks, strict=True)}
        np.savez_compressed(task.folder / "masks" / f"{names.study_uid}.npz", **shares)
    return [
        (sop_uid, names.study_uid, names.patient_id, *map(int, labels))
        for sop_uid, labels in zip(names.sop_uids, study.labels, strict=True)
    ]


def _file_name(sop_uid: str) -> str:
    """A name that tells neither study nor order."""
    return hashlib.sha256(sop_uid.encode()).hexdigest()[:16] + ".dcm"


def _write_tables(folder: Path, rows: list[Row], task: _Task, n_studies: int) -> None:
    lines = [",".join(("sop_uid", "study_uid", "patient_id", *LABELS))]
    lines += [",".join(map(str, row)) for row in sorted(rows)]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    settings = {
        "format": FORMAT,
        "n_studies": n_studies,
        "seed": task.seed,
        "difficulty": asdict(task.difficulty),
        "scanner": asdict(task.scanner),
        "prevalence": asdict(task.prevalence),
        "masks": task.masks,
    }
    (folder / "phantom.json").write_text(json.dumps(settings, indent=2) + "\n")
