"""Opens one file with pydicom, quietly, and gives its elements as plain text and numbers."""

import io
import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal, cast

from pydicom import config
from pydicom.charset import default_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_partial, read_preamble, read_sequence
from pydicom.filereader import read_dataset as read_elements
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from ich.dicom.parsing.limited_stream import LimitedStream, WholeRead
from ich.errors import DataError

# A data set without file meta (old exports) begins with group 2 or 8, in either byte order.
_BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")

MAX_INFLATED_BYTES = 1 << 26  # 64 MB; the largest matrix that is read has 32 MB

MAX_PIXEL_BYTES = 1 << 31  # 2 GB, as much as a file may have

# All that is ever asked of a file or of a frame's groups; pydicom keeps no other element of a file.
_KEYWORDS = (
    "ImageType", "SOPClassUID", "SOPInstanceUID", "AccessionNumber", "Modality", "SeriesDescription", "PatientID",
    "ContrastBolusAgent", "SliceThickness", "ConvolutionKernel", "StudyInstanceUID", "SeriesInstanceUID",
    "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient", "SamplesPerPixel",
    "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleIntercept",
    "RescaleSlope", "RescaleType", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence", "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence", "FrameType", "CTReconstructionSequence", "ContrastBolusUsageSequence",
    "ContrastBolusAgentAdministered", "UnassignedSharedConvertedAttributesSequence",
    "UnassignedPerFrameConvertedAttributesSequence",
)  # fmt: skip
_TAGS = {keyword: Tag(keyword) for keyword in _KEYWORDS}
_PIXEL_DATA = 0x7FE00010
_ANY_PIXEL_DATA = frozenset({_PIXEL_DATA, 0x7FE00008, 0x7FE00009})  # whole numbers, float, double
_HEADER_TAGS = [int(tag) for tag in _TAGS.values()]
_PIXEL_TAGS = [
    *_HEADER_TAGS,
    *map(int, map(Tag, ("PlanarConfiguration", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"))),
]


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
    """Parse what `Elements` can be asked of a file, with or without file meta; None where the bytes are no DICOM.

    Without pixels, `stream` is left at the pixel data's tag (but for deflated files, which are read to the end).

    Raises:
        DataError: the header, or a deflated file, is larger than any slice's.
    """
    try:
        return _parsed(stream, with_pixels=with_pixels, force=False)
    except InvalidDicomError:
        stream.seek(0)
        start = stream.read(2)
        stream.seek(0)
        return _parsed(stream, with_pixels=with_pixels, force=True) if start in _BARE_STARTS else None


def _parsed(stream: BinaryIO, *, with_pixels: bool, force: bool) -> FileDataset:
    wanted = _wanted(with_pixels=with_pixels)
    try:
        return read_partial(_limited(stream, with_pixels=with_pixels), force=force, **wanted)
    except WholeRead:  # the data set is deflated and begins here
        inflated = _inflated(stream.read(MAX_INFLATED_BYTES + 1))
    stream.seek(0)
    limited = _limited(stream, with_pixels=False)
    preamble, meta = read_preamble(limited, force), _read_file_meta_info(limited)
    content = _limited(io.BytesIO(inflated), with_pixels=with_pixels)
    found = read_elements(content, is_implicit_VR=False, is_little_endian=True, **wanted)
    dataset = FileDataset(stream, found, preamble, meta, is_implicit_VR=False, is_little_endian=True)
    dataset.set_original_encoding(False, True)
    return dataset


def _wanted(*, with_pixels: bool) -> dict[str, Any]:
    """What to keep, and where to end: pydicom would go on to millions of elements behind the pixels."""
    if with_pixels:
        return {"specific_tags": _PIXEL_TAGS, "stop_when": lambda tag, *_: tag > _PIXEL_DATA}
    return {"specific_tags": _HEADER_TAGS, "stop_when": lambda tag, *_: tag in _ANY_PIXEL_DATA}


def _limited(stream: BinaryIO, *, with_pixels: bool) -> BinaryIO:
    limited = LimitedStream(stream, n_bytes=MAX_PIXEL_BYTES) if with_pixels else LimitedStream(stream)
    return cast(BinaryIO, limited)


def _inflated(packed: bytes) -> bytes:
    """A deflated data set, refused where it unpacks to more than any slice holds; pydicom would unpack it whole."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(packed, MAX_INFLATED_BYTES + 1)
    if len(content) > MAX_INFLATED_BYTES:
        raise DataError("deflated file: expected at most 64 MB once unpacked, found more; leave it out")
    if not inflater.eof:
        raise EOFError("a deflated file ends early")
    return content


class Elements:
    """Values of a data set by keyword, taken from the raw bytes.

    pydicom's own conversion warns of, or fails on, values that are odd but harmless (text that is no number, unknown
    character sets, elements of unknown type), and costs more time than the parsing. This one never raises, but for
    `items`, which pydicom parses. Keywords that aren't kept can't be asked for.
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
        """The data sets of a sequence; [] where it is absent or no sequence.

        Raises:
            DataError: it holds more elements than a header may.
        """
        tag = _TAGS[keyword]
        element: Any = self.dataset.get_item(tag)
        if isinstance(element, RawDataElement) and element.value and element.VR in ("SQ", "UN", None):
            content = cast(BinaryIO, LimitedStream(io.BytesIO(element.value)))
            encoding = (element.is_implicit_VR, element.is_little_endian)
            found = read_sequence(content, *encoding, len(element.value), default_encoding)
            self.dataset[tag] = element = DataElement(tag, "SQ", found)
        return list(element.value) if element is not None and isinstance(element.value, Sequence) else []

    def _element(self, keyword: str) -> Any:
        """The element as it lies in the file, not converted; None where absent."""
        return self.dataset.get_item(_TAGS[keyword], keep_deferred=True)

    def _value(self, keyword: str) -> object:
        element = self._element(keyword)
        return None if element is None else element.value


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
