"""Volumes, looked into before they are read."""

import gzip
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ich.sources.nifti_folder import NiftiFolder
from ich.sources.source import VolumeFacts
from ich.store.inspecting.inspection import inspect_source
from ich.store.inspecting.volumes import look_into, size_of
from ich.store.listing.inventory import Inventory, Listed
from ich.store.settings import StoreSettings

nibabel = pytest.importorskip("nibabel", reason="pip install ich[nifti]")

OPTIONS = {"size": 32, "slab_mm": 5.0, "processes": 0}


def write_volume(path: Path, *, n_slices: int = 6, step_mm: float = 5.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    volume = np.random.default_rng(0).integers(-1000, 100, (40, 48, n_slices)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-1.0, -1, step_mm, 1])), path)
    return path


@pytest.fixture
def root(tmp_path):
    """A thick volume, a thin one, one without its last voxels, and one that is none."""
    root = tmp_path / "volumes"
    write_volume(root / "thick.nii.gz")
    write_volume(root / "thin.nii", n_slices=20, step_mm=1.0)
    cut = write_volume(root / "cut.nii")
    cut.write_bytes(cut.read_bytes()[:-1])
    (root / "text.nii.gz").write_bytes(gzip.compress(b"not a volume"))
    return root


def test_a_volume_has_a_row_of_its_size_and_a_broken_one_its_reason(root, tmp_path):
    found = inspect_source(NiftiFolder(root), tmp_path / "store", **OPTIONS)

    rows = {(row.n_slices, row.matrix, row.step_mm, row.outcome) for row in found.rows}
    assert rows == {
        (6, "48 x 40", 5.0, "chosen"),
        (20, "48 x 40", 1.0, "chosen"),
        (0, "", None, "unreadable"),
    }
    assert sorted(row.reason for row in found.rows if row.outcome != "chosen") == [
        "not a readable NIfTI volume (it ends before its last voxel)",
        "not a readable NIfTI volume (other first bytes)",
    ]


def test_broken_volumes_are_counted_as_rejected_and_the_others_as_what_is_written(root, tmp_path):
    found = inspect_source(NiftiFolder(root), tmp_path / "store", **OPTIONS)

    assert found.files == {"found": 4, "to_read": 2, "not_chosen": 0, "rejected": 2}
    assert (found.n_studies, found.n_slices, found.rejected) == (2, 6 + 4, {"unreadable": 2})
    assert found.estimate is not None
    assert found.error == ""


def test_where_every_volume_is_broken_nothing_can_be_prepared(tmp_path):
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "one.nii").write_bytes(b"damaged")

    found = inspect_source(NiftiFolder(tmp_path / "volumes"), tmp_path / "store", **OPTIONS)

    assert "expected readable slices, found none (1 unreadable)" in found.error
    assert (found.n_studies, found.estimate) == (0, None)


def test_thin_slices_are_written_as_slabs_unless_they_are_left():
    facts = VolumeFacts(n_slices=20, rows=48, columns=40, step_mm=1.0)

    assert (size_of(facts, slab_mm=5.0).n_slices, size_of(facts, slab_mm=None).n_slices) == (4, 20)
    assert size_of(facts, slab_mm=5.0).native_bytes == 2 * 20 * 48 * 40


@dataclass(frozen=True)
class Killer:
    """A volume whose header kills whoever reads it."""

    study_uid: str = "killer"
    files: tuple[str, ...] = ("killer.nii",)
    content: str = ""
    n_bytes: int = 0

    def read(self, *, slab_mm):
        raise AssertionError

    def look(self):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_header_that_costs_its_worker_is_a_broken_volume():
    inventory = Inventory((Listed("study", "patient", 1, "", Killer),), (), 1, ())

    found = look_into(inventory, settings=StoreSettings("folder", 32, 5.0, "key"), processes=1)

    assert [(one.file, one.code) for one in found["study"].rejected] == [("killer.nii", "decoder_crashed")]
