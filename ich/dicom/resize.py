"""Brings a matrix of HU to a square of the wanted size."""

import cv2
import numpy as np

from ich.hu import AIR


def square(hu: np.ndarray) -> np.ndarray:
    """Pad with air, evenly on both sides, to a square.

    Args:
        hu: int16 HU, (R, C) or (S, R, C).

    Returns:
        int16 of (side, side) or (S, side, side), side the longer of R and C; `hu` itself where it is square.
    """
    rows, columns = hu.shape[-2:]
    side = max(rows, columns)
    return pad_to(hu, side, columns=side)


def pad_to(hu: np.ndarray, rows: int, *, columns: int) -> np.ndarray:
    """Pad with air to a matrix at least as large, the old one in the middle.

    Args:
        hu: int16 HU, (R, C) or (S, R, C).
        rows: wanted, not below R.
        columns: wanted, not below C.
    """
    top, left = (rows - hu.shape[-2]) // 2, (columns - hu.shape[-1]) // 2
    bottom, right = rows - hu.shape[-2] - top, columns - hu.shape[-1] - left
    if not (top or left or bottom or right):
        return hu
    widths = [(0, 0)] * (hu.ndim - 2) + [(top, bottom), (left, right)]
    return np.pad(hu, widths, constant_values=AIR)


def resize_hu(hu: np.ndarray, size: int) -> np.ndarray:
    """Resize by area, in HU, after padding to a square.

    Args:
        hu: int16 HU, (R, C) or (S, R, C).
        size: rows and columns of the result.

    Returns:
        int16 of (size, size) or (S, size, size), rounded; `hu` itself where nothing changes.
    """
    hu = square(hu)
    if hu.shape[-1] == size:
        return hu
    if hu.ndim == 2:
        return cv2.resize(hu, (size, size), interpolation=cv2.INTER_AREA)
    resized = np.empty((len(hu), size, size), dtype=np.int16)
    for index, matrix in enumerate(hu):
        resized[index] = cv2.resize(matrix, (size, size), interpolation=cv2.INTER_AREA)
    return resized
