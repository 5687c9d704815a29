"""Measures the steps between ordered slices: usual step, sizes that differ, gaps, and how many slices may miss."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ich.numerals import in_words

UNEVEN_SHARE = 0.05  # of a step
UNEVEN_MM = 0.1  # scanners state positions to 0.01 or 0.1 mm, so equal steps differ by up to this
GAP_STEPS = 1.8  # times the usual step nearby: a missing slice makes 2
NEARBY = 3  # steps on each side; a stack of two thicknesses has two usual steps
_ROUNDING_MM = 1e-6  # of what binary numbers make of decimal text


@dataclass(frozen=True)
class Spacing:
    """Steps between neighbouring positions along the normal; all None or 0 where there is one position.

    Attributes:
        step_mm: median step.
        smallest_step_mm, largest_step_mm: the extremes.
        n_steps: how many sizes of step there are, those within 5 % or 0.1 mm of each other taken as one.
        n_gaps: steps of at least 1.8 times the usual one nearby.
        n_missing: slices that would fill the gaps, an estimate.
    """

    step_mm: float | None = None
    smallest_step_mm: float | None = None
    largest_step_mm: float | None = None
    n_steps: int = 0
    n_gaps: int = 0
    n_missing: int = 0


def measure_spacing(positions_mm: np.ndarray) -> Spacing:
    """Measure the steps of a stack.

    Args:
        positions_mm: float64 (P,), ascending, each position once.

    Example:
        >>> measure_spacing(np.array([0.0, 5, 10, 15, 25])).n_missing
        1
    """
    steps = np.diff(positions_mm)
    if not len(steps):
        return Spacing()
    nearby = np.lib.stride_tricks.sliding_window_view(np.pad(steps, NEARBY, mode="reflect"), 2 * NEARBY + 1)
    usual = np.median(nearby, axis=1)
    gaps = steps >= GAP_STEPS * usual
    missing = np.rint(steps[gaps] / usual[gaps]).astype(int) - 1
    return Spacing(
        step_mm=float(np.median(steps)),
        smallest_step_mm=float(steps.min()),
        largest_step_mm=float(steps.max()),
        n_steps=_sizes(steps),
        n_gaps=int(gaps.sum()),
        n_missing=int(missing.sum()),
    )


def spacing_warnings(spacing: Spacing) -> list[str]:
    """Sentences on uneven steps and gaps."""
    found = []
    if spacing.n_steps > 1:
        found.append(
            f"the step between slices varies from {spacing.smallest_step_mm:.2f} to {spacing.largest_step_mm:.2f} mm"
        )
    if spacing.n_gaps:
        gaps = in_words(spacing.n_gaps, "gap,|gaps, the largest of")
        missing = in_words(spacing.n_missing, "slice|slices is|are missing")
        found.append(
            f"{gaps} {spacing.largest_step_mm:.2f} mm where {spacing.step_mm:.2f} mm is usual: about {missing}"
        )
    return found


def _sizes(steps: Sequence[float] | np.ndarray) -> int:
    """Number of step sizes: the smallest opens one, and each that is clearly larger than it opens the next."""
    n_sizes, limit = 0, -np.inf
    for step in np.sort(steps):
        if step > limit:
            n_sizes += 1
            limit = step + max(UNEVEN_SHARE * step, UNEVEN_MM) + _ROUNDING_MM
    return n_sizes
