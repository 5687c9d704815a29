"""NIfTI volumes as scans."""

import gzip
import importlib.util
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.files import find_files
from ich.errors import DataError
from ich.sources.nifti.header import UnreadableVolume
from ich.sources.nifti.volume import read_nifti, require_nibabel

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


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float64], ids=lambda kind: kind.__name__)
def test_any_number_format_gives_the_same_hu(tmp_path, kind):
    volume = np.arange(4 * 5 * 3).reshape(4, 5, 3).astype(kind)

    scan, _ = read_nifti(write(tmp_path / "one.nii", volume, (LEFT, BACK, HEAD)), study_uid="a")

    np.testing.assert_array_equal(scan.hu, volume.transpose(2, 1, 0).astype(np.int16))


def test_stored_values_are_scaled_as_the_header_says(tmp_path):
    path = write(tmp_path / "one.nii", EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD))
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([2, -1024], dtype="<f4").tobytes()  # scl_slope, scl_inter (nifti1.h)
    path.write_bytes(content)

    scan, _ = read_nifti(path, study_uid="a")

    np.testing.assert_array_equal(scan.hu, 2 * EXPECTED - 1024)


def test_a_volume_is_read_out_of_a_zip(tmp_path):
    path = write(tmp_path / "one.nii.gz", EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(path, "ct/one.nii.gz")
        archive.writestr("ct/two.nii", gzip.decompress(path.read_bytes()))

    scans = [read_nifti(file, study_uid="a")[0] for file in find_files(tmp_path / "set.zip")]

    for scan in scans:
        np.testing.assert_array_equal(scan.hu, EXPECTED)


def test_thin_slices_become_slabs_that_know_their_sources(tmp_path):
    volume = np.broadcast_to(np.arange(10, dtype=np.int16), (6, 6, 10))
    path = write(tmp_path / "one.nii", np.ascontiguousarray(volume), (LEFT, BACK, (0, 0, -1.0)))

    scan, order = read_nifti(path, study_uid="a", slab_mm=5.0)

    assert scan.hu[:, 0, 0].tolist() == [7, 2]
    assert scan.source_uids[0] == ("a-010", "a-009", "a-008", "a-007", "a-006")
    assert scan.positions_mm.tolist() == [2, 7]
    assert (scan.thickness_mm, order.tolist()) == (5.0, [7, 2])
    assert scan.warnings == ("10 thin slices are averaged into 2 slabs",)


def test_slabs_of_a_sheared_volume_stay_sharp(tmp_path):
    # Each slice begins one pixel further left than the one below, so a straight bar moves one pixel right.
    volume = np.full((16, 4, 5), -1000, dtype=np.int16)
    for index in range(5):
        volume[5 + index, :, index] = 1000
    path = write(tmp_path / "one.nii", volume, ((-1.0, 0, 0), (0, -1.0, 0), (1.0, 0, 1.0)))

    scan, _ = read_nifti(path, study_uid="a", slab_mm=5.0)

    assert scan.hu.shape == (1, 4, 16)
    assert np.flatnonzero(scan.hu[0, 0] == 1000).tolist() == [7]


def test_the_step_of_a_sheared_volume_is_measured_along_its_normal(tmp_path):
    path = write(tmp_path / "one.nii", np.zeros((4, 4, 3), dtype=np.int16), (LEFT, BACK, (0, 2.0, 5.0)))

    scan, _ = read_nifti(path, study_uid="a")

    assert scan.positions_mm.tolist() == [0, 5, 10]


def test_a_time_series_is_no_volume(tmp_path):
    path = write(tmp_path / "one.nii", np.zeros((4, 4, 3, 2), dtype=np.int16), (LEFT, BACK, HEAD))

    with pytest.raises(UnreadableVolume, match="expected one volume"):
        read_nifti(path, study_uid="a")


def test_a_volume_larger_than_any_head_is_refused_before_it_is_read(tmp_path):
    path = write(tmp_path / "one.nii", np.zeros((4, 4, 3), dtype=np.int16), (LEFT, BACK, HEAD))
    content = bytearray(path.read_bytes())
    content[42:48] = np.array([4096, 4096, 1900], dtype="<i2").tobytes()  # dim[1] to dim[3] (nifti1.h)
    path.write_bytes(content)

    with pytest.raises(UnreadableVolume, match="expected one volume of slices") as found:
        read_nifti(path, study_uid="a")

    assert found.value.code == "not_a_volume"


def test_a_colour_volume_is_no_volume_of_hu(tmp_path):
    colours = np.zeros((4, 4, 3), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])

    with pytest.raises(UnreadableVolume, match="expected numbers"):
        read_nifti(write(tmp_path / "one.nii", colours, (LEFT, BACK, HEAD)), study_uid="a")


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=12), st.integers(0, 700))
def test_a_damaged_volume_is_a_scan_or_has_a_reason(tmp_path_factory, changes, length):
    folder = tmp_path_factory.getbasetemp()
    path = write(folder / "damaged.nii", EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD))
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % 352] = value
    path.write_bytes(content[: max(length, 352)])

    found = outcome(path)

    assert found in ("a scan", "unreadable", "not_a_volume", "no_geometry")


def outcome(path):
    try:
        scan, order = read_nifti(path, study_uid="a", slab_mm=5.0)
    except UnreadableVolume as error:
        return error.code
    whole = len(scan.hu) == len(order) == len(scan.sop_uids) and np.isfinite(scan.positions_mm).all()
    return "a scan" if whole else "a broken scan"


def test_a_missing_nibabel_is_one_line_that_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DataError, match=r"data=ctich: expected nibabel .* pip install ich\[nifti\]"):
        require_nibabel("data=ctich")


def with_offset(path, offset, *, extension=0):
    """The volume with another stated start of its voxels, and an extension of so many bytes behind its header."""
    content = bytearray(path.read_bytes())
    content[108:112] = np.array([offset], dtype="<f4").tobytes()  # vox_offset (nifti1.h)
    if extension:
        content[348] = 1
        content[352:352] = np.array([extension, 0], dtype="<i4").tobytes() + bytes(extension - 8)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("offset", "extension"), [(2**30, 0), (2**24, 2**24), (np.nan, 0), (0, 2**24), (-1e9, 2**24)])
def test_voxels_far_behind_the_header_are_refused_before_memory_is_spent(tmp_path, monkeypatch, offset, extension):
    path = with_offset(
        write(tmp_path / "one.nii", EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD)), offset, extension=extension
    )
    monkeypatch.setattr(nibabel.Nifti1Image, "from_stream", None)

    with pytest.raises(UnreadableVolume, match="its voxels begin at an odd place"):
        read_nifti(path, study_uid="a")


def test_a_volume_with_an_extension_is_read(tmp_path):
    volume = write(tmp_path / "one.nii", EXPECTED.transpose(2, 1, 0), (LEFT, BACK, HEAD))

    scan, _ = read_nifti(with_offset(volume, 352 + 64, extension=64), study_uid="a")

    np.testing.assert_array_equal(scan.hu, EXPECTED)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image], ids=["1", "2"])
@pytest.mark.parametrize("order", "<>")
def test_both_versions_are_read_in_both_byte_orders(tmp_path, kind, order):
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack((LEFT, BACK, HEAD))
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.int16)
    nibabel.save(kind(np.ascontiguousarray(EXPECTED.transpose(2, 1, 0)), affine, header), tmp_path / "one.nii")

    np.testing.assert_array_equal(read_nifti(tmp_path / "one.nii", study_uid="a")[0].hu, EXPECTED)
