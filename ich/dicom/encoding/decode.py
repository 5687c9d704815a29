"""Gets the stored values of one slice out of its file: by a plain read, or through pydicom's decoders."""

import re
import zlib
from typing import Any

import numpy as np
from pydicom import config
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import UID, ExplicitVRBigEndian

from ich.dicom.encoding.codestream import stated_size
from ich.dicom.header import SliceHeader
from ich.dicom.parsing.elements import quiet_pydicom, read_dataset
from ich.dicom.parsing.pixel_data import PLAIN_SYNTAXES
from ich.dicom.reasons import REASONS
from ich.errors import DataError

_RAW_BITS: dict[str, Any] = {"correct_unused_bits": False}  # `ich.dicom.pixels` does this for each way to read
_JPEG_12_BIT = "1.2.840.10008.1.2.4.51"
_READ_BY_CODECS = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 57, 70, 80, 81, 90, 91))
_JPEG_12_BIT_PLUGIN = "pylibjpeg"
_OUT_OF_MEMORY = ("bad_alloc", "Unable to allocate", "MemoryError")  # as decoders in C++, numpy and Python say it
_FAILED_WITHOUT_A_WORD = re.compile(r"^  \S+: $", re.MULTILINE)  # pydicom's line of a plugin's plain MemoryError()


class UnreadablePixels(DataError):
    """A slice whose header is sound and whose pixels can't be read.

    Attributes:
        code: a key of `REASONS`.
        sentence: what is wrong, free of identifying text.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"pixels: {sentence}")
        self.code = code
        self.sentence = sentence


def decode(header: SliceHeader) -> np.ndarray:
    """The values of one slice as they lie in the file, bits that hold no value included.

    Uncompressed values are read from the place that the header names, compressed ones are decoded from there: the file
    isn't parsed again, and of several frames only the one is read.

    Returns:
        Integers of the allocated width, signed as the header says, (R, C).

    Raises:
        UnreadablePixels: the pixels are cut off, damaged or compressed in a way that no installed decoder reads.
    """
    decoder = _decoder(header)
    try:
        if header.pixel_offset is None:
            stored = _decoded_by_parse(header, decoder)
        elif header.transfer_syntax in PLAIN_SYNTAXES:
            stored = _read_plain(header, header.pixel_offset)
        else:
            stored = _decoded_in_place(header, header.pixel_offset, decoder=decoder)
    except UnreadablePixels:
        raise
    except Exception as error:  # decoders are many and none promises what it raises: it becomes a fact
        raise _unreadable(header, error, decoder=decoder) from error
    if stored.shape != (header.rows, header.columns):
        raise UnreadablePixels("unreadable", f"the pixels form {stored.shape}, not the matrix that the header states")
    return stored


def _decoder(header: SliceHeader) -> Decoder:
    try:
        with quiet_pydicom():
            decoder = get_decoder(header.transfer_syntax)
    except NotImplementedError as error:
        raise UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax)) from error
    if not decoder.is_available:
        raise UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax))
    return decoder


def _read_plain(header: SliceHeader, offset: int) -> np.ndarray:
    order = ">" if header.transfer_syntax == ExplicitVRBigEndian else "<"
    dtype = np.dtype(f"{order}{'i' if header.is_signed else 'u'}{header.bits_allocated // 8}")
    n_bytes = header.rows * header.columns * dtype.itemsize
    with header.file.open() as stream:
        stream.seek(offset + header.frame * n_bytes)
        content = stream.read(n_bytes)
    if len(content) < n_bytes:
        raise UnreadablePixels("truncated", REASONS["truncated"])
    return np.frombuffer(content, dtype).reshape(header.rows, header.columns)


def _decoded_in_place(header: SliceHeader, offset: int, *, decoder: Decoder) -> np.ndarray:
    """Decode a frame of compressed data; tables of offsets may be missing or wrong, pydicom then counts the items."""
    facts: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.is_signed),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    with quiet_pydicom(), header.file.open() as stream:
        stream.seek(offset)
        frame = get_frame(stream, header.frame, number_of_frames=header.n_frames)
        size = stated_size(frame)
        if size not in (None, (header.rows, header.columns)):
            raise UnreadablePixels("unreadable", f"the compressed picture is {size}, not the matrix of the header")
        return decoder.as_array(encapsulate([frame]), raw=True, index=0, **facts, **_RAW_BITS)[0]


def _decoded_by_parse(header: SliceHeader, decoder: Decoder) -> np.ndarray:
    with quiet_pydicom(), header.file.open() as stream:
        dataset = read_dataset(stream, with_pixels=True)
        if dataset is None:
            raise UnreadablePixels("not_dicom", REASONS["not_dicom"])
        return decoder.as_array(dataset, raw=True, index=header.frame, **_RAW_BITS)[0]


def _no_decoder(syntax: str) -> str:
    name = UID(syntax, validation_mode=config.IGNORE).name
    name = "an encoding unknown to DICOM" if name == syntax else name  # the text itself is a stranger's
    if syntax == _JPEG_12_BIT:
        return f"{name} is read by none of the installed decoders; pylibjpeg-libjpeg (GPL) reads it, at your choice"
    if syntax in _READ_BY_CODECS:
        return f"{name}: no installed decoder reads it; pip install 'ich[codecs]'"
    return f"{name} is read by no decoder of ours; rewrite the files uncompressed with a program that reads it"


def _unreadable(header: SliceHeader, error: Exception, *, decoder: Decoder) -> UnreadablePixels:
    """The code that fits what a decoder raised."""
    text = str(error)
    says_so = any(words in text for words in _OUT_OF_MEMORY) or _FAILED_WITHOUT_A_WORD.search(text)
    if isinstance(error, MemoryError) or says_so:
        return UnreadablePixels("out_of_memory", REASONS["out_of_memory"])
    if "less than expected" in text or isinstance(error, EOFError | zlib.error):
        return UnreadablePixels("truncated", REASONS["truncated"])
    if header.transfer_syntax == _JPEG_12_BIT and _JPEG_12_BIT_PLUGIN not in decoder.available_plugins:
        return UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax))
    return UnreadablePixels("unreadable", f"pixel data can't be decoded ({type(error).__name__})")
