"""Made slices as any DICOM reader sees them."""

import warnings
from io import BytesIO

import numpy as np
import pydicom
import pytest

from ich.phantom.dicom_writer import encode_study, name_study, uid_of
from ich.phantom.grid import draw_grid
from ich.phantom.options import Scanner
from ich.phantom.storage import STORAGES, Storage

GRID = draw_grid(Scanner(size=16, n_slices=(5, 5), tilted_share=1.0), np.random.default_rng(1))
NAMES = name_study(9, 4, n_slices=5)
HU = np.random.default_rng(2).integers(-1000, 2000, (5, 16, 16)).astype(np.int16)


def read_back(storage: Storage) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(BytesIO(content)) for content in encode_study(HU, GRID, names=NAMES, storage=storage)]


@pytest.mark.parametrize("storage", [storage for storage, _ in STORAGES], ids=str)
def test_pydicom_reads_every_storage_without_a_warning(storage):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slices = read_back(storage)

    if not storage.wraps:
        hu = np.stack([one.pixel_array.astype(int) + int(one.RescaleIntercept) for one in slices])
        np.testing.assert_array_equal(hu, HU)


def test_each_slice_carries_its_own_uid_position_and_number():
    slices = read_back(STORAGES[0][0])

    assert [one.SOPInstanceUID for one in slices] == list(NAMES.sop_uids)
    assert [one.file_meta.MediaStorageSOPInstanceUID for one in slices] == list(NAMES.sop_uids)
    assert [int(one.InstanceNumber) for one in slices] == [5, 4, 3, 2, 1]
    positions = [[float(value) for value in one.ImagePositionPatient] for one in slices]
    np.testing.assert_allclose(positions, [GRID.position(s) for s in range(5)], atol=1e-4)


def test_simpleitk_sees_the_same_pixels_and_place(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    path = tmp_path / "slice.dcm"
    path.write_bytes(encode_study(HU, GRID, names=NAMES, storage=STORAGES[0][0])[2])

    image = sitk.ReadImage(str(path))

    np.testing.assert_array_equal(sitk.GetArrayFromImage(image)[0], HU[2])
    np.testing.assert_allclose(image.GetOrigin(), GRID.position(2), atol=1e-4)
    np.testing.assert_allclose(np.reshape(image.GetDirection(), (3, 3))[:, 1], GRID.orientation()[3:], atol=1e-6)


def test_a_made_patient_says_that_it_is_made_and_has_no_name():
    one = read_back(STORAGES[0][0])[0]

    assert one.PatientID == "PHANTOM-9-4"
    assert one.PatientName == ""
    assert one.PatientBirthDate == ""


def test_uids_are_valid_and_of_one_length():
    uids = [pydicom.uid.UID(uid_of(str(n))) for n in range(200)]

    assert all(uid.is_valid for uid in uids)
    assert {len(uid) for uid in uids} == {44}
