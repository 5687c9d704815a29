"""Mean and standard deviation of windows, measured on training slices for windows that bring none."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ich.data.rows import rows_of
from ich.hu import HU_CEILING, HU_FLOOR
from ich.progress import Progress, quiet
from ich.store.store import Store


def measure_window_statistics(
    store: Store, studies: Sequence[str], *, windows: Mapping[str, Mapping[str, Any]], progress: Progress = quiet
) -> dict[str, dict[str, Any]]:
    """Fill in mean and std where they are null.

    Args:
        store: whose HU are read, at the store's size.
        studies: keys of the training studies.
        windows: name to {centre, width, mean, std}.
        progress: how long it takes.

    Returns:
        The same mapping, in its order, with numbers for mean and std of every window; those given stay as they are.
    """
    filled = {name: dict(window) for name, window in windows.items()}
    open_ones = [window for window in filled.values() if window.get("mean") is None or window.get("std") is None]
    if not open_ones:
        return filled
    counts = hu_histogram(store, studies, progress=progress)
    for window in open_ones:
        window["mean"], window["std"] = _moments(counts, centre=window["centre"], width=window["width"])
    return filled


def hu_histogram(store: Store, studies: Sequence[str], *, progress: Progress = quiet) -> np.ndarray:
    """How often each HU from -1024 to 3071 occurs in some studies; int64 (4096,)."""
    counts = np.zeros(HU_CEILING - HU_FLOOR + 1, dtype=np.int64)
    slices = store.slices.iloc[rows_of(store, studies)]
    numbers = zip(slices["study"], slices["index"], strict=True)
    for study, index in progress(numbers, total=len(slices), description="window statistics"):
        hu = np.clip(store.read_slice(study, int(index)), HU_FLOOR, HU_CEILING)
        counts += np.bincount((hu.astype(np.int64) - HU_FLOOR).ravel(), minlength=len(counts))
    return counts


def _moments(counts: np.ndarray, *, centre: float, width: float) -> tuple[float, float]:
    """Mean and standard deviation of HU seen through a window (as `ich.nets.windows.apply_window` maps them)."""
    hu = np.arange(HU_FLOOR, HU_CEILING + 1)
    values = np.interp(hu, [centre - width / 2, centre + width / 2], [0, 1])
    mean = float(np.average(values, weights=counts))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))
