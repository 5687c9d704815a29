"""Scans one made head several times: at its own or a multiple of its slice thickness, each time with other noise."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ich.hu import HU_CEILING, HU_FLOOR
from ich.phantom.grid import Grid
from ich.phantom.noise import noise_bank
from ich.phantom.scanner import OUTSIDE_HU, noise_level, outside_circle, scan_head
from ich.phantom.study import DrawnStudy


@dataclass(frozen=True, eq=False)
class Seen:
    """What a scanner without noise would see of a head, and how much noise belongs on it.

    Attributes:
        hu: float32 (S, R, C), feet to head.
        noise_hu: float32 (S, R, C), standard deviation of the noise.
        grid: its geometry.
        circle: whether pixels outside the reconstructed circle are marked.
    """

    hu: np.ndarray
    noise_hu: np.ndarray
    grid: Grid
    circle: bool


def see_head(drawn: DrawnStudy, rng: np.random.Generator) -> Seen:
    """Scan a head without noise; motion and streaks are part of what every scan of it will show."""
    silent = replace(drawn.exposure, noise_hu=0.0, circle=False)
    hu = scan_head(drawn.head, drawn.grid, exposure=silent, bank=noise_bank(), rng=rng)
    noise = [noise_level(drawn.head, drawn.exposure, index=s) for s in range(drawn.grid.n_slices)]
    return Seen(hu.astype(np.float32), np.stack(noise), drawn.grid, drawn.exposure.circle)


def thicker(seen: Seen, factor: int) -> Seen:
    """The head in slices `factor` times as thick: each the mean along the normal, with less noise by the square root.

    Planes of a tilted stack are sheared against each other; they are brought over one another before the mean.
    Thin slices that don't fill a thick one at the head's end are left out.
    """
    grid = seen.grid.thicker(factor)
    offsets = np.arange(factor) - (factor - 1) / 2
    hu, noise = (
        np.stack([_mean(volume[s * factor : (s + 1) * factor], offsets, seen.grid) for s in range(grid.n_slices)])
        for volume in (seen.hu, seen.noise_hu)
    )
    return Seen(hu, noise / np.float32(np.sqrt(factor)), grid, seen.circle)


def scan_again(seen: Seen, rng: np.random.Generator) -> np.ndarray:
    """Put new noise on a head.

    Returns:
        int16 (S, R, C) HU; `OUTSIDE_HU` outside the reconstructed circle.
    """
    bank = noise_bank()
    hu = np.empty(seen.hu.shape, dtype=np.int16)
    for s in range(len(hu)):
        noisy = seen.hu[s] + bank.grain(seen.grid.size, rng) * seen.noise_hu[s]
        hu[s] = np.rint(np.clip(noisy, HU_FLOOR, HU_CEILING))
    if seen.circle:
        hu[:, outside_circle(seen.grid.size)] = OUTSIDE_HU
    return hu


def _mean(planes: np.ndarray, offsets: np.ndarray, grid: Grid) -> np.ndarray:
    """Mean of neighbouring planes (n, R, C), each moved along its columns to lie over the middle of them all."""
    # In a tilted stack a place of the gantry moves by these rows from slice to slice.
    rows = grid.spacing_mm * np.tan(grid.tilt) / grid.pixel_mm
    moved = [_moved(plane, -offset * rows) for plane, offset in zip(planes, offsets, strict=True)]
    return np.stack(moved).mean(axis=0)


def _moved(plane: np.ndarray, rows: float) -> np.ndarray:
    """The plane sampled `rows` pixels further down."""
    if rows == 0:
        return plane
    shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, rows]])
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, shift, plane.shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
