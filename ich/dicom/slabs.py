"""Says which thin slices are averaged into one slab."""

import numpy as np

from ich.errors import ConfigError

THIN_MM = 2.5  # median step below which a series is thin


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
