"""What the scanner makes of a head: blur, table, motion, beam hardening, noise, and the edge of the picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from ich.hu import HU_CEILING, HU_FLOOR
from ich.phantom.anatomy.head import Head
from ich.phantom.grid import Grid
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Scanner

OUTSIDE_HU = -3024  # HU that marks pixels outside the reconstructed circle until they are stored
BLUR_MM = 0.45  # standard deviation of a soft kernel's point spread
REFERENCE_PIXEL_MM = 0.98  # noise is stated at this pixel and at slices of 5 mm


@dataclass(frozen=True)
class Exposure:
    """How one study was scanned.

    Attributes:
        noise_hu: standard deviation in brain.
        hardening_hu: depth of the dark band between the petrous bones.
        streaks_hu: standard deviation of streaks at the base.
        rim_hu: brightening of brain beside bone.
        moved: slices with motion.
        circle: whether pixels outside the reconstructed circle are marked.
        table: float32 (R, C) HU of table and head-rest, -1000 elsewhere.
        table_slices: the head-rest is seen in these.
    """

    noise_hu: float
    hardening_hu: float
    streaks_hu: float
    rim_hu: float
    moved: frozenset[int]
    circle: bool
    table: np.ndarray
    table_slices: range


def draw_exposure(grid: Grid, scanner: Scanner, *, noise: float, rng: np.random.Generator) -> Exposure:
    """Draw how a study is scanned; `noise` is a factor on the scanner's."""
    thin = np.sqrt(REFERENCE_PIXEL_MM / grid.pixel_mm * 5.0 / grid.spacing_mm)
    moved: frozenset[int] = frozenset()
    if rng.random() < scanner.motion_share:
        first = int(rng.integers(0, grid.n_slices))
        moved = frozenset(range(first, min(first + int(rng.integers(1, 5)), grid.n_slices)))
    first = int(rng.integers(0, max(grid.n_slices // 3, 1))) if rng.random() < 0.3 else 0
    return Exposure(
        noise_hu=noise * rng.uniform(*scanner.noise_hu) * thin,
        hardening_hu=rng.uniform(2, 11),
        streaks_hu=rng.uniform(0.6, 3.0),
        rim_hu=rng.uniform(2, 8),
        moved=moved,
        circle=bool(rng.random() < 0.8),
        table=_table(grid, rng),
        table_slices=range(first, grid.n_slices),
    )


def scan_head(head: Head, grid: Grid, *, exposure: Exposure, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
    """Scan a head.

    Args:
        head: HU without blur and noise.
        grid: its geometry.
        exposure: how it is scanned.
        bank: grain of the noise.
        rng: draws noise and motion.

    Returns:
        int16 (S, R, C) HU; `OUTSIDE_HU` outside the reconstructed circle.
    """
    hu = np.empty(head.fields.hu.shape, dtype=np.int16)
    outside = outside_circle(grid.size) if exposure.circle else None
    heights = grid.to_head[2] @ np.array(
        [np.arange(grid.n_slices), *np.full((2, grid.n_slices), grid.size / 2), np.ones(grid.n_slices)]
    )
    for s in range(grid.n_slices):
        plane: np.ndarray = head.fields.hu[s]
        if s in exposure.table_slices:
            plane = np.where(plane < -700, exposure.table, plane)  # a head that lies deeper presses into its cushion
        if s in exposure.moved:
            plane = _moved(plane, grid, rng)
        plane = cv2.GaussianBlur(plane, (0, 0), BLUR_MM / grid.pixel_mm)
        plane = plane + _hardening(head, grid, exposure, index=s, height=heights[s] - head.base_mm, rng=rng)
        plane = plane + bank.grain(grid.size, rng) * noise_level(head, exposure, index=s)
        np.rint(np.clip(plane, HU_FLOOR, HU_CEILING), out=plane)
        hu[s] = plane
        if outside is not None:
            hu[s][outside] = OUTSIDE_HU
    return hu


def outside_circle(size: int) -> np.ndarray:
    """Which pixels lie outside the reconstructed circle, bool (size, size)."""
    along = np.arange(size, dtype=np.float32) - (size - 1) / 2
    return along[:, None] ** 2 + along[None, :] ** 2 > (size / 2) ** 2


def noise_level(head: Head, exposure: Exposure, *, index: int) -> np.ndarray:
    """Standard deviation of noise over a slice, float32 (R, C) HU: highest in the middle of a wide head."""
    depth = np.clip(-head.fields.cavity[index], 0, 60)
    return np.float32(exposure.noise_hu) * (np.float32(0.85) + depth * np.float32(0.3 / 60))


def _table(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """A head-rest seen from its end: a thin shell, U-shaped under the head, and sometimes a table below."""
    along = ((np.arange(grid.size) - (grid.size - 1) / 2) * grid.pixel_mm).astype(np.float32)
    x, y = along[None, :] - np.float32(rng.normal(0, 4)), along[:, None]
    bottom, wide = rng.uniform(100, 112), rng.uniform(92, 112)
    shape = np.abs(x * np.float32(1 / wide)) ** np.float32(rng.uniform(2.2, 5.0))
    surface = np.float32(bottom) - shape * np.float32(rng.uniform(60, 110))
    steep = np.sqrt(1 + np.gradient(surface, grid.pixel_mm, axis=1) ** 2)
    off = np.abs(y - surface) / steep
    shell = np.clip(np.float32(rng.uniform(0.8, 1.6)) - off + np.float32(0.5), 0, 1)
    shell = shell * (np.abs(x) < wide)
    return np.float32(-1000) + shell * np.float32(rng.uniform(900, 1300))


def _moved(plane: np.ndarray, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Parts of the turn saw the head elsewhere: two turned and shifted heads overlaid."""
    centre = (grid.size / 2, grid.size / 2)
    copies = [plane]
    for _ in range(2):
        turn = cv2.getRotationMatrix2D(centre, rng.normal(0, 2.0), 1.0)
        turn[:, 2] = turn[:, 2] + rng.normal(0, 2.5 / grid.pixel_mm, 2)
        copies.append(cv2.warpAffine(plane, turn, plane.shape[::-1], borderMode=cv2.BORDER_CONSTANT, borderValue=-1000))
    weights = rng.dirichlet((6, 2, 2)).astype(np.float32)
    return sum(weight * copy for weight, copy in zip(weights, copies, strict=True))


def _hardening(
    head: Head, grid: Grid, exposure: Exposure, *, index: int, height: float, rng: np.random.Generator
) -> np.ndarray:
    """Bright rim beside bone everywhere; a dark band and streaks between the petrous bones, float32 (R, C) HU."""
    depth = np.maximum(-head.fields.cavity[index], 0)
    inside = head.fields.cavity[index] < 0
    added = inside * np.float32(exposure.rim_hu) * np.exp(depth * np.float32(-1 / 5))
    near = np.exp(-((height / 14) ** 2))
    if near < 0.05:
        return added
    inverse = np.linalg.inv(grid.to_head[:, :3])
    _, row, column = inverse @ (np.array([0.0, 4.0, head.base_mm]) - grid.to_head[:, 3])
    down = ((np.arange(grid.size) - row) * grid.pixel_mm).astype(np.float32)[:, None]
    right = ((np.arange(grid.size) - column) * grid.pixel_mm).astype(np.float32)[None, :]
    band = np.exp(-((down / 9) ** 2)) * np.exp(-((right / 45) ** 2))
    added = added - inside * band * np.float32(exposure.hardening_hu * near)
    return added + inside * _streaks(down, right, strength=exposure.streaks_hu * near, rng=rng)


def _streaks(down: np.ndarray, right: np.ndarray, *, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Streaks that fan out of both petrous apexes, float32 (R, C) HU."""
    total: np.ndarray = np.zeros(np.broadcast_shapes(down.shape, right.shape), dtype=np.float32)
    for side in (-1, 1):
        x, y = right - np.float32(side * 30), down + np.float32(rng.normal(0, 4))
        angle = np.arctan2(y, x)
        fan = np.zeros_like(angle)
        for wave in (7, 11, 17):
            fan += np.sin(angle * np.float32(wave) + np.float32(rng.uniform(0, 6.28)))
        total = total + fan / (1 + (x * x + y * y) * np.float32(1 / 45**2))
    return total * np.float32(strength * 0.5)
