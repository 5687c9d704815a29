"""Draws made heads, and real ones beside them, in the brain window."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BRAIN_WINDOW = (0.0, 80.0)  # HU; centre 40, width 80
INCHES = 1.6  # edge of one slice


def draw_heads(path: Path, made: Sequence[np.ndarray], *, real: Sequence[np.ndarray] | None = None) -> None:
    """Draw slices in rows: made heads first, real ones below.

    Args:
        path: the picture to write; its ending says the format.
        made: HU slices (R, C), feet to head; a row holds as many as `real` has, or at most nine.
        real: HU slices (R, C) of a real head; None where there is none.
    """
    per_row = len(real) if real else min(len(made), 9)
    rows = [("made", made[first : first + per_row]) for first in range(0, len(made), per_row)]
    if real:
        rows.append(("real", real))
    figure = Figure(figsize=(INCHES * per_row, INCHES * 1.06 * len(rows)), dpi=160, facecolor="black")
    FigureCanvasAgg(figure)  # no window, no global state
    for row, (name, slices) in enumerate(rows):
        for column, hu in enumerate(slices):
            axes = figure.add_axes(_place(row, column, n_rows=len(rows), per_row=per_row))
            axes.imshow(np.clip(hu, *BRAIN_WINDOW), cmap="gray", vmin=BRAIN_WINDOW[0], vmax=BRAIN_WINDOW[1])
            axes.set_axis_off()
            if column == 0:
                axes.text(0.02, 0.98, name, color="white", fontsize=8, va="top", transform=axes.transAxes)
    figure.savefig(path, facecolor="black")


def _place(row: int, column: int, *, n_rows: int, per_row: int) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a slice, as shares of the figure."""
    return column / per_row, 1 - (row + 1) / n_rows, 0.99 / per_row, 0.98 / n_rows
