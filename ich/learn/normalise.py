"""Mean and standard deviation of windows that a configuration leaves open, measured on training slices."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ich.nets.windows import apply_window, as_windows
from ich.store.store import Store

N_SLICES = 512  # evenly spread over the training studies; more change the third digit


def with_measured_windows(arguments: Mapping[str, Any], store: Store, studies: Sequence[str]) -> dict[str, Any]:
    """A slice net's build arguments with every window's mean and std known.

    Args:
        arguments: build arguments; `windows` holds a null where mean and std are to be measured.
        store: where the slices lie.
        studies: the training studies.
    """
    windows = as_windows(arguments["windows"])
    unknown = [window for window in windows if window.mean is None or window.std is None]
    measured = {}
    if unknown:
        hu = _training_slices(store, studies)
        measured = {window.name: apply_window(hu, window) for window in unknown}
    facts = {
        window.name: {
            "centre": window.centre,
            "width": window.width,
            "mean": float(measured[window.name].mean()) if window.name in measured else window.mean,
            "std": max(float(measured[window.name].std()), 1e-6) if window.name in measured else window.std,
        }
        for window in windows
    }
    return {**arguments, "windows": facts}


def _training_slices(store: Store, studies: Sequence[str]) -> np.ndarray:
    """Int16 (N, size, size), evenly spread over all slices of the studies."""
    table = store.slices[store.slices["study"].isin(studies)]
    chosen = table.iloc[np.unique(np.linspace(0, len(table) - 1, N_SLICES).astype(int))]
    return np.stack(
        [store.read_slice(study, int(index)) for study, index in zip(chosen["study"], chosen["index"], strict=True)]
    )
