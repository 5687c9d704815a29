"""A file that is read no further than it may be."""

import io

import pytest

from ich.dicom.parsing.limited_stream import LimitedStream, WholeRead
from ich.errors import DataError


def test_as_many_bytes_as_are_allowed_are_read_and_what_is_skipped_costs_none():
    stream = LimitedStream(io.BytesIO(bytes(range(100))), n_bytes=4, n_reads=9)

    assert stream.read(2) == b"\0\1"
    stream.seek(50)
    assert (stream.read(2), stream.tell()) == (b"\x32\x33", 52)
    with pytest.raises(DataError, match="at most 8 MB"):
        stream.read(1)


def test_a_length_that_is_a_lie_costs_no_more_than_there_is():
    assert LimitedStream(io.BytesIO(b"short"), n_bytes=5, n_reads=1).read(1 << 40) == b"short"


def test_reading_too_often_is_refused():
    stream = LimitedStream(io.BytesIO(b"bytes"), n_bytes=9, n_reads=1)
    stream.read(1)

    with pytest.raises(DataError, match="500,000 elements"):
        stream.read(1)


def test_nothing_is_read_where_all_that_is_left_is_asked_for():
    file = io.BytesIO(b"bytes")

    with pytest.raises(WholeRead):
        LimitedStream(file).read()
    assert file.tell() == 0
