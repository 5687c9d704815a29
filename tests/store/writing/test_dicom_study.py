"""One study from its headers: which of its files are in the scan."""

import numpy as np
import pytest

from ich.dicom.files import DicomFile, find_files
from ich.dicom.header import read_headers
from ich.sources.source import UnreadableStudy
from ich.store.writing.dicom_study import DicomStudy

SUBDURAL = 4


@pytest.fixture
def make(tmp_path):
    """The study of all files in the folder; its first slice has a subdural bleed."""

    def made(**changes):
        found = tuple(header for file in find_files(tmp_path) for header in read_headers(file))
        labels = np.full((len(found), 6), np.nan, dtype=np.float32)
        labels[0, SUBDURAL] = 1
        whole = np.full(6, np.nan, dtype=np.float32)
        facts = {"keeps_every_slice": False, "reason": "it is here", "not_chosen": ()} | changes
        return DicomStudy("9.1", tmp_path, found, labels, whole, **facts)

    return made


def test_files_used_repeated_and_unreadable_add_up(make, tmp_path, write_study, write_slice, slice_hu):
    write_study(tmp_path, 1, n_slices=6)
    write_slice(tmp_path / "twin.dcm", slice_hu(1), sop="9.1.7", study="9.1", patient="patient 1", z=0.0)
    bad = {"sop": "9.1.8", "study": "9.1", "patient": "patient 1", "z": 30.0}
    write_slice(tmp_path / "bad.dcm", slice_hu(1), damaged=True, **bad)

    read = make().read(slab_mm=None)

    assert read.n_used == 6
    assert [one[1:3] for one in read.not_chosen] == [(1, "repeated_position")]
    assert [one.file for one in read.rejected] == ["bad.dcm"]


def test_labels_follow_their_slices_and_slabs_have_none(make, tmp_path, write_slice, slice_hu):
    for index in range(10):
        write_slice(
            tmp_path / f"{9 - index}.dcm", slice_hu(index), sop=f"9.1.{index}", study="9.1", patient="p", z=index
        )

    thin, slabs = make().read(slab_mm=None), make().read(slab_mm=5.0)

    assert thin.labels[:, SUBDURAL].tolist()[-1] == 1  # the file that comes first lies highest
    assert np.isnan(slabs.labels).all()


def test_files_that_cost_a_worker_are_rejected_and_the_rest_is_read(make, tmp_path, write_study):
    write_study(tmp_path, 1, n_slices=6)
    study = make()

    read = study.without({study.headers[2].file: "decoder_crashed"}).read(slab_mm=None)

    assert (read.n_used, [one.code for one in read.rejected]) == (5, ["decoder_crashed"])


def test_a_study_none_of_whose_files_can_be_read_says_why_of_each(make, tmp_path, write_study):
    write_study(tmp_path, 1, n_slices=2, damaged=True)

    with pytest.raises(UnreadableStudy) as found:
        make().read(slab_mm=None)

    assert [one.file for one in found.value.rejected] == ["ID_00100.dcm", "ID_00101.dcm"]


def test_a_file_whose_name_is_no_text_is_rejected_by_a_name_that_is(make, tmp_path, write_study, write_slice, slice_hu):
    write_study(tmp_path, 1, n_slices=6)
    bad = {"sop": "9.1.8", "study": "9.1", "patient": "patient 1", "z": 30.0}
    write_slice(tmp_path / "M\udcfcller.dcm", slice_hu(1), damaged=True, **bad)
    study = make()

    (unread,) = study.read(slab_mm=None).rejected
    (lost,) = study.without({DicomFile(tmp_path / "M\udcfcller.dcm"): "decoder_crashed"}).lost

    assert (unread.file, lost.file) == (r"M\xfcller.dcm", r"M\xfcller.dcm")
