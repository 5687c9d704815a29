"""Which slices of a study stand around each of its slices, told by number or by distance."""

from dataclasses import dataclass

import numpy as np

from ich.errors import ConfigError, DataError

ENDS = "mirrored"  # beyond the first and the last slice a study goes on as in a mirror, the end itself not repeated


@dataclass(frozen=True)
class Neighbours:
    """Slices that come along with each slice as further channels (2.5D), feet to head.

    Attributes:
        each_side: how many on each side; 0, 1 and 2 make 1, 3 and 5 slices.
        apart_mm: distance between them along the normal, so that a net sees the same at every spacing: the slice
            nearest to each place is taken, which in a thick series may be the middle one again; None: the next slices.
    """

    each_side: int = 0
    apart_mm: float | None = None

    def __post_init__(self) -> None:
        if self.each_side < 0:
            raise ConfigError(f"neighbours={self.each_side}: expected 0 or more slices, found {self.each_side}; set it")
        if self.apart_mm is not None and not self.apart_mm > 0:
            raise ConfigError(
                f"neighbour_mm={self.apart_mm}: expected more than 0 mm, or null for the next slices, "
                f"found {self.apart_mm}; set it"
            )

    @property
    def n_images(self) -> int:
        """Slices that a net sees at once."""
        return 2 * self.each_side + 1

    def around(self, n_slices: int, positions_mm: np.ndarray | None = None) -> np.ndarray:
        """Indices of each slice and of those around it.

        Args:
            n_slices: of the study, 1 or more.
            positions_mm: (S,) along the normal, feet to head; needed where neighbours are told by distance.

        Returns:
            int64 (S, n), each row feet to head with its own slice in the middle.

        Raises:
            DataError: neighbours are told by distance, and there are no positions.
        """
        middle = np.arange(n_slices)
        steps = np.arange(-self.each_side, self.each_side + 1)
        if not self.each_side or self.apart_mm is None:
            return mirrored(middle[:, None] + steps, n_slices - 1).astype(np.int64)  # (S, n)
        if positions_mm is None or len(positions_mm) != n_slices:
            raise DataError(
                f"positions_mm: expected those of {n_slices} slices, for this net takes neighbours {self.apart_mm} mm "
                f"apart, found {'none' if positions_mm is None else len(positions_mm)}; hand them in"
            )
        positions = np.asarray(positions_mm, dtype=np.float64) - float(positions_mm[0])  # (S,)
        places = mirrored(positions[:, None] + steps * self.apart_mm, positions[-1])  # (S, n)
        around = nearest(positions, places)
        around[:, self.each_side] = middle  # of repeated positions each slice is its own middle
        return around


ALONE = Neighbours()  # a slice by itself


def mirrored(places: np.ndarray, end: float) -> np.ndarray:
    """Fold places outside 0..end back into it as two mirrors at its ends would, however far outside they are.

    Args:
        places: (S, n), slices or mm; not changed.
        end: the last place, in the same unit.

    Returns:
        (S, n), of the same unit.
    """
    if end <= 0:
        return np.zeros_like(places)
    turned = np.mod(places, 2 * end)
    return np.minimum(turned, 2 * end - turned)


def nearest(positions: np.ndarray, places: np.ndarray) -> np.ndarray:
    """For each place (S, n) the index of the nearest of (S,) rising positions, the lower of two equally near; int64."""
    after = np.clip(np.searchsorted(positions, places), 1, max(len(positions) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(positions) - 1)
    is_after = np.abs(positions[after] - places) < np.abs(positions[before] - places)
    return np.where(is_after, after, before).astype(np.int64)
