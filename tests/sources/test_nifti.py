"""NIfTI volumes as scans."""

import gzip
import importlib.util

import numpy as np
import pytest

from ich.errors import DataError
from ich.sources.nifti import UnreadableVolume, read_nifti, require_nibabel

nibabel = pytest.importorskip("nibabel", reason="pip install ich[nifti]")

# Rows to the back, columns to the patient's left, slices to the head: value = 100 * slice + 10 * row + column.
EXPECTED = (100 * np.arange(3)[:, None, None] + 10 * np.arange(4)[:, None] + np.arange(5)).astype(np.int16)  # (S, R, C)
LEFT, BACK, HEAD = (-2.0, 0, 0), (0, -1.0, 0), (0, 0, 5.0)  # world axes of NIfTI run right, front, head; mm


def write(path, volume, axes):
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack(axes)
    nibabel.save(nibabel.Nifti1Image(volume, affine), path)
    return path


def flipped(axis):
    return tuple(-value for value in axis)


@pytest.mark.parametrize(
    ("volume", "axes", "order"),
    [
        (EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD), [0, 1, 2]),
        (EXPECTED.transpose(2, 1, 0)[::-1, ::-1], (flipped(LEFT), flipped(BACK), HEAD), [0, 1, 2]),
        (EXPECTED.transpose(2, 1, 0)[:, :, ::-1], (LEFT, BACK, flipped(HEAD)), [2, 1, 0]),
        (EXPECTED.transpose(0, 1, 2), (HEAD, BACK, LEFT), [0, 1, 2]),
    ],
    ids=["as DICOM", "right-front-head", "head to feet", "slices first"],
)
def test_any_storage_order_comes_out_nose_up_left_on_the_right_and_feet_first(tmp_path, volume, axes, order):
    path = write(tmp_path / "one.nii.gz", np.ascontiguousarray(volume), axes)

    scan, found = read_nifti(path, study_uid="049")

    np.testing.assert_array_equal(scan.hu, EXPECTED)
    assert found.tolist() == order
    assert scan.spacing_mm == (1.0, 2.0)
    assert scan.positions_mm.tolist() == [0, 5, 10]
    assert scan.sop_uids == tuple(f"049-{index + 1:03d}" for index in order)


def test_values_are_rounded_and_clipped_to_the_hu_of_a_scan(tmp_path):
    volume = np.full((2, 2, 2), 30.6, dtype=np.float32)
    volume[0, 0, 0], volume[1, 0, 0], volume[0, 1, 0] = np.nan, -3024, 9000

    scan, _ = read_nifti(write(tmp_path / "one.nii", volume, (LEFT, BACK, HEAD)), study_uid="a")

    assert scan.hu[0].tolist() == [[-1024, -1024], [3071, 31]]


def test_a_truncated_volume_is_unreadable(tmp_path):
    rng = np.random.default_rng(0)
    path = write(tmp_path / "one.nii.gz", rng.integers(0, 80, (32, 32, 8)).astype(np.int16), (LEFT, BACK, HEAD))
    path.write_bytes(path.read_bytes()[:3000])

    with pytest.raises(UnreadableVolume, match="not a readable NIfTI volume"):
        read_nifti(path, study_uid="a")


@pytest.mark.parametrize(
    "content", [b"", b"no volume at all", gzip.compress(b"no volume either")], ids=["empty", "text", "gzip"]
)
def test_a_foreign_file_is_unreadable(tmp_path, content):
    path = tmp_path / "one.nii.gz"
    path.write_bytes(content)

    with pytest.raises(UnreadableVolume):
        read_nifti(path, study_uid="a")


def test_a_time_series_is_no_volume(tmp_path):
    path = write(tmp_path / "one.nii", np.zeros((4, 4, 3, 2), dtype=np.int16), (LEFT, BACK, HEAD))

    with pytest.raises(UnreadableVolume, match="expected one volume"):
        read_nifti(path, study_uid="a")


def test_a_missing_nibabel_is_one_line_that_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DataError, match=r"data=ctich: expected nibabel .* pip install ich\[nifti\]"):
        require_nibabel("data=ctich")
