"""Looks into the headers of volumes, so that a broken one is known before it is read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ich.dicom.geometry.slabs import is_thin, slab_groups
from ich.sources.source import HeaderTask, RejectedFile, UnreadableStudy, VolumeFacts
from ich.store.inspecting.estimate import Size
from ich.store.listing.inventory import Inventory
from ich.store.settings import StoreSettings
from ich.store.writing.guards import LostStudy, StudyGuard
from ich.store.writing.parallel import in_parallel
from ich.store.writing.write import StudyJob


@dataclass(frozen=True)
class Looked:
    """What a look at one study's header found.

    Attributes:
        study: its key.
        facts: of the volume; None where it is broken, or where the source's studies have no such header.
        rejected: its files, where it is broken.
    """

    study: str
    facts: VolumeFacts | None = None
    rejected: tuple[RejectedFile, ...] = ()


def look_into(inventory: Inventory, *, settings: StoreSettings, processes: int) -> dict[str, Looked]:
    """Look at each study's header, by key; nothing is found of DICOM, whose headers are read already.

    Args:
        inventory: of the data set.
        settings: of the store.
        processes: that look; a file that costs its worker is rejected.
    """
    if inventory.headers is not None:
        return {}
    jobs = [StudyJob(one.load(), one.study, one.patient, "", settings, Path()) for one in inventory.studies]
    looked = in_parallel(_look, jobs, processes=min(processes, len(jobs)), guard=StudyGuard())
    return {one.study: one for one in looked}


def _look(job: StudyJob) -> Looked:
    if isinstance(job.task, LostStudy):
        return Looked(job.study, rejected=job.task.rejected)
    if not isinstance(job.task, HeaderTask):
        return Looked(job.study)
    try:
        return Looked(job.study, job.task.look())
    except UnreadableStudy as error:
        return Looked(job.study, rejected=error.rejected)


def size_of(facts: VolumeFacts, *, slab_mm: float | None) -> Size:
    """What is read and written of a volume.

    Args:
        facts: from its header.
        slab_mm: height to which thin slices are averaged, None to leave them.
    """
    n_slices = facts.n_slices
    if slab_mm is not None and is_thin(facts.step_mm):
        n_slices = len(slab_groups(np.arange(n_slices) * facts.step_mm, slab_mm))
    return Size(facts.n_slices, n_slices, 2 * facts.n_slices * facts.rows * facts.columns)
