"""CT-ICH: volumes and the slice table."""

import numpy as np
import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.ctich import TABLE, CtIch, read_slice_table
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


@pytest.fixture
def root(tmp_path):
    write_table(tmp_path, ["49,1,0,0,0,1,0,0,0", "49,2,0,1,0,0,0,0,1", "49,3,0,0,0,0,0,1,0", "50,1,0,0,0,0,0,1,0"])
    write_volume(tmp_path, "049.nii.gz")
    return tmp_path


def test_columns_of_the_table_come_in_our_order_and_any_is_the_opposite_of_none(root):
    labels = read_slice_table(root / TABLE)["049"]

    assert labels[0].tolist() == [1, 0, 0, 0, 0, 1]  # epidural
    assert labels[1].tolist() == [0, 1, 0, 0, 0, 1]  # intraparenchymal
    assert labels[2].tolist() == [0, 0, 0, 0, 0, 0]


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


def test_slices_beyond_the_table_are_unknown_and_said(root):
    write_volume(root, "049.nii.gz", n_slices=5)
    [(_, task)] = CtIch(root).studies()

    read = task.read(slab_mm=None)

    assert np.isnan(read.labels[3:]).all()
    assert read.scan.warnings == ("5 slices in the volume, 3 in the table",)


def test_patients_of_the_table_without_a_volume_are_counted(root):
    assert CtIch(root).notes() == (f"{TABLE}: 1 patients of the table have no volume",)


def test_a_damaged_volume_is_an_unreadable_study(root):
    (root / "ct_scans" / "050.nii").write_bytes(b"damaged")
    task = dict(CtIch(root).studies())["050"]

    with pytest.raises(UnreadableStudy) as found:
        task.read(slab_mm=None)

    assert [(one.file, one.code) for one in found.value.rejected] == [("ct_scans/050.nii", "unreadable")]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["49,1,0,0,0,2,0,0,0"], "expected labels 0 or 1"),
        (["49,0,0,0,0,0,0,1,0"], "expected slice numbers from 1, found 0"),
        (["49,1,0,0,0,0,0,1,0", "49,1,0,0,0,1,0,0,0"], "expected one row a slice"),
    ],
    ids=["value", "slice number", "twice"],
)
def test_a_table_of_other_content_is_an_error(root, rows, sentence):
    with pytest.raises(DataError, match=sentence):
        read_slice_table(write_table(root, rows))


def test_a_root_without_volumes_or_table_says_what_is_missing(root):
    (root / "ct_scans" / "049.nii.gz").unlink()
    with pytest.raises(DataError, match="expected volumes ct_scans"):
        CtIch(root).check()

    (root / TABLE).unlink()
    with pytest.raises(DataError, match=f"expected the slice table {TABLE}"):
        CtIch(root).check()


@pytest.mark.realdata
def test_positives_of_the_real_table_are_those_the_readme_lists(realdata):
    labels = np.concatenate(list(read_slice_table(realdata / "ctich" / TABLE).values()))

    totals = dict(zip(LABELS, np.nansum(labels, axis=0).astype(int).tolist(), strict=True))

    # realdata README, ctich/: 73 patients, 2,244 slices
    assert totals == {
        "any": 292,
        "epidural": 173,
        "subdural": 56,
        "intraparenchymal": 51,
        "intraventricular": 24,
        "subarachnoid": 12,
    }
    assert len(labels) == 2244
