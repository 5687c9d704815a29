"""A study read into a volume: which slices, which values, what is said of the rest."""

import zipfile

import numpy as np
import pytest

from ich.dicom.files import find_files
from ich.dicom.header import read_headers
from ich.dicom.not_used import NoScan
from ich.dicom.scan import preprocess_scan, read_scan, scan_of_study
from ich.errors import DataError, NoHeadCT


@pytest.fixture
def study(write_slice, tmp_path):
    """Six slices 5 mm apart, of 0, 10 ... 50 HU from feet to head, under shuffled names."""
    for z, name in zip(range(0, 30, 5), "dafcbe", strict=True):
        write_slice(f"study/{name}", z=float(z), hu=np.full((4, 4), 2 * z), SliceThickness="5")
    return tmp_path / "study"


def headers_of(folder):
    return [read_headers(file)[0] for file in find_files(folder)]


def test_a_folder_becomes_a_volume_from_feet_to_head(study):
    scan = preprocess_scan(study)

    assert scan.hu.dtype == np.int16
    assert scan.hu.shape == (6, 4, 4)
    assert scan.hu[:, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]
    np.testing.assert_array_equal(scan.positions_mm, np.arange(0, 30, 5, dtype=np.float32))
    assert (scan.spacing_mm, scan.thickness_mm, scan.warnings, scan.not_used) == ((0.5, 0.5), 5.0, (), ())
    assert (scan.study_uid, scan.series.series_uid) == ("1.2", "1.2.3")


