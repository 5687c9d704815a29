import logging
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from ich.dicom import files
from ich.dicom.files import DicomFile, find_files, without_dots
from ich.dicom.header import read_headers
from ich.errors import DataError


def test_a_folder_is_searched_to_its_depth_and_sorted(tmp_path):
    for name in ("b/2", "a.dcm", "b/c/1.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    found = find_files(tmp_path)

    assert [file.relative_to(tmp_path) for file in found] == ["a.dcm", "b/2", "b/c/1.dcm"]


def test_a_list_may_mix_files_and_folders_and_names_nothing_twice(tmp_path):
    (tmp_path / "a").write_bytes(b"x")

    found = find_files([tmp_path, tmp_path / "a"])

    assert found == [DicomFile(tmp_path / "a")]


def test_a_zip_is_read_without_unpacking(tmp_path):
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("../../etc/slice", b"content")
        writer.writestr("folder/", b"")

    (file,) = find_files(archive)

    assert file.open().read() == b"content"
    assert file.relative_to(tmp_path) == "study.zip/../../etc/slice"
    assert list(tmp_path.iterdir()) == [archive]


def test_zips_inside_a_folder_are_looked_into(tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as writer:
        writer.writestr("slice", b"content")

    assert find_files(tmp_path) == [DicomFile(tmp_path / "study.zip", "slice")]


def test_a_dicomdir_stands_for_its_folder(tmp_path):
    for name in ("DICOMDIR", "IMAGE1"):
        (tmp_path / name).write_bytes(b"x")

    assert len(find_files(tmp_path / "DICOMDIR")) == 2


def test_a_zip_changed_on_disk_is_read_anew(tmp_path):
    archive = tmp_path / "study.zip"
    for content in (b"first", b"the second one"):
        with zipfile.ZipFile(archive, "w") as writer:
            writer.writestr("slice", content)
        assert find_files(archive)[0].open().read() == content


def test_a_link_out_of_the_folder_is_not_followed_and_said(tmp_path, caplog):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.write_bytes(b"secret")
    inside.mkdir()
    (inside / "slice").write_bytes(b"x")
    (inside / "link").symlink_to(outside)
    (inside / "twin").symlink_to(inside / "slice")

    with caplog.at_level(logging.WARNING):
        found = find_files(inside)

    assert [file.path.name for file in found] == ["slice", "twin"]
    assert "1 link that leads out" in caplog.text


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_an_absent_or_empty_input_says_what_to_give(tmp_path, name):
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=r"expected .* found (none|nothing there); (give|check)"):
        find_files(tmp_path / name)


def test_a_damaged_zip_is_an_error_of_one_line(tmp_path):
    archive = tmp_path / "study.zip"
    archive.write_bytes(b"PK\x03\x04 no zip")

    with pytest.raises(DataError, match="damaged"):
        find_files(archive)


def test_a_damaged_zip_among_good_files_is_listed_and_the_rest_goes_on(tmp_path):
    (tmp_path / "study.zip").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "slice.dcm").touch()

    assert find_files(tmp_path) == [DicomFile(tmp_path / "slice.dcm"), DicomFile(tmp_path / "study.zip")]


def test_a_zip_of_too_many_members_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_MEMBERS", 2)
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for index in range(3):
            writer.writestr(str(index), b"")

    with pytest.raises(DataError, match="at most 2 files in a zip, found 3"):
        find_files(archive)


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as writer:
        for index in range(5):
            writer.writestr(str(index), bytes(1 << 24))

    with pytest.raises(DataError, match="packed at most 100 times"):
        find_files(archive)


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_states(tmp_path):
    archive = tmp_path / "liar.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("slice", bytes(100_000))
    content = archive.read_bytes()
    archive.write_bytes(content.replace(struct.pack("<I", 100_000), struct.pack("<I", 10)))
    (file,) = find_files(archive)

    with pytest.raises(zipfile.BadZipFile):
        file.open().read()


def test_the_outside_of_a_root_is_never_shown():
    assert DicomFile(Path("/elsewhere/slice.dcm")).relative_to(Path("/data")) == "slice.dcm"


def test_a_member_known_by_its_name_alone_is_found(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as writer:
        writer.writestr("other", b"other")
        writer.writestr("slice", b"content")

    assert DicomFile(tmp_path / "a.zip", "slice").open().read() == b"content"


def test_a_member_that_left_its_zip_is_an_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as writer:
        writer.writestr("slice", b"content")

    with pytest.raises(DataError, match="found none; list its files again"):
        DicomFile(tmp_path / "a.zip", "gone").open()


def test_a_member_is_opened_without_reading_the_list_again(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as writer:
        writer.writestr("slice", b"content")
    file = pickle.loads(pickle.dumps(find_files(tmp_path)[0]))
    monkeypatch.setattr(files, "list_members", None)

    assert file.open().read() == b"content"


def test_a_data_sets_own_archive_is_held_to_its_ratio_only(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_MEMBERS", 2)
    monkeypatch.setattr(files, "MAX_ZIP_BYTES", 10)
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as writer:
        for index in range(3):
            writer.writestr(str(index), bytes(10))

    assert len(find_files(tmp_path / "own.zip", own_archive=True)) == 3
    monkeypatch.setattr(files, "ZIP_RATIO_FREE_BYTES", 0)
    monkeypatch.setattr(files, "MAX_ZIP_RATIO", 0.5)
    with pytest.raises(DataError, match="packed at most"):
        find_files(tmp_path / "own.zip", own_archive=True)


def test_a_zip_inside_a_zip_is_not_looked_into_and_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as writer:
        writer.writestr("inner.zip", b"PK\x03\x04")

    (file,) = find_files(tmp_path)

    assert [found.code for found in read_headers(file)] == ["nested_zip"]


def test_a_name_that_is_no_text_is_written_with_escapes():
    odd = DicomFile(Path("/data/M\udcfcller.dcm"))

    assert odd.relative_to(Path("/data")) == r"M\xfcller.dcm"


def test_a_zip_that_lists_one_packed_stream_many_times_is_refused(tmp_path):
    archive = tmp_path / "overlapping.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for index in range(3):
            writer.writestr(str(index), bytes(1000))
        for member in writer.infolist():
            member.header_offset = 0

    with pytest.raises(DataError, match="found some that overlap or lie beyond its end; pack it anew"):
        find_files(archive)
    assert find_files(tmp_path) == [DicomFile(archive)]


def test_a_member_that_states_more_bytes_than_its_zip_has_is_refused(tmp_path):
    archive = tmp_path / "beyond.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("slice", bytes(1000))
        writer.infolist()[0].compress_size = 1 << 30

    with pytest.raises(DataError, match="lie beyond its end"):
        find_files(archive)


def test_a_path_has_no_dots_and_keeps_a_link_as_it_was_named(tmp_path, monkeypatch):
    (tmp_path / "far" / "data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "data")
    monkeypatch.chdir(tmp_path)

    assert without_dots("link") == tmp_path / "link"
    assert without_dots("far/../link") == tmp_path / "far" / "data"
    assert without_dots("link/../data") == tmp_path / "far" / "data"


def test_files_below_a_path_with_dots_are_named_from_where_it_leads(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "slice").write_bytes(b"x")

    [file] = find_files(tmp_path / "a" / "b" / "..")

    assert file.relative_to(without_dots(tmp_path / "a" / "b" / "..")) == "slice"
