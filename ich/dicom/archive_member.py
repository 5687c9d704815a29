"""Unpacks one member of a zip from a stranger, as far as it is read and never beyond its stated size."""

import bz2
import io
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from ich.dicom.archive import LOCAL_HEADER, Member

CHUNK_BYTES = 1 << 16  # read from disk at once: more than most headers take

STORED, DEFLATED, BZIP2 = 0, 8, 12  # ways to pack, PKWARE's APPNOTE 6.3.10, 4.4.5


class LockedMember(zipfile.BadZipFile):
    """A member that takes a password."""


def open_member(path: Path, member: Member) -> BinaryIO:
    """Open one member for reading; it is unpacked only as far as it is read.

    Raises:
        LockedMember: it takes a password.
        zipfile.BadZipFile: damaged, or packed in a way that isn't read; also later, while it is read.
        OSError: can't be read.
    """
    if member.method < 0:
        raise LockedMember("a member is encrypted; unpack it first")
    if member.method not in (STORED, DEFLATED, BZIP2):
        raise zipfile.BadZipFile(f"a member is packed by method {member.method}; pack it anew with deflate")
    if member.offset > sys.maxsize:
        raise zipfile.BadZipFile("a member is not where the list says")
    stream = path.open("rb")
    try:
        stream.seek(member.offset)
        head = stream.read(LOCAL_HEADER.size)
        if len(head) < LOCAL_HEADER.size or not head.startswith(b"PK\x03\x04"):
            raise zipfile.BadZipFile("a member is not where the list says")
        *_, n_name, n_extra = LOCAL_HEADER.unpack(head)
        stream.seek(n_name + n_extra, io.SEEK_CUR)
        return cast(BinaryIO, io.BufferedReader(_MemberStream(stream, member), CHUNK_BYTES))
    except BaseException:
        stream.close()
        raise


class _Unpacker(Protocol):
    def __call__(self, packed: bytes, most: int, /) -> bytes: ...


class _MemberStream(io.RawIOBase):
    """Bytes of a member; what has been unpacked is kept, so that one may go back."""

    name = ""  # pydicom asks every buffered file for one

    def __init__(self, stream: BinaryIO, member: Member) -> None:
        self._stream = stream
        self._member = member
        self._left = member.packed
        self._content = bytearray()
        self._place = 0
        self._unpack = _unpacker(member.method)
        self._is_checked = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._member.unpacked}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, target: Any, /) -> int:  # a buffer: it has no name before Python 3.12
        end = min(self._place + len(target), self._member.unpacked)
        self._fill(end)
        n_bytes = max(0, end - self._place)
        target[:n_bytes] = memoryview(self._content)[self._place : self._place + n_bytes]
        self._place += n_bytes
        return n_bytes

    def readall(self) -> bytes:
        self._fill(self._member.unpacked)
        found = bytes(memoryview(self._content)[self._place :])
        self._place = max(self._place, self._member.unpacked)
        return found

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _fill(self, end: int) -> None:
        """Unpack up to `end`; the CRC is checked as soon as all is there."""
        while len(self._content) < end:
            packed = self._stream.read(min(self._left, max(CHUNK_BYTES, end - len(self._content))))
            self._left -= len(packed)
            fresh = self._unpack(packed, self._member.unpacked - len(self._content))
            if not fresh and not packed:
                raise zipfile.BadZipFile("a member ends before its stated size")
            self._content += fresh
        if len(self._content) == self._member.unpacked and not self._is_checked:
            self._is_checked = True
            if zlib.crc32(self._content) != self._member.crc:
                raise zipfile.BadZipFile("a member's content doesn't fit its checksum")


def _unpacker(method: int) -> _Unpacker:
    """A function that unpacks further bytes, never to more than it is told: a lie about the size fills no memory."""
    if method == STORED:
        return lambda packed, most: packed[:most]
    if method == BZIP2:
        bzip2 = bz2.BZ2Decompressor()
        return lambda packed, most: b"" if bzip2.eof else _damage_is_bad_zip(bzip2.decompress, packed, most)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    return lambda packed, most: _damage_is_bad_zip(inflate.decompress, inflate.unconsumed_tail + packed, most)


def _damage_is_bad_zip(decompress: _Unpacker, packed: bytes, most: int) -> bytes:
    try:
        return decompress(packed, most)
    except (zlib.error, OSError) as error:
        raise zipfile.BadZipFile("a member's packed bytes are damaged") from error
