"""Opens one file with pydicom, quietly, and gives its elements as plain text and numbers."""

import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, Literal

from pydicom import config, dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ich.errors import DataError

# A data set without file meta (old exports) begins with group 2 or 8, in either byte order.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")

MAX_INFLATED_BYTES = 1 << 26  # 64 MB; the largest matrix that is read has 32 MB
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
_META_LENGTH_END = 144  # preamble, "DICM" and the element that says how long the file meta is (PS3.10 7.1)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Read with pydicom without its warnings: what is wrong becomes a fact of the file, not a line a value.

    RSNA's uids, for one, are not valid, and pydicom would say so several times a file. Each process has its own
    settings; threads that read at the same time may let a warning through, nothing worse.
    """
    with config.disable_value_validation(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)
        yield


def read_dataset(stream: BinaryIO, *, with_pixels: bool) -> FileDataset | None:
    """Parse a data set, with or without file meta; None where the bytes are no DICOM.

    Without pixels, `stream` is left at the pixel data's tag (but for deflated files, which are read to the end).

    Raises:
        DataError: a deflated file grows beyond the limit.
    """
    _check_inflated_size(stream)
    try:
        return dcmread(stream, stop_before_pixels=not with_pixels)
    except InvalidDicomError:
        stream.seek(0)
        start = stream.read(2)
        stream.seek(0)
        return dcmread(stream, stop_before_pixels=not with_pixels, force=True) if start in _BARE_STARTS else None


def _check_inflated_size(stream: BinaryIO) -> None:
    """Refuse a deflated file that unpacks to more than any slice holds; pydicom would unpack it whole."""
    start = stream.read(1024)
    if _DEFLATED in start:
        stream.seek(_META_LENGTH_END + int.from_bytes(start[_META_LENGTH_END - 4 : _META_LENGTH_END], "little"))
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        if len(inflater.decompress(stream.read(), MAX_INFLATED_BYTES + 1)) > MAX_INFLATED_BYTES:
            raise DataError("deflated file: expected at most 64 MB once unpacked, found more; leave it out")
    stream.seek(0)


class Elements:
    """Values of a data set by keyword, taken from the raw bytes.

    pydicom's own conversion warns of, or fails on, values that are odd but harmless (text that is no number, unknown
    character sets, elements of unknown type), and costs more time than the parsing. This one never raises, but for
    `items`, which pydicom parses.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def text(self, keyword: str) -> str:
        """The value as text without padding; "" where absent. UTF-8 where it is, else Latin-1."""
        value = self._value(keyword)
        if value is None:
            return ""
        return (_decoded(value) if isinstance(value, bytes) else str(value)).strip(" \0")

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Each of several values, in capitals; empty ones left out."""
        values = (value.strip(" \0").upper() for value in self.text(keyword).split("\\"))
        return tuple(value for value in values if value)

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Values written as decimal text; () where one of them is no finite number."""
        try:
            values = tuple(float(value) for value in self.texts(keyword))
        except ValueError:
            return ()
        return values if all(map(math.isfinite, values)) else ()

    def number(self, keyword: str) -> float | None:
        """The first of the values written as decimal text, None where there is none."""
        values = self.numbers(keyword)
        return values[0] if values else None

    def whole(self, keyword: str) -> int | None:
        """A binary 16-bit value without its sign, None where there is none."""
        element = self._element(keyword)
        value = None if element is None else element.value
        if isinstance(value, bytes):
            order: Literal["little", "big"] = "little" if getattr(element, "is_little_endian", True) else "big"
            return int.from_bytes(value[:2], order) if value else None
        return int(value) & 0xFFFF if isinstance(value, int) else None

    def items(self, keyword: str) -> list[Dataset]:
        """The data sets of a sequence; [] where it is absent or no sequence."""
        element = self.dataset.get(_tag(keyword))
        return list(element.value) if element is not None and isinstance(element.value, Sequence) else []

    def _element(self, keyword: str) -> Any:
        """The element as it lies in the file, not converted; None where absent."""
        return self.dataset.get_item(_tag(keyword), keep_deferred=True)

    def _value(self, keyword: str) -> object:
        element = self._element(keyword)
        return None if element is None else element.value


@cache
def _tag(keyword: str) -> BaseTag:
    """A keyword's tag; looking it up in the dictionary each time takes longer than reading the value."""
    return Tag(keyword)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
