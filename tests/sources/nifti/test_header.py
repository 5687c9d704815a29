"""Headers of NIfTI volumes, without their voxels."""

import zipfile

import numpy as np
import pytest

from ich.dicom.files import find_files
from ich.sources.nifti.header import UnreadableVolume, read_nifti_header
from ich.sources.nifti.volume import read_nifti

nibabel = pytest.importorskip("nibabel", reason="pip install ich[nifti]")

SHEARED = np.array([[0, 0, 5, 0], [0, -0.5, 1, 0], [-0.4, 0, 0, 0], [0, 0, 0, 1.0]])  # slices first, tilted


def write(path, *, affine=SHEARED, values=None):
    volume = np.zeros((7, 5, 4), dtype=np.int16) if values is None else values
    nibabel.save(nibabel.Nifti1Image(volume, affine), path)
    return path


@pytest.mark.parametrize("affine", [SHEARED, np.diag([1.0, 2, -3, 1])], ids=["sheared", "upright"])
def test_the_header_says_what_the_scan_will_be(tmp_path, affine):
    path = write(tmp_path / "one.nii.gz", affine=affine)

    header, (scan, _) = read_nifti_header(path), read_nifti(path, study_uid="a")

    assert header.shape == scan.hu.shape
    assert header.step_mm == pytest.approx(np.diff(scan.positions_mm)[0])


def test_no_voxel_is_read_of_a_packed_file(tmp_path):
    path = write(tmp_path / "one.nii.gz", values=np.random.default_rng(0).integers(0, 99, (64, 64, 64), dtype=np.int16))
    path.write_bytes(path.read_bytes()[:50_000])

    assert read_nifti_header(path).shape == (64, 64, 64)
    with pytest.raises(UnreadableVolume):
        read_nifti(path, study_uid="a")


@pytest.mark.parametrize("packed", [False, True], ids=["on disk", "in a zip"])
def test_a_plain_file_that_ends_early_is_known_by_its_header(tmp_path, packed):
    path = write(tmp_path / "one.nii")
    path.write_bytes(path.read_bytes()[:-1])
    if packed:
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            archive.write(path, "one.nii")
    [file] = find_files(tmp_path / "set.zip" if packed else path)

    with pytest.raises(UnreadableVolume, match="ends before its last voxel"):
        read_nifti_header(file)


def test_what_is_no_volume_is_refused_as_when_it_is_read(tmp_path):
    colours = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    series = np.zeros((4, 4, 4, 2), dtype=np.int16)

    for values in (colours, series):
        with pytest.raises(UnreadableVolume) as found:
            read_nifti_header(write(tmp_path / "one.nii", values=values))
        assert found.value.code == "not_a_volume"
