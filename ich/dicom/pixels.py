"""Turns the stored pixels of one slice into HU."""

import zlib
from dataclasses import dataclass, field

import numpy as np
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from ich.dicom.elements import quiet_pydicom, read_dataset
from ich.dicom.header import REASONS, SliceHeader
from ich.dicom.hu import AIR, HU_CEILING, HU_FLOOR
from ich.errors import DataError

WRAP_SHIFT, WRAP_RANGE = 1000, 4096  # HU; Howard 2019, "Some DICOM gotchas to be aware of" (Kaggle)
WRAP_INTERCEPT = -100  # HU; wrapped files say 0 or 1, sound unsigned ones -1000 or -1024

# HU; a padding value inside can't be told from tissue, and honouring it would tear holes into brain.
TISSUE = (-200, 2000)

_JPEG_12_BIT = "1.2.840.10008.1.2.4.51"


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


@dataclass(frozen=True, eq=False)
class Plane:
    """The pixels of one slice and what they were stored as.

    Attributes:
        hu: int16 HU (R, C), cleaned as `read_hu` says.
        lowest, highest: the smallest and the largest stored value.
        n_air: pixels below -1024 HU that no padding tag explains.
    """

    hu: np.ndarray = field(repr=False)
    lowest: int
    highest: int
    n_air: int


def read_plane(header: SliceHeader) -> Plane:
    """Read one slice as HU, with what is known of its stored values.

    Raises:
        UnreadablePixels: as `read_hu`.
    """
    stored = read_stored(header)
    hu = _to_hu(stored, header)
    n_air = int(np.count_nonzero((hu < HU_FLOOR) & ~_is_padding(stored, header)))
    return Plane(clean_hu(stored, header), int(stored.min()), int(stored.max()), n_air)


def read_hu(header: SliceHeader) -> np.ndarray:
    """Read one slice as HU.

    Rescaled and rounded; the 12-bit wrap repaired; padding and all below -1024 set to -1024; clipped at 3071.
    MONOCHROME1 only says how to show a slice (PS3.3 C.7.6.3.1.2): its HU are what the rescale gives.

    Args:
        header: as `read_headers` gave it.

    Returns:
        int16 HU, (R, C).

    Raises:
        UnreadablePixels: the pixels are cut off, damaged or compressed in a way that no installed decoder reads.
    """
    return clean_hu(read_stored(header), header)


def read_stored(header: SliceHeader) -> np.ndarray:
    """Decode the stored values of one slice, before any rescale.

    Returns:
        Integers of the stored width, signed as the header says, (R, C).

    Raises:
        UnreadablePixels: as `read_hu`.
    """
    try:
        decoder = get_decoder(UID(header.transfer_syntax))
    except NotImplementedError as error:
        raise UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax)) from error
    if not decoder.is_available:
        raise UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax))
    try:
        with quiet_pydicom(), header.file.open() as stream:
            dataset = read_dataset(stream, with_pixels=True)
            if dataset is None:
                raise UnreadablePixels("not_dicom", REASONS["not_dicom"])
            stored, _ = decoder.as_array(dataset, raw=True)
    except UnreadablePixels:
        raise
    except Exception as error:  # decoders are many and none promises what it raises: it becomes a fact
        raise _unreadable(header, error) from error
    if stored.shape != (header.rows, header.columns):
        raise UnreadablePixels("unreadable", f"the pixels form {stored.shape}, not the matrix that the header states")
    return stored


def rescaled_hu(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    """Rescale stored values to HU and round half to even; nothing is repaired, padded or clipped.

    Args:
        stored: integers of any shape.
        header: slope and intercept.

    Returns:
        int32 HU of the same shape.
    """
    if header.slope == 1 and header.intercept.is_integer() and abs(header.intercept) < 1 << 30:
        return stored.astype(np.int32) + np.int32(header.intercept)
    hu = np.rint(stored * header.slope + header.intercept)
    return np.clip(hu, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)


def is_wrapped(header: SliceHeader) -> bool:
    """Whether the slice is one of those that hold signed values in 12 unsigned bits, wrapped below zero.

    Source: Howard 2019; 5,276 files of RSNA 2019 stage 1 state an intercept of 0, 50 one of 1. Signed files with
    intercept 0 are sound and stay as they are.
    """
    return header.bits_stored == 12 and not header.is_signed and header.intercept > WRAP_INTERCEPT


def unwrapped_hu(stored: np.ndarray) -> np.ndarray:
    """Undo the wrap: what lies above 3095 belongs 4096 lower; the tag's intercept is thrown away.

    Args:
        stored: wrapped values, 0..4095.

    Returns:
        int32 HU, -1000..3095.
    """
    return (stored.astype(np.int32) + WRAP_SHIFT) % WRAP_RANGE - WRAP_SHIFT


def has_misleading_padding(header: SliceHeader) -> bool:
    """Whether the stated padding value means tissue in HU, so that it can't be taken as padding."""
    if header.padding is None:
        return False
    bounds = _to_hu(np.array(header.padding), header)
    return bool(bounds.max() > TISSUE[0] and bounds.min() < TISSUE[1])


def clean_hu(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    """HU as all of this package uses them; see `read_hu`.

    Args:
        stored: integers as stored, any shape.
        header: rescale, sign, bits and padding.

    Returns:
        int16 HU of the same shape, -1024..3071.
    """
    hu = np.clip(_to_hu(stored, header), HU_FLOOR, HU_CEILING).astype(np.int16)
    hu[_is_padding(stored, header)] = AIR
    return hu


def _is_padding(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    if header.padding is None or has_misleading_padding(header):
        return np.zeros(stored.shape, dtype=bool)
    low, high = header.padding
    return (stored >= low) & (stored <= high)


def _to_hu(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    return unwrapped_hu(stored) if is_wrapped(header) else rescaled_hu(stored, header)


def _no_decoder(syntax: str) -> str:
    name = UID(syntax).name
    if syntax == _JPEG_12_BIT:
        return f"{name} is read by none of the installed decoders; pylibjpeg-libjpeg (GPL) reads it, at your choice"
    return f"{name}: no installed decoder reads it; for compressed files: pip install 'ich[codecs]'"


def _unreadable(header: SliceHeader, error: Exception) -> UnreadablePixels:
    """The code that fits what a decoder raised."""
    text = str(error)
    if "less than expected" in text or isinstance(error, EOFError | zlib.error):
        return UnreadablePixels("truncated", REASONS["truncated"])
    if header.transfer_syntax == _JPEG_12_BIT and isinstance(error, RuntimeError):
        return UnreadablePixels("no_decoder", _no_decoder(header.transfer_syntax))
    return UnreadablePixels("unreadable", f"pixel data can't be decoded ({type(error).__name__})")
