"""What a zip from a stranger says it holds: every form that is read, and every lie that isn't believed."""

import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ich.dicom.archive import MAX_DIRECTORY_BYTES, Member, list_members
from ich.dicom.archive_member import open_member
from ich.errors import DataError


def test_names_are_read_in_both_encodings_and_folders_left_out(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as writer:
        for name in ("plain", "größe/ü", "empty/"):
            writer.writestr(name, b"x")

    assert [name for name, _ in list_members(path, most=None)] == ["plain", "größe/ü"]


def test_a_zip_of_more_members_than_16_bits_count_is_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as writer:
        for number in range(65_537):
            writer.writestr(zipfile.ZipInfo(str(number)), b"x")

    names = [name for name, _ in list_members(path, most=65_537)]

    assert names == list(map(str, range(65_537)))
    with pytest.raises(DataError, match="expected at most 65536 files in a zip, found 65537"):
        list(list_members(path, most=65_536))


def write_long_zip(path, *, extra):
    """A zip of one member whose sizes and offset stand in the 64-bit extra field."""
    name = b"large"
    fields = (45, 45, 0, 0, 0, 0, 9, *(0xFFFFFFFF,) * 2, len(name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
    listing = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields) + name + extra
    path.write_bytes(listing + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(listing), 0, 0))
    return path


LONG_EXTRA = struct.pack("<2H3Q", 1, 24, 7, 5, 1 << 33)
CONTENT = b"content" * 3


def test_sizes_of_64_bits_are_taken_from_the_extra_field(tmp_path):
    path = write_long_zip(tmp_path / "a.zip", extra=LONG_EXTRA)

    assert list(list_members(path, most=None)) == [("large", Member(1 << 33, 5, 7, 0, 9))]


def test_an_extra_field_that_is_cut_off_is_a_damaged_zip(tmp_path):
    path = write_long_zip(tmp_path / "a.zip", extra=LONG_EXTRA[:20])

    with pytest.raises(zipfile.BadZipFile, match="cut off"):
        list(list_members(path, most=None))


def test_a_lie_about_the_number_of_members_is_found_while_they_are_listed(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as writer:
        for number in range(5):
            writer.writestr(str(number), b"x")
    content = bytearray(path.read_bytes())
    content[-14:-10] = struct.pack("<2H", 1, 1)  # members on this disk, in all
    path.write_bytes(content)

    with pytest.raises(DataError, match="expected at most 3 files in a zip, found 4"):
        list(list_members(path, most=3))


def test_a_list_of_absurd_length_is_not_read(tmp_path, write_zip):
    path = write_zip(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[-10:-6] = struct.pack("<L", MAX_DIRECTORY_BYTES + 1)
    path.write_bytes(content)

    for most in (10, None):
        with pytest.raises(zipfile.BadZipFile, match="isn't where it should be"):
            list(list_members(path, most=most))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 300), byte=st.integers(0, 255), cut=st.integers(0, 300), is_long=st.booleans())
@example(place=78, byte=128, cut=0, is_long=True)  # the highest byte of the 64-bit offset
@example(place=53, byte=200, cut=0, is_long=True)  # the length of the 64-bit extra field
def test_what_is_read_of_a_mutated_zip_is_whole(tmp_path, write_zip, place, byte, cut, is_long):
    if is_long:
        whole = write_long_zip(tmp_path / "a.zip", extra=LONG_EXTRA)
    else:
        whole = write_zip(tmp_path / "a.zip", content=CONTENT)
    content = bytearray(whole.read_bytes())
    content[place % len(content)] = byte
    path = tmp_path / "mutant.zip"
    path.write_bytes(content[: max(1, len(content) - cut)] if cut > 200 else content)

    read = []
    with suppress(zipfile.BadZipFile, DataError, OSError):
        read += [open_member(path, member).read() for _, member in list_members(path, most=100)]

    assert set(read) <= {CONTENT, b""}, "a folder's member is empty"
