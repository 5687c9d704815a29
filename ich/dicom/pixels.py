"""Turns the stored pixels of one slice into HU."""

from dataclasses import dataclass, field

import numpy as np

from ich.dicom.encoding.decode import decode
from ich.dicom.header import SliceHeader
from ich.hu import AIR, HU_CEILING, HU_FLOOR

WRAP_SHIFT, WRAP_RANGE = 1000, 4096  # HU; Howard 2019, "Some DICOM gotchas to be aware of" (Kaggle)
WRAP_INTERCEPT = -100  # HU; wrapped files say 0 or 1, sound unsigned ones -1000 or -1024

# HU; a padding value inside can't be told from tissue, and honouring it would tear holes into brain.
TISSUE = (-200, 2000)

_SMALL_INTERCEPT = 1 << 14  # HU; up to here clipped values and their sum with the intercept fit 16 bits


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

    Args:
        header: as `read_headers` gave it.

    Raises:
        UnreadablePixels: the pixels are cut off, damaged or compressed in a way that no installed decoder reads.
    """
    raw = decode(header)
    stored = significant_bits(raw, header)
    padding = _padding_mask(stored, header)
    if padding is not None and stored is not raw:
        # A padding value may use the bits above the stored ones (-2000 as 63536 in 12 bits).
        padding |= _padding_mask(raw, header)
    return _plane(stored, header, padding=padding)


def read_hu(header: SliceHeader) -> np.ndarray:
    """Read one slice as HU.

    Rescaled and rounded; the 12-bit wrap repaired; padding and all below -1024 set to -1024; clipped at 3071.
    MONOCHROME1 only says that a page shows low values white, after windowing (PS3.3 C.7.6.3.1.2); its HU are what the
    rescale gives (C.11.1.1), as in pydicom 3.0.2. SimpleITK 2.5.7 turns the stored values round for display instead.

    Args:
        header: as `read_headers` gave it.

    Returns:
        int16 HU, (R, C).

    Raises:
        UnreadablePixels: as `read_plane`.
    """
    return read_plane(header).hu


def read_stored(header: SliceHeader) -> np.ndarray:
    """Read the stored values of one slice, before any rescale.

    Returns:
        Integers of the allocated width, signed as the header says, (R, C).

    Raises:
        UnreadablePixels: as `read_plane`.
    """
    return significant_bits(decode(header), header)


def significant_bits(raw: np.ndarray, header: SliceHeader) -> np.ndarray:
    """Clear the bits above the stored ones, or fill them with the sign: what lies there is no part of the value.

    Source: DICOM PS3.5 8.1.1. Overlays and a decoder's missing sign (a JPEG 2000 stream that says "unsigned" of signed
    values, JPEG lossless) are found there.

    Args:
        raw: integers of the allocated width.
        header: bits stored and sign.

    Returns:
        Integers of the same width in the machine's byte order, signed as the header says; `raw` itself where each
        allocated bit is stored and the order is the machine's.
    """
    stored = raw.astype(np.dtype(f"{'i' if header.is_signed else 'u'}{raw.itemsize}"), copy=False)
    unused = 8 * raw.itemsize - header.bits_stored
    return (stored << unused) >> unused if unused > 0 else stored


def rescaled_hu(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    """Rescale stored values to HU and round half to even; nothing is repaired, padded or clipped.

    Args:
        stored: integers of any shape.
        header: slope and intercept.

    Returns:
        int32 HU of the same shape.
    """
    if header.slope == 1 and header.intercept.is_integer() and stored.itemsize < 4 and abs(header.intercept) < 1 << 30:
        return stored.astype(np.int32) + np.int32(header.intercept)
    hu = np.rint(stored * header.slope + header.intercept)
    return np.clip(hu, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)


def is_wrapped(header: SliceHeader) -> bool:
    """Whether the slice is one of those that hold signed values in 12 unsigned bits, wrapped below zero.

    Source: Howard 2019; 5,276 files of RSNA 2019 stage 1 state an intercept of 0, 50 one of 1. Signed files with
    intercept 0 are sound and stay as they are, and so do files that state none.
    """
    stated = header.has_rescale and header.intercept > WRAP_INTERCEPT
    return header.bits_stored == 12 and not header.is_signed and stated


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
    return _plane(stored, header, padding=_padding_mask(stored, header)).hu


def _plane(stored: np.ndarray, header: SliceHeader, *, padding: np.ndarray | None) -> Plane:
    lowest, highest = int(stored.min()), int(stored.max())
    shift = _whole_shift(stored, header)
    if shift is None:
        unclipped = _to_hu(stored, header)
        below = unclipped < HU_FLOOR
        hu = np.clip(unclipped, HU_FLOOR, HU_CEILING).astype(np.int16)
    else:
        below = stored < shift.low if lowest < shift.low else np.zeros((), dtype=bool)
        inside = stored if lowest >= shift.low and highest <= shift.high else np.clip(stored, shift.low, shift.high)
        hu = np.add(inside, np.int16(shift.hu), dtype=np.int16, casting="unsafe")
    n_air = int(np.count_nonzero(below if padding is None else below & ~padding))
    if padding is not None:
        hu[padding] = AIR
    return Plane(hu, lowest, highest, n_air)


@dataclass(frozen=True, slots=True)
class _Shift:
    """A rescale that only adds whole HU, and the stored values between which the result needs no clipping."""

    hu: int
    low: int
    high: int


def _whole_shift(stored: np.ndarray, header: SliceHeader) -> _Shift | None:
    """The shift where that is all the rescale does and 16 bits hold each step of it: 4 times faster than 32 bits."""
    shift, limits = header.intercept, np.iinfo(stored.dtype)
    if header.slope != 1 or not shift.is_integer() or abs(shift) > _SMALL_INTERCEPT or is_wrapped(header):
        return None
    low, high = max(HU_FLOOR - int(shift), limits.min), min(HU_CEILING - int(shift), limits.max)
    return _Shift(int(shift), low, high) if low <= high else None


def _padding_mask(stored: np.ndarray, header: SliceHeader) -> np.ndarray | None:
    """Which values are padding; None where the header names none that can be honoured."""
    if header.padding is None or has_misleading_padding(header):
        return None
    low, high = header.padding
    return stored == low if low == high else (stored >= low) & (stored <= high)


def _to_hu(stored: np.ndarray, header: SliceHeader) -> np.ndarray:
    return unwrapped_hu(stored) if is_wrapped(header) else rescaled_hu(stored, header)