def test_a_zip_and_a_list_of_files_give_the_same_as_the_folder(study, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as writer:
        for path in study.iterdir():
            writer.write(path, f"x/{path.name}")

    scans = [preprocess_scan(source) for source in (str(study), tmp_path / "study.zip", list(study.iterdir()))]

    assert all(np.array_equal(scan.hu, scans[0].hu) for scan in scans)
    assert all(scan.sop_uids == scans[0].sop_uids for scan in scans)


def test_one_file_becomes_a_scan_of_one_slice(study):
    assert preprocess_scan(study / "a").hu.shape == (1, 4, 4)


def test_foreign_and_broken_files_are_named_and_the_rest_goes_on(study, write_slice):
    (study / "notes.txt").write_bytes(b"text")
    broken = write_slice("study/broken", z=40.0)
    broken.write_bytes(broken.read_bytes()[:-5])
    write_slice("study/mr", Modality="MR")

    scan = preprocess_scan(study)

    assert len(scan.hu) == 6
    assert {one.subject.path.name: one.code for one in scan.not_used} == {
        "notes.txt": "not_dicom", "broken": "truncated", "mr": "not_ct"
    }  # fmt: skip


def test_a_slice_whose_pixels_fail_is_missing_and_said(study):
    headers = headers_of(study)
    (study / "a").write_bytes((study / "a").read_bytes()[:-5])

    scan = read_scan(headers, slab_mm=None)

    assert scan.hu[:, 0, 0].tolist() == [0, 20, 30, 40, 50]
    assert len(scan.positions_mm) == len(scan.sop_uids) == 5
    assert [(one.subject.path.name, one.code) for one in scan.not_used] == [("a", "truncated")]
    assert "1 slice can't be read and is missing" in scan.warnings


def test_a_series_without_one_readable_slice_is_no_head_ct(study):
    headers = headers_of(study)
    for path in study.iterdir():
        path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(NoHeadCT, match=r"found 6 files \(truncated\)"):
        read_scan(headers, slab_mm=None)


def test_a_dicomdir_stands_for_its_export_and_is_held_to_whole_heads(study):
    (study / "DICOMDIR").write_bytes(b"")

    scan = preprocess_scan(study / "DICOMDIR")

    assert (len(scan.hu), [one.code for one in scan.not_used]) == (6, ["not_dicom"])
    for path in sorted(study.iterdir())[1:4]:
        path.unlink()
    with pytest.raises(NoHeadCT, match=r"found 3 files \(too_few_slices\)"):
        preprocess_scan(study / "DICOMDIR")


def test_captured_screens_of_a_study_are_a_series_that_is_not_chosen(study, write_slice):
    for number in range(2):
        write_slice(
            f"study/screen{number}", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SeriesInstanceUID="1.2.9",
            SOPInstanceUID=f"1.2.9.{number}",
        )  # fmt: skip

    scan = preprocess_scan(study)

    assert [(one.subject, one.n_files, one.code) for one in scan.not_used] == [("1.2.9", 2, "secondary_capture")]


def test_the_error_accounts_for_every_file(study):
    headers = headers_of(study)[:4]

    with pytest.raises(NoScan) as raised:
        scan_of_study(headers)

    assert [(one.subject, one.n_files, one.code) for one in raised.value.not_used] == [("1.2.3", 4, "too_few_slices")]


def test_several_studies_ask_for_one(study, write_slice):
    write_slice("study/other", StudyInstanceUID="9.9", SeriesInstanceUID="9.9.1", SOPInstanceUID="9.9.1.1")

    with pytest.raises(NoHeadCT, match=r"expected one study, found 2; .*series=UID"):
        preprocess_scan(study)

    scan = preprocess_scan(study, series="9.9.1")
    assert (len(scan.hu), scan.study_uid) == (1, "9.9")
    assert [(one.subject, one.n_files, one.code) for one in scan.not_used] == [("1.2.3", 6, "not_asked_for")]


def test_a_series_that_is_nowhere_is_an_error(study):
    with pytest.raises(DataError, match="series=7"):
        preprocess_scan(study, series="7")


def test_an_input_without_ct_says_what_it_holds(write_slice, tmp_path):
    write_slice("folder/a", Modality="MR")
    (tmp_path / "folder/b").write_bytes(b"text")

    with pytest.raises(NoHeadCT, match=r"found 1 file \(not_ct\), 1 file \(not_dicom\)"):
        preprocess_scan(tmp_path / "folder")


def test_thin_slices_become_slabs_that_know_their_sources(write_slice, tmp_path):
    for z in range(10):
        write_slice(f"thin/{z}", z=float(z), hu=np.full((4, 4), 10 * z))

    scan = preprocess_scan(tmp_path / "thin")

    assert scan.hu[:, 0, 0].tolist() == [20, 70]
    assert (scan.thickness_mm, scan.positions_mm.tolist()) == (5.0, [2.0, 7.0])
    assert [len(uids) for uids in scan.source_uids] == [5, 5]
    assert scan.sop_uids == (scan.source_uids[0][2], scan.source_uids[1][2])
    assert scan.facts["slabs"] is True
    assert len(preprocess_scan(tmp_path / "thin", slab_mm=None).hu) == 10


def test_thin_slices_that_have_labels_stay_as_they_are(write_slice, tmp_path):
    for z in range(10):
        write_slice(f"thin/{z}", z=float(z))

    scan = read_scan(headers_of(tmp_path / "thin"), slab_mm=5.0, keeps_every_slice=True)

    assert (len(scan.hu), scan.source_uids, scan.facts["slabs"]) == (10, (), False)


@pytest.fixture
def repeated(study, write_slice):
    """The study with a second slice at 10 mm, of another kernel and a lower uid."""
    write_slice("study/twin", z=10.0, hu=np.full((4, 4), 99), SOPInstanceUID="1.1", ConvolutionKernel="UC")
    return study


def test_a_labelled_series_keeps_repeated_positions_by_uid(repeated):
    scan = read_scan(headers_of(repeated), slab_mm=5.0, keeps_every_slice=True)

    assert scan.hu[:, 0, 0].tolist() == [0, 10, 99, 20, 30, 40, 50]
    assert scan.not_used == ()
    assert "1 slice lies at the position of another one; all are kept, in the order of their uids" in scan.warnings


def test_otherwise_the_slice_of_the_more_frequent_kind_stays(repeated):
    scan = read_scan(headers_of(repeated), slab_mm=5.0)

    assert scan.hu[:, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]
    assert [(one.subject.path.name, one.code) for one in scan.not_used] == [("twin", "repeated_position")]


def test_a_slice_that_fails_is_replaced_by_its_twin_and_only_the_fault_is_listed(repeated):
    headers = headers_of(repeated)
    kept = repeated / "f"  # at 10 mm, of the more frequent kind
    kept.write_bytes(kept.read_bytes()[:-5])

    scan = read_scan(headers, slab_mm=5.0)

    assert scan.hu[:, 0, 0].tolist() == [0, 10, 99, 30, 40, 50]
    assert [(one.subject.path.name, one.code) for one in scan.not_used] == [("f", "truncated")]
    assert "1 slice can't be read; another one at the same position stands in" in scan.warnings


def test_slices_of_one_kind_at_one_position_leave_the_lowest_uid(study, write_slice):
    write_slice("study/twin", z=10.0, hu=np.full((4, 4), 99), SOPInstanceUID="1.1", SliceThickness="5")

    assert read_scan(headers_of(study), slab_mm=5.0).hu[2, 0, 0] == 99


@pytest.mark.parametrize("keeps_every_slice", [True, False])
def test_a_file_that_is_there_twice_is_read_once(study, keeps_every_slice):
    (study / "copy").write_bytes((study / "a").read_bytes())

    scan = read_scan(headers_of(study), slab_mm=5.0, keeps_every_slice=keeps_every_slice)

    assert len(scan.hu) == 6
    assert [one.code for one in scan.not_used] == ["duplicate"]


def test_a_labelled_series_of_two_matrices_is_padded_with_air_rather_than_lost(study, write_slice):
    write_slice("study/large", z=40.0, hu=np.full((6, 6), 7))

    scan = read_scan(headers_of(study), slab_mm=None, keeps_every_slice=True)

    assert scan.hu.shape == (7, 6, 6)
    assert (scan.hu[0, 0, 0], scan.hu[0, 2, 2], scan.hu[-1, 0, 0]) == (-1024, 0, 7)
    assert "1 further matrix size in the series, padded with air" in scan.warnings


def test_a_file_of_many_frames_is_one_file_whatever_becomes_of_each_frame(frames, write_slice, tmp_path):
    (tmp_path / "in").mkdir()
    frames([np.full((4, 4), value) for value in range(6)]).save_as(tmp_path / "in/many", enforce_file_format=True)
    write_slice("in/twin", z=0.0, SOPInstanceUID="9.9")

    scan = preprocess_scan(tmp_path / "in")

    assert scan.hu[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert (scan.facts["n_source_slices"], scan.facts["n_source_files"]) == (6, 1)
    assert [(one.subject.path.name, one.code) for one in scan.not_used] == [("twin", "repeated_position")]


def test_an_image_can_be_had_with_its_neighbours(study):
    scan = preprocess_scan(study)

    assert scan.image(2).shape == (4, 4)
    assert scan.image(2, neighbours=1)[:, 0, 0].tolist() == [10, 20, 30]
    assert scan.image(0, neighbours=1)[:, 0, 0].tolist() == [10, 0, 10]
    assert scan.image(-1, neighbours=2)[:, 0, 0].tolist() == [30, 40, 50, 40, 30]


def test_the_patient_is_hidden_from_what_is_printed(study):
    scan = preprocess_scan(study)

    assert scan.patient_id == "made"
    assert "made" not in repr(scan)


def test_one_slice_is_not_called_slices(write_slice):
    assert any(warning.startswith("only 1 slice:") for warning in preprocess_scan(write_slice()).warnings)
