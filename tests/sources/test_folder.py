"""A folder as a hospital exports it."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from ich.errors import ConfigError, DataError
from ich.sources.folder import Folder, open_folder
from ich.sources.nifti_folder import NiftiFolder

DICOM = b"\0" * 128 + b"DICM"


def write(root: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def names(source: Folder) -> list[str]:
    return [file.relative_to(source.root) for file in source.files()]


def test_a_missing_root_is_one_line_that_says_what_to_set(tmp_path):
    with pytest.raises(
        DataError,
        match=r"data.root=.*nowhere: expected a folder of DICOM files, found no such folder; set data.root=DIR",
    ):
        open_folder(tmp_path / "nowhere").check()


def test_an_empty_root_is_an_error(tmp_path):
    with pytest.raises(DataError, match="found an empty folder"):
        open_folder(tmp_path).check()


def test_files_are_found_at_any_depth_and_have_no_labels(tmp_path):
    source = open_folder(write(tmp_path, "a/b/one", "two.dcm"))

    assert names(source) == ["a/b/one", "two.dcm"]
    assert source.labels() is None


def test_a_label_table_is_read_and_is_none_of_the_files(tmp_path):
    (tmp_path / "reads.csv").write_text("StudyInstanceUID,any\n1.2,1\n")
    source = open_folder(write(tmp_path, "one.dcm"), labels="reads.csv")

    source.check()

    assert source.labels().frame["any"].to_dict() == {"1.2": 1.0}
    assert names(source) == ["one.dcm"]


def test_a_label_table_elsewhere_is_found_from_the_working_folder(tmp_path, monkeypatch):
    write(tmp_path / "export", "one.dcm")
    (tmp_path / "reads.csv").write_text("Exam;any\nx;1\n")
    monkeypatch.chdir(tmp_path)

    source = open_folder("export", labels="reads.csv", match="Exam")

    assert source.labels().frame.index.tolist() == ["x"]


def test_paths_of_a_label_table_are_those_below_the_root_however_they_are_written(tmp_path):
    rows = ["a/1.dcm,1", ".\\a\\2.dcm,0", f"{tmp_path}/b/,1"]
    (tmp_path / "reads.csv").write_text("\n".join(["file,any", *rows]))

    source = open_folder(write(tmp_path, "a/1.dcm"), labels="reads.csv")

    assert source.labels().frame.index.tolist() == ["a/1.dcm", "a/2.dcm", "b"]


def test_a_path_written_in_two_ways_is_an_error(tmp_path):
    (tmp_path / "reads.csv").write_text("file,any\na/1.dcm,1\n./a/1.dcm,0\n")

    with pytest.raises(DataError, match=r"data\.labels: expected each file once, found 1 that are written in two ways"):
        open_folder(write(tmp_path, "a/1.dcm"), labels="reads.csv").check()


def test_paths_in_a_zip_stand_behind_its_name(tmp_path):
    (tmp_path / "reads.csv").write_text("file,any\na,1\nexport.zip/b,0\n")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("a/1.dcm", DICOM)

    source = open_folder(tmp_path / "export.zip", labels=tmp_path / "reads.csv")

    assert names(source) == ["export.zip/a/1.dcm"]
    assert source.labels().frame.index.tolist() == ["export.zip/a", "export.zip/b"]


def test_a_label_table_that_is_absent_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DataError, match=r"data.labels=reads.csv: expected a CSV of labels, found no such file"):
        open_folder(write(tmp_path, "one.dcm"), labels="reads.csv")


def test_a_column_to_match_by_needs_a_label_table(tmp_path):
    with pytest.raises(ConfigError, match=r"data.match=Exam: expected a label table with it"):
        open_folder(write(tmp_path, "one.dcm"), match="Exam")


def test_series_to_read_are_kept_as_text(tmp_path):
    assert open_folder(write(tmp_path, "one.dcm"), series=["1.2.3", "1.2.4"]).series == ("1.2.3", "1.2.4")


@pytest.mark.parametrize(
    ("volumes", "slices", "kind"),
    [(0, 2, Folder), (2, 0, NiftiFolder), (2, 1, NiftiFolder), (2, 2, Folder), (1, 3, Folder)],
    ids=["DICOM", "NIfTI", "more NIfTI", "as many", "more DICOM"],
)
def test_the_more_frequent_kind_of_file_says_what_a_folder_is(tmp_path, volumes, slices, kind):
    write(tmp_path, "notes.txt", "table.json", *(f"v{number}.nii.gz" for number in range(volumes)))
    write(tmp_path, *(f"s{number}" for number in range(slices)), content=DICOM)

    assert type(open_folder(tmp_path)) is kind


def test_series_cannot_be_forced_among_volumes(tmp_path):
    with pytest.raises(ConfigError, match=r"data.series=1.2: expected none for NIfTI volumes"):
        open_folder(write(tmp_path, "one.nii"), series=["1.2"])


def test_labels_of_volumes_come_by_path(tmp_path):
    pytest.importorskip("nibabel", reason="pip install ich[nifti]")
    (tmp_path / "reads.csv").write_text("case,any,subdural\na/049,1,\n./a/050.nii.gz,0,0\n")

    source = open_folder(write(tmp_path, "a/049.nii.gz", "a/050.nii.gz"), labels="reads.csv", match="case")
    source.check()

    labels = {name: task.labels for name, task in source.studies()}
    np.testing.assert_array_equal(labels["a/049"], [np.nan] * 5 + [1])
    np.testing.assert_array_equal(labels["a/050"], [np.nan] * 4 + [0, 0])


@pytest.mark.parametrize("files", [("a.dcm", "head.nii"), ("head.nii", "neck.nii")], ids=["DICOM", "NIfTI"])
def test_a_link_that_leads_out_is_said_once_however_often_files_are_asked_for(tmp_path, caplog, files):
    root = write(tmp_path / "root", *files, content=DICOM)
    write(tmp_path / "other", "b.dcm")
    (root / "link").symlink_to(tmp_path / "other")

    source = open_folder(root)
    for ask in ("files", "studies", "rejected", "notes"):
        getattr(source, ask, list)()

    assert sum("leads out of the input folder" in line for line in caplog.messages) == 1


def test_a_label_table_is_no_file_of_the_data_however_its_place_is_written(tmp_path):
    root = write(tmp_path / "data", "a.dcm", "reads.csv")
    (tmp_path / "link").symlink_to(root)
    (root / "reads.csv").write_text("file,any\na.dcm,1\n")
    ways = [root / ".." / "data" / "reads.csv", tmp_path / "link" / "reads.csv"]

    found = [names(open_folder(where, labels=labels)) for where in (root, root / ".." / "data") for labels in ways]

    assert found == [["a.dcm"]] * 4
