"""Finds the pixel data behind a header: where the values begin, and whether all of them are there."""

import os
from dataclasses import dataclass
from struct import unpack
from typing import BinaryIO

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

PLAIN_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)

MAX_FRAGMENTS = 1 << 16  # parts of compressed pixel data; a frame rarely has more than one

_PIXEL_DATA = (0x7FE0, 0x0010)
_LONG_VALUES = (b"OB", b"OW", b"UN")  # value representations that pixel data have, all with a length of 4 bytes
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


@dataclass(frozen=True, slots=True)
class PixelPlace:
    """Where the pixel data lie.

    Attributes:
        offset: bytes from the file's start to the first value, of compressed data to the first item; None where only
            a parse of the whole file finds it.
        fault: a key of `REASONS`, "" where the data are whole as far as this place shows it.
    """

    offset: int | None
    fault: str = ""


def find_pixel_data(stream: BinaryIO, *, is_implicit: bool, is_little: bool, syntax: str, n_bytes: int) -> PixelPlace:
    """Look at what stands behind a header that was parsed up to its pixel data.

    Args:
        stream: at the tag of the pixel data, or at the end where there are none.
        is_implicit: whether elements are written without their value representation.
        is_little: whether their numbers begin with the lowest byte.
        syntax: uid of the transfer syntax.
        n_bytes: what the matrix, bits and frames need uncompressed.

    Source: DICOM PS3.5 7.1 (elements), A.4 (items of compressed pixel data).
    """
    if syntax == DeflatedExplicitVRLittleEndian:
        return PixelPlace(None)  # the whole file is one stream; the decoder will see
    start = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(start)
    head = stream.read(8 if is_implicit else 12)
    order = "<" if is_little else ">"
    if end - start < 8 or unpack(f"{order}HH", head[:4]) != _PIXEL_DATA:
        return PixelPlace(None, "no_pixels")
    offset = start + len(head)
    if offset >= end:
        return PixelPlace(None, "truncated")
    if not is_implicit and head[4:6] not in _LONG_VALUES:
        return PixelPlace(None)
    (length,) = unpack(f"{order}L", head[-4:])
    if syntax not in PLAIN_SYNTAXES:
        return PixelPlace(None) if length != _UNDEFINED else PixelPlace(offset, _fault_of_items(stream, end))
    if min(length, end - offset) < n_bytes:
        return PixelPlace(None, "truncated")
    return PixelPlace(None if length == _UNDEFINED else offset)


def _fault_of_items(stream: BinaryIO, end: int) -> str:
    """Walk over the items of compressed pixel data: some decoders make a picture of half a frame and say nothing."""
    place = stream.tell()
    for count in range(MAX_FRAGMENTS):
        stream.seek(place)
        head = stream.read(8)
        if place == end or head[:4] == _END_OF_ITEMS:
            return "" if count > 1 else "truncated"  # the first item is the table of offsets
        if len(head) < 8:
            return "truncated"  # beyond the end too
        if head[:4] != _ITEM:
            return "unreadable"
        place += 8 + int.from_bytes(head[4:], "little")
    return "unreadable"
