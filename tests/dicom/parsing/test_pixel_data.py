import io
from struct import pack

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)  # fmt: skip

from ich.dicom.parsing import pixel_data
from ich.dicom.parsing.pixel_data import PixelPlace, find_pixel_data

TAG = b"\xe0\x7f\x10\x00"
HEAD = b"header"
EXPLICIT = TAG + b"OW\0\0" + pack("<L", 8)
OPEN = TAG + b"OB\0\0\xff\xff\xff\xff"
TABLE, FRAGMENT, END = b"\xfe\xff\x00\xe0" + bytes(4), b"\xfe\xff\x00\xe0\x04\0\0\0abcd", b"\xfe\xff\xdd\xe0" + bytes(4)


def place_of(content, syntax=ExplicitVRLittleEndian, n_bytes=8):
    stream = io.BytesIO(HEAD + content)
    stream.seek(len(HEAD))
    return find_pixel_data(
        stream,
        is_implicit=syntax == ImplicitVRLittleEndian,
        is_little=syntax != ExplicitVRBigEndian,
        syntax=syntax,
        n_bytes=n_bytes,
    )


@pytest.mark.parametrize(
    ("syntax", "head"),
    [
        (ExplicitVRLittleEndian, EXPLICIT),
        (ImplicitVRLittleEndian, TAG + pack("<L", 8)),
        (ExplicitVRBigEndian, b"\x7f\xe0\x00\x10OW\0\0" + pack(">L", 8)),
    ],
    ids=["explicit", "implicit", "big endian"],
)
def test_plain_values_begin_behind_their_element_s_head(syntax, head):
    assert place_of(head + bytes(8), syntax) == PixelPlace(len(HEAD) + len(head))


def test_compressed_data_begin_with_their_table_of_offsets():
    assert place_of(OPEN + TABLE + FRAGMENT + END, RLELossless) == PixelPlace(len(HEAD) + 12)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no_pixels"),
        (b"\xe0\x7f\x08\x00OF\0\0\x08\0\0\0" + bytes(8), "no_pixels"),
        (EXPLICIT, "truncated"),
        (EXPLICIT + bytes(7), "truncated"),
        (TAG + b"OW\0\0" + pack("<L", 6) + bytes(8), "truncated"),
    ],
    ids=["nothing", "floats", "no value", "a byte short", "shorter length"],
)
def test_plain_data_that_are_not_whole_have_a_fault(content, fault):
    assert place_of(content).fault == fault


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        (TABLE + FRAGMENT + END, ""),
        (TABLE + FRAGMENT, ""),
        (TABLE + FRAGMENT[:-1], "truncated"),
        (TABLE + FRAGMENT + FRAGMENT[:5], "truncated"),
        (TABLE + END, "truncated"),
        (TABLE + b"garbage garbage", "unreadable"),
    ],
    ids=["whole", "no end", "cut value", "cut head", "no frame", "garbage"],
)
def test_compressed_data_are_walked_to_their_end(items, fault):
    assert place_of(OPEN + items, RLELossless).fault == fault


def test_a_walk_over_endless_items_ends(monkeypatch):
    monkeypatch.setattr(pixel_data, "MAX_FRAGMENTS", 3)

    assert place_of(OPEN + TABLE * 9, RLELossless).fault == "unreadable"


@pytest.mark.parametrize(
    ("content", "syntax"),
    [
        (b"", DeflatedExplicitVRLittleEndian),
        (EXPLICIT + bytes(8), RLELossless),
        (OPEN + bytes(8), ExplicitVRLittleEndian),
    ],
    ids=["deflated", "compressed of known length", "plain of unknown length"],
)
def test_where_only_a_parse_helps_no_place_is_named(content, syntax):
    assert place_of(content, syntax) == PixelPlace(None)
