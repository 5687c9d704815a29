import zipfile

import pytest

from ich.dicom.contents import fewest_slices, read_contents
from ich.errors import NoHeadCT


@pytest.fixture
def export(write_slice, tmp_path):
    """Two patients with a study each in nested folders, a captured screen of the first, a report of none."""
    for patient, study in (("a", "1.5"), ("b", "1.6")):
        for z in range(2):
            write_slice(
                f"export/{patient}/series/{z}", z=5.0 * z, PatientID=patient, StudyInstanceUID=study,
                SeriesInstanceUID=f"{study}.1", SOPInstanceUID=f"{study}.{z + 10}",
            )  # fmt: skip
    write_slice(
        "export/a/screen", StudyInstanceUID="1.5", SeriesInstanceUID="1.5.9",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7",
    )  # fmt: skip
    (tmp_path / "export/letter.txt").write_text("no picture")
    return tmp_path / "export"


def summary(contents):
    studies = [(study.study_uid, len(study.headers), len(study.aside)) for study in contents.studies]
    return studies, [one.code for one in contents.rejected]


def test_studies_of_several_patients_are_told_apart_with_their_pages(export):
    assert summary(read_contents(export)) == ([("1.5", 2, 1), ("1.6", 2, 0)], ["not_dicom"])


def test_a_zip_a_list_and_a_dicomdir_hold_the_same_as_the_folder(export, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as writer:
        for path in export.rglob("*"):
            writer.write(path, path.relative_to(tmp_path))
    expected = summary(read_contents(export))

    assert summary(read_contents(tmp_path / "export.zip")) == expected
    assert summary(read_contents([export / "a", export / "b", export / "letter.txt"])) == expected
    (export / "DICOMDIR").write_bytes(b"")  # its name alone decides; what it lists is not asked
    assert summary(read_contents(export / "DICOMDIR"))[0] == expected[0]


def test_patients_who_share_a_study_uid_are_two_studies(write_slice, tmp_path):
    for patient in "ab":
        write_slice(f"in/{patient}", PatientID=patient)

    contents = read_contents(tmp_path / "in")

    assert [study.study_uid for study in contents.studies] == ["1.2", "1.2"]
    assert {header.patient_id for header in contents.studies[0].headers} == {"a"}


def test_a_page_of_a_study_uid_that_two_patients_share_is_rejected(write_slice, tmp_path):
    for patient in "ab":
        write_slice(f"in/{patient}", PatientID=patient)
    write_slice("in/screen", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")

    assert summary(read_contents(tmp_path / "in")) == ([("1.2", 1, 0), ("1.2", 1, 0)], ["secondary_capture"])


def test_the_files_of_a_study_are_counted_by_series(export):
    assert read_contents(export).studies[0].files_by_series() == {"1.5.1": 2, "1.5.9": 1}


def test_pages_of_a_study_without_slices_are_rejected(write_slice, tmp_path):
    write_slice("in/screen", StudyInstanceUID="1.7", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    write_slice("in/slice")

    assert summary(read_contents(tmp_path / "in")) == ([("1.2", 1, 0)], ["secondary_capture"])


def test_an_input_without_slices_says_what_it_holds(export):
    with pytest.raises(NoHeadCT, match=r"found 1 file \(not_dicom\)"):
        read_contents(export / "letter.txt")


def test_only_files_named_one_by_one_are_taken_at_their_word(export, tmp_path):
    (tmp_path / "one.zip").write_bytes(b"")
    (export / "DICOMDIR").write_bytes(b"")
    file = export / "letter.txt"

    assert (fewest_slices([file]), fewest_slices([file, file])) == (1, 1)
    assert [fewest_slices([path]) for path in (export, tmp_path / "one.zip", export / "DICOMDIR")] == [5, 5, 5]
    assert fewest_slices([file, export]) == 5
