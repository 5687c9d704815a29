"""What a batch of headers and a study lose when one of their files costs a worker: that file."""

import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import BinaryIO

import cv2
import numpy as np
import pytest

from ich.dicom.files import DicomFile
from ich.dicom.header import read_headers
from ich.labels import LABELS
from ich.sources.png.study import Picture, PngSlice, PngStudy
from ich.sources.source import RejectedFile
from ich.store.listing.headers import file_table, read_header_table
from ich.store.settings import StoreSettings
from ich.store.writing import guards
from ich.store.writing.dicom_study import DicomStudy
from ich.store.writing.guards import LostStudy, StudyGuard
from ich.store.writing.parallel import in_parallel
from ich.store.writing.write import StudyJob, write_study


@dataclass(frozen=True, order=True)
class Killing(DicomFile):
    """A file that kills whoever opens it."""

    def open(self) -> BinaryIO:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@dataclass(frozen=True, order=True)
class Stalling(DicomFile):
    """A file that keeps whoever opens it."""

    def open(self) -> BinaryIO:
        time.sleep(60)
        raise AssertionError


@dataclass(frozen=True, order=True)
class Filling(DicomFile):
    """A file that asks for more memory than a study may take."""

    def open(self) -> BinaryIO:
        bytearray(1 << 36)
        raise AssertionError


PLANTED = pytest.mark.parametrize(
    ("planted", "code"),
    [(Killing, "decoder_crashed"), (Stalling, "decoder_timeout"), (Filling, "out_of_memory")],
    ids=["killed", "stalled", "out of memory"],
)


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(guards, "SECONDS", 1.0)
    monkeypatch.setattr(guards, "SECONDS_A_HEADER", 0.0)
    monkeypatch.setattr(guards, "SECONDS_A_SLICE", 0.0)


@pytest.fixture
def files(tmp_path, write_study):
    write_study(tmp_path / "dicom", 1)
    return [DicomFile(path) for path in sorted((tmp_path / "dicom").iterdir())]


@pytest.fixture
def job(tmp_path, files):
    """A study of five slices, to be written into tmp_path."""
    headers = tuple(read_headers(file)[0] for file in files)
    labels = np.zeros((len(headers), len(LABELS)), dtype=np.float32)
    task = DicomStudy(
        "9.1", tmp_path, headers, labels, study_labels=labels[0], keeps_every_slice=True, reason="", not_chosen=()
    )
    return StudyJob(task, "study", "patient", "", StoreSettings("folder", 32, None, "key"), tmp_path)


def planted_in(job: StudyJob, planted: type[DicomFile], index: int) -> StudyJob:
    headers = list(job.task.headers)
    headers[index] = replace(headers[index], file=planted(headers[index].file.path))
    return replace(job, task=replace(job.task, headers=tuple(headers)))


@PLANTED
def test_a_header_that_costs_its_worker_is_rejected_and_all_others_are_read(files, tmp_path, planted, code):
    listed = file_table(files, tmp_path)
    files[2] = planted(files[2].path)

    table = read_header_table(files, listed=listed, processes=1)

    assert table["code"].to_pylist() == ["", "", code, "", ""]
    assert table["file"].to_pylist()[2] == "dicom/ID_00102.dcm"


@PLANTED
def test_a_slice_that_costs_its_worker_is_rejected_and_the_others_are_written(job, tmp_path, planted, code):
    jobs = [planted_in(job, planted, 1)]

    (written,) = in_parallel(write_study, jobs, processes=1, guard=StudyGuard())

    assert written.n_slices == 4
    assert code in (tmp_path / "study.json").read_text()


def test_a_study_of_nothing_but_killers_has_each_of_them_rejected(job):
    for index in range(5):
        job = planted_in(job, Killing, index)

    (written,) = in_parallel(write_study, [job], processes=1, guard=StudyGuard())

    assert written.n_slices == 0
    assert Counter(file.code for file in written.failed) == {"decoder_crashed": 5}


