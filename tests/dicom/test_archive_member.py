"""One member of a zip from a stranger: it reads as what was packed, and never as more than it states."""

import bz2
import io
import zipfile

import pytest

from ich.dicom.archive import Member
from ich.dicom.archive_member import open_member


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_reads_as_what_was_packed_in_any_order_of_reading(tmp_path, write_zip, numbers, only_member, method):
    path = write_zip(tmp_path / "a.zip", method=method)

    with open_member(path, only_member(path)) as stream:
        assert stream.read(10) == numbers[:10]
        assert stream.seek(0, io.SEEK_END) == len(numbers)
        stream.seek(150_001)
        assert stream.read(5) == numbers[150_001:150_006]
        stream.seek(0)
        assert stream.read() == numbers
        assert stream.read(1) == b""


def test_only_as_much_is_unpacked_as_is_read(tmp_path, write_zip, numbers, only_member):
    path = write_zip(tmp_path / "a.zip", method=zipfile.ZIP_STORED)
    damaged = bytearray(path.read_bytes())
    damaged[200_000] ^= 0xFF
    path.write_bytes(damaged)

    with open_member(path, only_member(path)) as stream:
        assert stream.read(100) == numbers[:100]
        with pytest.raises(zipfile.BadZipFile, match="checksum"):
            stream.read()


def test_a_zip_behind_a_program_that_unpacks_it_is_read(tmp_path, write_zip, numbers, only_member):
    path = write_zip(tmp_path / "a.zip")
    path.write_bytes(b"#!program" * 100 + path.read_bytes())

    assert open_member(path, only_member(path)).read() == numbers


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_that_unpacks_to_more_than_it_states_is_cut_off_there(tmp_path, write_zip, only_member, method):
    path = write_zip(tmp_path / "a.zip", method=method, content=bytes(1 << 24))
    member = only_member(path)
    liar = Member(member.offset, member.packed, 1000, member.method, member.crc)

    with pytest.raises(zipfile.BadZipFile, match="checksum"):
        open_member(path, liar).read()


def test_a_member_that_ends_early_is_damaged(tmp_path, write_zip, only_member):
    path = write_zip(tmp_path / "a.zip")
    member = only_member(path)

    with pytest.raises(zipfile.BadZipFile, match="ends before"):
        open_member(path, Member(member.offset, member.packed // 2, member.unpacked, member.method, member.crc)).read()


def test_damaged_bzip2_is_a_damaged_zip(tmp_path, write_zip, numbers, only_member):
    path = write_zip(tmp_path / "a.zip", method=zipfile.ZIP_BZIP2)
    content = path.read_bytes()
    start = content.index(bz2.compress(numbers)[:10])
    path.write_bytes(content[:start] + b"\0" * 50 + content[start + 50 :])

    with pytest.raises(zipfile.BadZipFile, match="damaged"):
        open_member(path, only_member(path)).read()


def test_a_way_of_packing_that_is_not_read_is_named(tmp_path, write_zip, only_member):
    path = write_zip(tmp_path / "a.zip", method=zipfile.ZIP_LZMA)

    with pytest.raises(zipfile.BadZipFile, match="packed by method 14; pack it anew with deflate"):
        open_member(path, only_member(path))


def test_an_encrypted_member_is_refused(tmp_path, write_zip, only_member):
    path = write_zip(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)

    with pytest.raises(zipfile.BadZipFile, match="is encrypted"):
        open_member(path, only_member(path))
