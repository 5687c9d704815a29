"""Lists the members of a zip from a stranger: the name of each and where it lies, without unpacking any."""

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ich.errors import DataError

MAX_DIRECTORY_BYTES = 1 << 30  # 1 GB: some ten million members
MAX_ENTRY_BYTES = 1 << 10  # of the list, on average: a name and a few extra fields take some 200

# Records of PKWARE's APPNOTE 6.3.10: 4.3.7 (before each member), 4.3.12, 4.3.14, 4.3.15, 4.3.16.
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 0xFFFF
_UNKNOWN = 0xFFFFFFFF  # a size or offset that stands in the 64-bit field instead
_ENCRYPTED, _UTF_8 = 0x1, 0x800


@dataclass(frozen=True, slots=True)
class Member:
    """Where a zip holds one file, so that nobody has to read its list again.

    Attributes:
        offset: of its local header, bytes from the zip's start.
        packed, unpacked: sizes in bytes as the zip states them.
        method: how it is packed; -1 where it is encrypted.
        crc: CRC-32 of its content.
    """

    offset: int
    packed: int
    unpacked: int
    method: int
    crc: int


def list_members(path: Path, *, most: int | None) -> Iterator[tuple[str, Member]]:
    """Name and place of each file in a zip, in the order of its list; folders are left out.

    Args:
        path: the zip.
        most: files it may hold, None for any number; more are refused before the list is read, where it says so.

    Raises:
        DataError: more files than `most`.
        zipfile.BadZipFile: damaged.
        OSError: can't be read.
    """
    with path.open("rb") as stream:
        n_members, listing, shift = _read_listing(stream, most=most)
    if most is not None and n_members > most:
        raise _too_many(path, most=most, found=n_members)
    for n_read, (name, member) in enumerate(_entries(listing, shift), start=1):
        if most is not None and n_read > most:  # the stated number was a lie
            raise _too_many(path, most=most, found=n_read)
        if not name.endswith("/"):
            yield name, member


def lie_apart(members: Iterable[Member], *, n_bytes: int) -> bool:
    """Whether no two members share bytes of a zip of `n_bytes`: one packed stream listed many times is a bomb."""
    free = 0
    for offset, packed in sorted((member.offset, member.packed) for member in members):
        if offset < free:
            return False
        free = offset + LOCAL_HEADER.size + packed
    return free <= n_bytes


def _read_listing(stream: BinaryIO, *, most: int | None) -> tuple[int, bytes, int]:
    """Stated number of members, the bytes that list them, and by how much their offsets are to be shifted."""
    size = stream.seek(0, io.SEEK_END)
    tail_start = max(0, size - _END.size - _LONGEST_COMMENT)
    stream.seek(tail_start)
    tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < _END.size:
        raise zipfile.BadZipFile("no list of members at the end")
    _, _, _, _, n_members, n_bytes, offset, _ = _END.unpack_from(tail, end)
    place = tail_start + end
    if place >= _LOCATOR_64.size + _END_64.size:
        place, (n_members, n_bytes, offset) = _end_64(stream, place, (n_members, n_bytes, offset))
    shift = place - n_bytes - offset  # bytes before the zip proper, as in a program that unpacks itself
    if most is not None and n_members > most:
        return n_members, b"", shift
    longest = MAX_DIRECTORY_BYTES if most is None else most * MAX_ENTRY_BYTES
    if shift < 0 or n_bytes > longest:
        raise zipfile.BadZipFile("the list of members isn't where it should be")
    stream.seek(offset + shift)
    return n_members, stream.read(n_bytes), shift


def _end_64(stream: BinaryIO, place: int, short: tuple[int, int, int]) -> tuple[int, tuple[int, int, int]]:
    """The same facts from the 64-bit record before the end, where there is one."""
    stream.seek(place - _LOCATOR_64.size)
    signature, _, stated, _ = _LOCATOR_64.unpack(stream.read(_LOCATOR_64.size))
    if signature != b"PK\x06\x07":
        return place, short
    for at in (stated, place - _LOCATOR_64.size - _END_64.size):
        stream.seek(min(at, place))
        record = stream.read(_END_64.size)
        if len(record) == _END_64.size and record.startswith(b"PK\x06\x06"):
            *_, n_members, n_bytes, offset = _END_64.unpack(record)
            return at, (n_members, n_bytes, offset)
    raise zipfile.BadZipFile("the 64-bit end of the list is missing")


def _entries(listing: bytes, shift: int) -> Iterator[tuple[str, Member]]:
    place = 0
    while place < len(listing):
        if len(listing) - place < _ENTRY.size or listing[place : place + 4] != b"PK\x01\x02":
            raise zipfile.BadZipFile("the list of members is damaged")
        fields = _ENTRY.unpack_from(listing, place)
        _, _, _, flags, method, _, _, crc, packed, unpacked, n_name, n_extra, n_comment, _, _, _, offset = fields
        place += _ENTRY.size
        name = listing[place : place + n_name]
        place += n_name
        if _UNKNOWN in (packed, unpacked, offset):
            unpacked, packed, offset = _long_fields(listing[place : place + n_extra], (unpacked, packed, offset))
        place += n_extra + n_comment
        text = name.decode("utf-8", "surrogateescape") if flags & _UTF_8 else name.decode("cp437")
        method = -1 if flags & _ENCRYPTED else method
        yield text, Member(offset + shift, packed, unpacked, method, crc)


def _long_fields(extra: bytes, short: tuple[int, int, int]) -> tuple[int, ...]:
    """Sizes and offset with those that didn't fit taken from the 64-bit extra field (4.5.3).

    Raises:
        zipfile.BadZipFile: an extra field states more bytes than there are.
    """
    place = 0
    while place + 4 <= len(extra):
        kind, n_bytes = struct.unpack_from("<2H", extra, place)
        place += 4 + n_bytes
        if place > len(extra):
            raise zipfile.BadZipFile("an extra field is cut off")
        if kind == 1:
            values = iter(struct.unpack_from(f"<{n_bytes // 8}Q", extra, place - n_bytes))
            return tuple(next(values, value) if value == _UNKNOWN else value for value in short)
    return short


def _too_many(path: Path, *, most: int, found: int) -> DataError:
    return DataError(f"input={path}: expected at most {most} files in a zip, found {found}; unpack it")
