"""Averages thin slices into slabs: which slices go together, and how sheared ones are brought over each other."""

import math
from collections.abc import Sequence

import numpy as np

from ich.dicom.header import SliceHeader
from ich.errors import ConfigError
from ich.hu import AIR, HU_CEILING

THIN_MM = 2.5  # median step below which a series is thin
LEAST_SHIFT = 0.05  # of a pixel; less is the rounding of positions, and moving by it would only blur


def slab_groups(positions_mm: np.ndarray, slab_mm: float) -> list[list[int]]:
    """Share slices out to slabs of equal height, about `slab_mm` each, so that every slice is in one slab.

    Args:
        positions_mm: (S,) ascending.
        slab_mm: wanted height of a slab.

    Returns:
        Indices of the slices of each slab, feet to head; a slab in a gap, without slices, is left out.

    Raises:
        ConfigError: `slab_mm` is not above 0.

    Example:
        >>> slab_groups(np.arange(10.0), 5.0)
        [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    """
    if not slab_mm > 0:
        raise ConfigError(f"slab_mm={slab_mm}: expected a height above 0 mm, found that; use 5.0, or null for none")
    steps = np.diff(positions_mm)
    if len(steps) == 0:
        return [list(range(len(positions_mm)))]
    step = float(np.median(steps))
    extent = float(positions_mm[-1] - positions_mm[0]) + step
    n_slabs = max(1, round(extent / slab_mm))
    shares = (positions_mm - positions_mm[0] + step / 2) / extent  # 0..1, the middle of each slice
    numbers = np.minimum((shares * n_slabs).astype(int), n_slabs - 1)
    return [np.flatnonzero(numbers == number).tolist() for number in np.unique(numbers)]


def is_thin(step_mm: float | None) -> bool:
    """Whether slices this far apart are thin ones, to be averaged."""
    return step_mm is not None and step_mm < THIN_MM


def first_pixels(headers: Sequence[SliceHeader], shape: tuple[int, int]) -> np.ndarray:
    """Where the first pixel of each slice lies in its own plane, in pixels along its columns and its rows.

    In a straight stack all are equal. A tilted gantry whose table moves along the body makes each plane start further
    on than the one below: pixels of equal index then lie beside each other, not above.

    Args:
        headers: slices of one orientation.
        shape: rows and columns to which the slices were padded.

    Returns:
        float64 (S, 2).
    """
    found = []
    for header in headers:
        along_row, along_column = header.orientation[:3], header.orientation[3:]
        down = sum(a * b for a, b in zip(header.position, along_column, strict=True)) / header.pixel_spacing[0]
        right = sum(a * b for a, b in zip(header.position, along_row, strict=True)) / header.pixel_spacing[1]
        top, left = (shape[0] - header.rows) // 2, (shape[1] - header.columns) // 2
        found.append((down - top, right - left))
    return np.array(found)


def slab_mean(planes: Sequence[np.ndarray], firsts: np.ndarray) -> np.ndarray:
    """Mean in HU of neighbouring planes, each first moved in its own plane to the slab's middle.

    Args:
        planes: int16 HU (R, C) each.
        firsts: float64 (planes, 2) as `first_pixels` gives them.

    Returns:
        int16 HU (R, C), rounded; air comes in from beyond the edges.
    """
    if len(planes) == 1:
        return planes[0]
    shifts = firsts - firsts.mean(axis=0)
    is_sheared = np.abs(shifts).max() >= LEAST_SHIFT
    total = np.zeros(planes[0].shape, dtype=np.float32)
    for plane, (down, right) in zip(planes, shifts, strict=True):
        total += moved(plane, rows=down, columns=right) if is_sheared else plane
    return np.rint(np.clip(total / len(planes), AIR, HU_CEILING)).astype(np.int16)


def moved(plane: np.ndarray, *, rows: float, columns: float) -> np.ndarray:
    """Move a plane by parts of a pixel, cubic between pixels; air comes in from beyond the edges.

    Not linear: that would smooth the noise of the planes that are moved, and nets see it. Read so, study logits of
    tilted 1 mm heads lay twice as far from those of 5 mm scans as two 5 mm scans from each other
    (benchmarks/thin_slices.py).

    Args:
        plane: HU (R, C).
        rows: how far down, in pixels.
        columns: how far to the right.

    Returns:
        float32 (R, C); beside steep edges a little beyond the values of the plane.

    Example:
        >>> moved(np.array([[0, 0, 100, 0, 0, 0]]), rows=0, columns=0.5)[0, 2:5].tolist()
        [56.25, 56.25, -6.25]
    """
    down = _moved_along_rows(plane.astype(np.float32), rows)
    return _moved_along_rows(down.T, columns).T


def _moved_along_rows(plane: np.ndarray, distance: float) -> np.ndarray:
    """Cubic convolution, which leaves ramps as they are (Keys, IEEE Trans. ASSP 1981;29:1153, a = -1/2)."""
    whole = math.floor(distance)
    f = distance - whole
    if f == 0:
        return _rolled(plane, whole)
    weights = (
        f * (-0.5 + f * (1 - 0.5 * f)),
        1 + f * f * (-2.5 + 1.5 * f),
        f * (0.5 + f * (2 - 1.5 * f)),
        f * f * (-0.5 + 0.5 * f),
    )
    steps = (-1, 0, 1, 2)
    parts = (np.float32(weight) * _rolled(plane, whole + step) for weight, step in zip(weights, steps, strict=True))
    return sum(parts, np.zeros_like(plane))


def _rolled(plane: np.ndarray, whole: int) -> np.ndarray:
    """Rows moved by a whole number, air where none comes from."""
    result = np.full_like(plane, AIR)
    n_rows = len(plane)
    if abs(whole) >= n_rows:
        return result
    result[max(0, whole) : n_rows + min(0, whole)] = plane[max(0, -whole) : n_rows - max(0, whole)]
    return result
