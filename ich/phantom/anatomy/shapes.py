"""Shapes as signed distances in mm, negative inside, and what share of a voxel they cover.

All fields, here and in the other files of this room, are float32 (S, R, C), the shape of the grid whose `Points` they
are evaluated on; x, y, z handed in by themselves are of any one shape, and so is what comes back.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ich.phantom.grid import Grid
from ich.phantom.noise import NoiseBank

FAR = np.float32(40.0)  # mm; the distance where a shape was not evaluated
MARGIN = 9.0  # mm around a shape where its distance is needed

Box = tuple[slice, slice, slice]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Points:
    """Where the voxels of a grid lie in the head.

    Attributes:
        x: float32 (S, R, C), mm to the left of the midline.
        y: float32 (S, R, C), mm behind the head's middle.
        z: float32 (S, R, C), mm above the head's middle.
        grid: the grid they belong to.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    grid: Grid

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.grid.n_slices, self.grid.size, self.grid.size

    def box(self, centre: Triple, reach: Triple) -> Box:
        """Index box that holds every voxel within `reach` mm (along x, y, z) of a centre; maybe empty."""
        inverse = np.linalg.inv(self.grid.to_head[:, :3])
        middle = inverse @ (np.asarray(centre) - self.grid.to_head[:, 3])
        half = np.abs(inverse) @ np.asarray(reach)
        low = np.clip(np.floor(middle - half), 0, self.shape).astype(int)
        high = np.clip(np.ceil(middle + half) + 1, 0, self.shape).astype(int)
        return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]


def points_of(grid: Grid) -> Points:
    """The voxel centres of a grid in the head's frame."""
    s = np.arange(grid.n_slices, dtype=np.float32)[:, None, None]
    r = np.arange(grid.size, dtype=np.float32)[None, :, None]
    c = np.arange(grid.size, dtype=np.float32)[None, None, :]
    x, y, z = (
        np.float32(row[0]) * s + np.float32(row[1]) * r + (np.float32(row[2]) * c + np.float32(row[3]))
        for row in grid.to_head
    )
    return Points(x, y, z, grid)


def far_field(points: Points) -> np.ndarray:
    """A distance field without any shape, float32 (S, R, C)."""
    return np.full(points.shape, FAR, dtype=np.float32)


def smooth_field(points: Points, bank: NoiseBank, *, wavelength: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise on the whole grid, float32 (S, R, C); long waves are looked up on few pixels."""
    step = 4 if wavelength > 20 * points.grid.pixel_mm else 2
    if wavelength < 10 * points.grid.pixel_mm or points.grid.size % step:
        return bank.smooth(points.x, points.y, points.z, wavelength=wavelength, rng=rng)
    x, y, z = (p[:, ::step, ::step] for p in (points.x, points.y, points.z))
    few = bank.smooth(x, y, z, wavelength=wavelength, rng=rng)
    size = points.grid.size
    return np.stack([cv2.resize(plane, (size, size), interpolation=cv2.INTER_LINEAR) for plane in few])


def ellipsoid(x: np.ndarray, y: np.ndarray, z: np.ndarray, *, centre: Triple, semi: Triple) -> np.ndarray:
    """Distance to an ellipsoid, exact to first order near its surface.

    Source: I. Quilez, "ellipsoid SDF": k0 (k0 - 1) / k1.
    """
    u, v, w = ((p - np.float32(c)) * np.float32(1 / s) for p, c, s in zip((x, y, z), centre, semi, strict=True))
    k0 = u * u + v * v + w * w
    k1 = (u * np.float32(1 / semi[0])) ** 2 + (v * np.float32(1 / semi[1])) ** 2 + (w * np.float32(1 / semi[2])) ** 2
    k0 = np.sqrt(k0)
    return k0 * (k0 - 1) / np.sqrt(k1 + np.float32(1e-9))


def capsule(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, *, start: Triple, end: Triple, radii: tuple[float, float]
) -> np.ndarray:
    """Distance to a rod with round ends whose radius runs from one value to the other."""
    axis = np.asarray(end, dtype=np.float64) - np.asarray(start)
    length = float(axis @ axis)
    dx, dy, dz = (p - np.float32(a) for p, a in zip((x, y, z), start, strict=True))
    along = (dx * np.float32(axis[0]) + dy * np.float32(axis[1]) + dz * np.float32(axis[2])) * np.float32(1 / length)
    along = np.clip(along, 0, 1)
    dx, dy, dz = (d - along * np.float32(a) for d, a in zip((dx, dy, dz), axis, strict=True))
    return np.sqrt(dx * dx + dy * dy + dz * dz) - (np.float32(radii[0]) + along * np.float32(radii[1] - radii[0]))


def add_ellipsoid(field: np.ndarray, points: Points, *, centre: Triple, semi: Triple) -> None:
    """Unite a distance field, in place, with an ellipsoid; only the voxels near it are touched."""
    box = points.box(centre, tuple(s + MARGIN for s in semi))  # type: ignore[arg-type]
    shape = ellipsoid(points.x[box], points.y[box], points.z[box], centre=centre, semi=semi)
    np.minimum(field[box], shape, out=field[box])


def add_capsule(field: np.ndarray, points: Points, *, start: Triple, end: Triple, radii: tuple[float, float]) -> None:
    """Unite a distance field, in place, with a rod; only the voxels near it are touched."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    box = points.box(tuple((low + high) / 2), tuple((high - low) / 2 + max(radii) + MARGIN))
    shape = capsule(points.x[box], points.y[box], points.z[box], start=start, end=end, radii=radii)
    np.minimum(field[box], shape, out=field[box])


def add_side_capsule(
    field: np.ndarray, points: Points, side: int, *, start: Triple, end: Triple, radii: tuple[float, float]
) -> None:
    """Unite a distance field, in place, with a rod given for the left side (1) and taken to the right one by -1."""
    left = (side * start[0], start[1], start[2]), (side * end[0], end[1], end[2])
    add_capsule(field, points, start=left[0], end=left[1], radii=radii)


def mirrored(centre: Triple) -> tuple[Triple, Triple]:
    """A place on the left and the same on the right."""
    return centre, (-centre[0], centre[1], centre[2])


def smooth_union(first: np.ndarray, second: np.ndarray, *, width: float) -> np.ndarray:
    """Union of two shapes with a rounded groove of `width` mm.

    Source: I. Quilez, "smooth minimum", quadratic polynomial.
    """
    overlap = np.maximum(np.float32(width) - np.abs(first - second), 0)
    return np.minimum(first, second) - overlap * overlap * np.float32(0.25 / width)


def per_edge(distance: np.ndarray, grid: Grid) -> np.ndarray:
    """Distance in units of the blurred edge's width: a slanted surface is smeared by the thickness of the slice.

    The share of a voxel that lies inside is then `share(...)`; the field can be resized before that.

    Args:
        distance: float32 (S, R, C), mm.
        grid: of the field.

    Returns:
        float32 (S, R, C).
    """
    if grid.n_slices == 1:
        return distance * np.float32(1 / (grid.pixel_mm / 2))
    slope = np.abs(np.gradient(distance, axis=0))
    np.minimum(slope, np.float32(grid.spacing_mm), out=slope)
    slope += np.float32(EDGE_MM)
    return distance / slope


EDGE_MM = 0.7  # mm; width of an edge that stands upright in the slice, before the scanner's own blur


def share(edges: np.ndarray) -> np.ndarray:
    """Share of each voxel inside a shape, 0 to 1, from its distance in units of the edge's width."""
    return np.clip(np.float32(0.5) - edges, 0, 1)