def test_all_frames_of_a_file_are_tried_together_and_lost_together(job):
    frames = tuple(replace(header, file=job.task.headers[0].file, frame=i) for i, header in enumerate(job.task.headers))
    job = replace(job, task=replace(job.task, headers=frames))

    parts = StudyGuard().parts(job)
    left = StudyGuard().without(job, {0: "decoder_timeout"})

    assert [len(headers) for headers, _ in parts] == [5]
    assert left.task.headers == ()
    assert [one.code for one in left.task.lost] == ["decoder_timeout"]


@dataclass(frozen=True)
class KillingPicture(Picture):
    """A picture that kills whoever decodes it."""

    def read(self) -> np.ndarray:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@dataclass(frozen=True, eq=False)
class WithAKiller(PngStudy):
    """A series whose pictures called `killer` kill."""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(KillingPicture(one.root, one.path) if "killer" in one.path else one for one in super().pictures)


@pytest.fixture
def picture_job(job, tmp_path, slice_hu):
    def made(*names: str) -> StudyJob:
        for seed, name in enumerate(names):
            cv2.imwrite(str(tmp_path / name), (slice_hu(seed) + 1024).clip(0).astype(np.uint16))
        nothing = np.full(len(LABELS), np.nan, dtype=np.float32)
        slices = tuple(PngSlice(name, name, 1.0, -1024.0, nothing) for name in names)
        return replace(job, task=WithAKiller(tmp_path, "9.1", "series", slices))

    return made


def test_a_picture_that_costs_its_worker_is_rejected_and_the_others_are_written(picture_job, tmp_path):
    jobs = [picture_job("a.png", "killer.png", "b.png")]

    (written,) = in_parallel(write_study, jobs, processes=1, guard=StudyGuard())

    facts = json.loads((tmp_path / "study.json").read_text())
    assert (written.n_slices, facts["sop_uids"]) == (2, ["a.png", "b.png"])
    assert [(one["file"], one["code"]) for one in facts["rejected"]] == [("killer.png", "decoder_crashed")]


def test_a_series_of_nothing_but_killing_pictures_has_each_of_them_rejected(picture_job):
    (written,) = in_parallel(
        write_study, [picture_job("killer 1.png", "killer 2.png")], processes=1, guard=StudyGuard()
    )

    assert [(one.file, one.code) for one in written.failed] == [
        ("killer 1.png", "decoder_crashed"),
        ("killer 2.png", "decoder_crashed"),
    ]


def test_a_study_in_files_of_its_own_is_lost_as_a_whole(job):
    volume = replace(job, task=LostStudy("one.nii", (RejectedFile("one.nii", "unreadable", ""),)))

    left = StudyGuard().without(replace(volume, task=Volume("one.nii", ("one.nii",))), {0: "out_of_memory"})

    assert [(one.file, one.code) for one in left.task.rejected] == [("one.nii", "out_of_memory")]


@dataclass(frozen=True)
class Volume:
    """What a guard sees of a study in files of its own."""

    study_uid: str
    files: tuple[str, ...]
    n_bytes: int = 0


def test_memory_grows_with_slices_and_with_their_matrix(job):
    large = replace(job, task=replace(job.task, headers=tuple(replace(h, rows=512) for h in job.task.headers)))
    long = replace(job, task=replace(job.task, headers=job.task.headers * 2))

    room = StudyGuard().budget(job).memory

    assert StudyGuard().budget(large).memory > room
    assert StudyGuard().budget(long).memory > room


def test_what_a_volume_may_take_follows_the_size_of_its_files(job):
    volumes = [Volume("one.nii", ("one.nii",), n_bytes) for n_bytes in (1 << 20, 1 << 22, 1 << 40)]

    rooms = [StudyGuard().budget(replace(job, task=volume)).memory - guards.ROOM for volume in volumes]

    assert rooms == [1 << 26, 1 << 28, guards.VOLUME_ROOM - guards.ROOM]
