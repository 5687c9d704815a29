import pickle

import numpy as np
import pytest

from ich.dicom.contents import StudyFiles
from ich.dicom.files import DicomFile
from ich.dicom.geometry.order import order_slices
from ich.dicom.header import Rejected
from ich.dicom.not_used import NoScan, NotUsed, not_used_slices, not_used_study
from ich.dicom.planes import Planes, StoredRange, Unread


@pytest.fixture
def planes(header):
    """Makes what reading gave: `used` slices are in the scan, each of `unread` failed."""

    def make(headers, *, used, unread):
        stored = tuple(StoredRange(headers[index], 0, 0, 0, False, False) for index in used)
        failed = tuple(Unread(index, "truncated", f"slice {index}") for index in unread)
        return Planes(np.zeros((len(used), 4, 4)), tuple((index,) for index in used), stored, failed, len(unread), 0)

    return make


def test_a_file_of_many_frames_that_fail_is_listed_once_with_its_first_reason(header, planes):
    headers = [header(float(z), file=header().file) for z in range(3)]

    (one,) = not_used_slices(order_slices(headers), planes(headers, used=[], unread=[1, 2]))

    assert (one.n_files, one.sentence) == (1, "slice 1")


def test_a_file_with_one_frame_in_the_scan_is_used(header, planes):
    headers = [header(float(z), file=header().file) for z in range(3)]

    assert not_used_slices(order_slices(headers), planes(headers, used=[0], unread=[1, 2])) == ()


def test_the_series_of_another_study_are_listed_with_their_pages(header):
    page = Rejected(DicomFile(header().file.path.with_name("page")), "colour", "", "9", "1.2")
    study = StudyFiles("1.2", (header(0.0), header(5.0)), (page,))

    assert [(one.subject, one.n_files) for one in not_used_study(study)] == [("1.2.3", 2), ("9", 1)]


def test_the_error_keeps_its_account_in_another_process():
    error = pickle.loads(pickle.dumps(NoScan("found nothing", not_used=(NotUsed("a", 3, "thin", ""),))))

    assert (str(error), error.not_used[0].n_files) == ("found nothing", 3)
