"""CT-ICH: volumes and the slice table."""

import os

import numpy as np
import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.ctich import CtIch
from ich.sources.ctich_table import TABLE
from ich.sources.source import UnreadableStudy

nibabel = pytest.importorskip("nibabel", reason="pip install ich[nifti]")

HEADER = (
    "PatientNumber,SliceNumber,Intraventricular,Intraparenchymal,Subarachnoid,Epidural,Subdural,"
    "No_Hemorrhage,Fracture_Yes_No"
)
FEET_FIRST, HEAD_FIRST = np.diag([-1.0, -1, 5, 1]), np.diag([-1.0, -1, -5, 1])


def write_table(root, rows):
    (root / TABLE).write_text("\ufeff" + "\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return root / TABLE


def write_volume(root, name, *, n_slices=3, affine=FEET_FIRST):
    (root / "ct_scans").mkdir(exist_ok=True)
    volume = np.broadcast_to(np.arange(n_slices, dtype=np.int16), (8, 8, n_slices))
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(volume), affine), root / "ct_scans" / name)


def write_mask(root, name, pixels, *, affine=FEET_FIRST):
    """A mask with so many pixels of blood in each slice."""
    (root / "masks").mkdir(exist_ok=True)
    mask = np.zeros((8, 8, len(pixels)), dtype=np.uint8)
    for place, n_pixels in enumerate(pixels):
        mask.reshape(64, -1)[:n_pixels, place] = 255
    nibabel.save(nibabel.Nifti1Image(mask, affine), root / "masks" / name)


@pytest.fixture
def root(tmp_path):
    write_table(tmp_path, ["49,1,0,0,0,1,0,0,0", "49,2,0,1,0,0,0,0,1", "49,3,0,0,0,0,0,1,0", "50,1,0,0,0,0,0,1,0"])
    write_volume(tmp_path, "049.nii.gz")
    return tmp_path


@pytest.mark.parametrize(
    ("affine", "first"), [(FEET_FIRST, [1, 0, 0, 0, 0, 1]), (HEAD_FIRST, [0] * 6)], ids=["feet", "head"]
)
def test_labels_follow_their_slices_however_the_volume_runs(root, affine, first):
    write_volume(root, "049.nii.gz", affine=affine)
    [(_, task)] = CtIch(root).studies()

    read = task.read(slab_mm=None)

    assert read.labels.shape == (3, len(LABELS))
    assert read.labels[0].tolist() == first
    assert read.scan.hu[:, 0, 0].tolist() == ([0, 1, 2] if affine is FEET_FIRST else [2, 1, 0])


def test_a_volume_of_another_length_than_the_table_has_labels_of_the_study_only(root):
    write_volume(root, "049.nii.gz", n_slices=5)
    [(_, task)] = CtIch(root).studies()

    read = task.read(slab_mm=None)

    assert np.isnan(read.labels).all()
    assert read.study_labels.tolist() == [1, 1, 0, 0, 0, 1]  # epidural on one slice, intraparenchymal on another
    assert read.scan.warnings == ("5 slices in the volume, 3 in the table: labels are known of the study only",)


def test_what_has_no_counterpart_is_counted(root):
    write_volume(root, "051.nii")
    write_mask(root, "052.nii", [0, 0, 0])

    assert CtIch(root).notes()[1:] == (
        f"{TABLE}: 1 patient of the table has no volume",
        f"{TABLE}: 1 volume has no row in the table; its labels stay unknown",
        f"{TABLE}: 1 mask has no volume; left alone",
    )


def test_a_volume_without_rows_has_no_labels_and_no_false_ones(root):
    write_volume(root, "051.nii")
    read = dict(CtIch(root).studies())["051"].read(slab_mm=None)

    assert np.isnan(read.labels).all()
    assert read.study_labels is None


@pytest.mark.parametrize("affine", [FEET_FIRST, HEAD_FIRST], ids=["feet", "head"])
def test_pixels_of_a_mask_follow_their_slices_and_disagreement_is_said(root, affine):
    write_volume(root, "049.nii.gz", affine=affine)
    write_mask(root, "049.nii", [5, 0, 2], affine=affine)
    [(_, task)] = CtIch(root).studies()

    read = task.read(slab_mm=None)

    assert read.scan.facts["mask_pixels"] == ([5, 0, 2] if affine is FEET_FIRST else [2, 0, 5])
    assert read.scan.warnings == (
        "1 slice has blood in the mask and none in the table",
        "1 slice has blood in the table and none in the mask",
    )
    assert (task.files, read.n_used) == (("ct_scans/049.nii.gz", "masks/049.nii"), 2)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"damaged"), None], ids=["damaged", "shape"])
def test_a_mask_that_does_not_fit_is_rejected_and_the_volume_stays(root, damage):
    write_mask(root, "049.nii", [5, 0, 2, 1])
    if damage:
        damage(root / "masks" / "049.nii")
    [(_, task)] = CtIch(root).studies()

    read = task.read(slab_mm=None)

    assert [one.file for one in read.rejected] == ["masks/049.nii"]
    assert (read.n_used, len(read.scan.hu)) == (1, 3)
    assert "mask_pixels" not in read.scan.facts


def test_the_jpeg_of_the_first_release_are_refused(root):
    (root / "ct_scans").rename(root / "Patients_CT")

    with pytest.raises(DataError, match=r"found the windowed JPEG of v1\.0\.0, which hold no HU; get v1\.3\.1"):
        CtIch(root).check()


def test_a_damaged_volume_is_an_unreadable_study(root):
    (root / "ct_scans" / "050.nii").write_bytes(b"damaged")
    task = dict(CtIch(root).studies())["050"]

    with pytest.raises(UnreadableStudy) as found:
        task.read(slab_mm=None)

    assert [(one.file, one.code) for one in found.value.rejected] == [("ct_scans/050.nii", "unreadable")]


def test_a_root_without_volumes_or_table_says_what_is_missing(root):
    (root / "ct_scans" / "049.nii.gz").unlink()
    with pytest.raises(DataError, match="expected volumes ct_scans"):
        CtIch(root).check()

    (root / TABLE).unlink()
    with pytest.raises(DataError, match=f"expected the slice table {TABLE}"):
        CtIch(root).check()


def test_a_volume_or_a_mask_that_was_replaced_by_one_of_the_same_size_is_another_content(root):
    write_mask(root, "049.nii", [1, 0, 0])
    [(_, task)] = CtIch(root).studies()
    before = task.content

    for file in ("ct_scans/049.nii.gz", "masks/049.nii"):
        os.utime(root / file, ns=(0, 1))
        assert task.content != before
        before = task.content


@pytest.mark.parametrize("folder", ["ct_scans", "masks"])
def test_a_link_that_leads_out_of_the_root_is_an_error(root, tmp_path_factory, folder):
    outside = tmp_path_factory.mktemp("outside") / "050.nii"
    outside.write_bytes(b"secret")
    (root / folder).mkdir(exist_ok=True)
    (root / folder / "050.nii").symlink_to(outside)

    with pytest.raises(DataError, match=f"found a link in {folder} that leads out; copy the file"):
        CtIch(root).studies()


def test_a_link_inside_the_root_is_read(root):
    (root / "ct_scans" / "050.nii.gz").symlink_to(root / "ct_scans" / "049.nii.gz")

    assert [name for name, _ in CtIch(root).studies()] == ["049", "050"]
