"""A folder of unlabelled DICOM."""

import pytest

from ich.errors import DataError
from ich.sources.folder import Folder


def test_a_missing_root_is_one_line_that_says_what_to_set(tmp_path):
    with pytest.raises(
        DataError,
        match=r"data.root=.*nowhere: expected a folder of DICOM files, found no such folder; set data.root=DIR",
    ):
        Folder(tmp_path / "nowhere").check()


def test_an_empty_root_is_an_error(tmp_path):
    with pytest.raises(DataError, match="found an empty folder"):
        Folder(tmp_path).check()


def test_files_are_found_at_any_depth_and_have_no_labels(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one").write_bytes(b"x")
    (tmp_path / "two.dcm").write_bytes(b"x")
    source = Folder(tmp_path)

    assert [file.relative_to(source.root) for file in source.files()] == ["a/b/one", "two.dcm"]
    assert source.labels() is None
