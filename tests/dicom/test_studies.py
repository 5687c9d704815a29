import pytest

from ich.dicom.scan import Scan
from ich.dicom.studies import UnreadStudy, read_studies
from ich.errors import NoHeadCT


@pytest.fixture
def two_studies(write_slice, tmp_path):
    """Two studies of six slices in one folder, and a study of a single slice."""
    for study in ("1.5", "1.6"):
        for z in range(0, 30, 5):
            write_slice(
                f"in/{study}-{z}.dcm",
                z=float(z),
                StudyInstanceUID=study,
                SeriesInstanceUID=f"{study}.1",
                SOPInstanceUID=f"{study}.{z + 10}",
            )
    write_slice("in/lonely.dcm", StudyInstanceUID="1.7", SeriesInstanceUID="1.7.1", SOPInstanceUID="1.7.2")
    return tmp_path / "in"


def test_each_study_of_a_folder_is_read_or_says_why_not(two_studies):
    outcomes = list(read_studies(two_studies).outcomes())

    assert [type(outcome) for outcome in outcomes] == [Scan, Scan, UnreadStudy]
    assert [outcome.study_uid for outcome in outcomes] == ["1.5", "1.6", "1.7"]
    assert "too_few_slices" in str(outcomes[2].reason) or "fewer" in str(outcomes[2].reason)


def test_a_study_that_is_not_read_accounts_for_its_files(two_studies):
    *_, unread = read_studies(two_studies).outcomes()

    assert [(one.subject, one.n_files, one.code) for one in unread.reason.not_used] == [("1.7.1", 1, "too_few_slices")]


def test_a_study_whose_pixels_fail_accounts_for_each_file_and_the_next_is_read(two_studies):
    read = read_studies(two_studies)
    for path in two_studies.glob("1.5-*"):
        path.write_bytes(path.read_bytes()[:-5])

    unread, scan, _ = read.outcomes()

    assert [one.code for one in unread.reason.not_used] == ["truncated"] * 6
    assert scan.study_uid == "1.6"


def test_a_list_of_files_of_several_studies_is_read_study_by_study(two_studies):
    outcomes = list(read_studies(sorted(two_studies.iterdir())).outcomes())

    assert [len(outcome.hu) for outcome in outcomes] == [6, 6, 1]


def test_a_single_named_file_is_taken_at_its_word(two_studies):
    (scan,) = read_studies(two_studies / "lonely.dcm").outcomes()

    assert len(scan.hu) == 1


def test_a_named_series_is_read_from_its_study_only_and_the_others_are_listed(two_studies):
    read = read_studies(two_studies, series="1.6.1")
    (scan,) = read.outcomes()

    assert scan.study_uid == "1.6"
    assert [(one.subject, one.n_files, one.code) for one in read.rejected] == [
        ("1.5.1", 6, "not_asked_for"),
        ("1.7.1", 1, "not_asked_for"),
    ]


def test_a_series_that_is_not_there_is_refused(two_studies):
    with pytest.raises(NoHeadCT, match=r"series=1\.9: expected a series of the input"):
        read_studies(two_studies, series="1.9")


def test_files_that_are_no_ct_are_listed_beside_the_studies(two_studies):
    (two_studies / "letter.txt").write_text("no picture")

    read = read_studies(two_studies)

    assert [left_out.code for left_out in read.rejected] == ["not_dicom"]


def test_a_folder_without_ct_says_what_was_found(tmp_path):
    (tmp_path / "letter.txt").write_text("no picture")

    with pytest.raises(NoHeadCT, match="1 file \\(not_dicom\\)"):
        read_studies(tmp_path)


@pytest.mark.realdata
def test_real_archives_of_several_patients_are_told_apart(realdata):
    names = ("rsna/stage_2_test_ID_d7fd39e49b", "ge_tilt/ge_tilt", "philips_mixed/philips_S21570")
    archives = [realdata / f"{name}.zip" for name in names]

    read = read_studies(archives)

    assert sorted(len(study.headers) for study in read.studies) == [28, 30, 45]
    assert [len(study.aside) for study in read.studies if study.aside] == [6]
    assert [one.code for one in read.rejected] == ["directory"] * 7
