"""Estimates what a preparation will take, by reading and packing a few slices of it."""

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ich.dicom.resize import resize_hu
from ich.sources.source import StudyTask, UnreadableStudy
from ich.store.listing.inventory import Listed
from ich.store.settings import StoreSettings
from ich.store.writing.dicom_study import DicomStudy
from ich.store.writing.guards import StudyGuard
from ich.store.writing.parallel import in_parallel
from ich.store.writing.write import StudyJob, pack

SAMPLES = 4  # studies, evenly spread over the keys, which are random
SLICES_A_SAMPLE = 4
COPIES = 2.5  # of a study's HU that are in memory at once: native, at the store's size, packed


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes:
        disk_bytes: of the store.
        memory_bytes: of all processes at their worst.
        seconds: with these processes, headers apart; they are read already.
    """

    disk_bytes: float
    memory_bytes: float
    seconds: float


@dataclass(frozen=True)
class Size:
    """What is to be read of a study, and what comes of it.

    Attributes:
        n_sources: slices that are read.
        n_slices: slices or slabs that are written.
        native_bytes: of its HU at the native matrix.
    """

    n_sources: int
    n_slices: int
    native_bytes: int


@dataclass(frozen=True)
class _Sample:
    n_sources: int
    n_slices: int
    native_bytes: int
    seconds: float
    packed_bytes: int
    idle_bytes: int
    process_bytes: int


def estimate(
    studies: Sequence[Listed], sizes: Sequence[Size] | None, *, settings: StoreSettings, processes: int
) -> Estimate | None:
    """Read and pack a few slices, and count on from there.

    Args:
        studies: that will be read.
        sizes: of each; None where headers don't tell, so that whole studies are read as samples.
        settings: of the store.
        processes: that the run will have; a bad file costs only itself, as in the run.

    Returns:
        None where none of the samples can be read.
    """
    chosen = sorted({int(place) for place in np.linspace(0, len(studies) - 1, SAMPLES)})
    jobs = [
        StudyJob(_few_slices(studies[place]), studies[place].study, studies[place].patient, "", settings, Path())
        for place in chosen
    ]
    read = in_parallel(_sample, jobs, processes=min(processes, len(jobs)), guard=StudyGuard())
    samples = [one for one in read if one is not None]
    if not samples:
        return None
    n_sampled = sum(one.n_sources for one in samples)
    if sizes is None:
        mean = n_sampled / len(samples)
        n_sources = n_slices = mean * len(studies)
        largest = max(one.native_bytes for one in samples)
    else:
        n_sources, n_slices = sum(one.n_sources for one in sizes), sum(one.n_slices for one in sizes)
        largest = max(one.native_bytes for one in sizes)
    workers = max(1, processes)
    process = max(one.process_bytes for one in samples) + COPIES * largest
    server = min(one.idle_bytes for one in samples)  # what workers are forked from holds what they begin with
    return Estimate(
        disk_bytes=sum(one.packed_bytes for one in samples) / sum(one.n_slices for one in samples) * n_slices,
        memory_bytes=workers * process + (peak_bytes() + server if processes else 0),
        seconds=sum(one.seconds for one in samples) / n_sampled * n_sources / workers,
    )


def _few_slices(listed: Listed) -> StudyTask:
    """A study's task with some of its middle slices only; a volume can't be read in part."""
    task = listed.load()
    if not isinstance(task, DicomStudy):
        return task
    middle = len(task.headers) // 2
    few = slice(max(0, middle - SLICES_A_SAMPLE // 2), middle + SLICES_A_SAMPLE // 2)
    return replace(task, headers=task.headers[few], labels=task.labels[few])


def _sample(job: StudyJob) -> _Sample | None:
    started, idle_bytes = time.monotonic(), peak_bytes()
    try:
        read = job.task.read(slab_mm=None)
    except UnreadableStudy:
        return None
    hu = np.ascontiguousarray(resize_hu(read.scan.hu, job.settings.size))
    packed = pack(hu).schunk.cbytes
    seconds = time.monotonic() - started
    return _Sample(len(hu), len(hu), read.scan.hu.nbytes, seconds, packed, idle_bytes, peak_bytes())


def peak_bytes() -> int:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # bytes there, KiB elsewhere: getrusage(2)
