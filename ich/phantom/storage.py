"""How scanners store HU: bits, sign, intercept, and what stands outside the reconstructed circle."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.scanner import OUTSIDE_HU


@dataclass(frozen=True)
class Storage:
    """One way to store HU; slope is always 1.

    Attributes:
        bits_stored: 12 or 16.
        is_signed: PixelRepresentation.
        intercept: RescaleIntercept.
        outside: stored value outside the circle.
        padding: PixelPaddingValue; None when the tag is absent.
        wraps: values below zero come out 4096 higher, as 12 unsigned bits hold them.
    """

    bits_stored: int
    is_signed: bool
    intercept: int
    outside: int
    padding: int | None = None
    wraps: bool = False


# With the share of studies each is used for; as in RSNA, most are signed and mark the outside by -2000 without a tag.
STORAGES = (
    (Storage(16, True, -1024, -2000), 0.40),
    (Storage(12, False, -1024, 0), 0.28),
    (Storage(16, True, -1024, -2000, padding=-2000), 0.12),
    (Storage(12, False, -1000, 0), 0.08),
    (Storage(16, True, 0, -1500, padding=-1500), 0.06),
    (Storage(16, True, -1000, -2000), 0.04),
    (Storage(12, False, 0, 3096, wraps=True), 0.02),
)


def draw_storage(rng: np.random.Generator) -> Storage:
    """Draw one of the ways."""
    shares = np.array([share for _, share in STORAGES])
    return STORAGES[rng.choice(len(STORAGES), p=shares / shares.sum())][0]


def stored(hu: np.ndarray, storage: Storage) -> np.ndarray:
    """The values a file holds for these HU.

    Args:
        hu: int16 of any shape, `OUTSIDE_HU` outside the circle.
        storage: how they are stored.

    Returns:
        int16 or uint16 of the same shape.
    """
    values = hu.astype(np.int32)
    if storage.wraps:
        values = np.maximum(values, -1000) & 4095
    else:
        low, high = (-32768, 32767) if storage.is_signed else (0, (1 << storage.bits_stored) - 1)
        values = np.clip(values - storage.intercept, low, high)
    values[hu == OUTSIDE_HU] = storage.outside
    return values.astype("<i2" if storage.is_signed else "<u2")
