"""A head as a bleed sees it: HU, spaces and geometry, and where in it a place lies."""

from dataclasses import dataclass

import numpy as np

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class HeadFields:
    """A head, made or real, as a bleed sees it; arrays are float32 (S, R, C), slices feet to head.

    Attributes:
        hu: HU without blur and noise for made heads, as scanned for real ones.
        cavity: distance to the inner table of the skull in mm, negative inside.
        ventricles: share of a voxel that is ventricle, 0 to 1.
        sulci: share of a voxel that is CSF around the brain (sulci, cisterns), 0 to 1.
        to_head: float64 (3, 4), voxel (slice, row, column, 1) to x (left), y (back), z (up), mm from the middle.
        spacing: mm between slices, rows, columns.
    """

    hu: np.ndarray
    cavity: np.ndarray
    ventricles: np.ndarray
    sulci: np.ndarray
    to_head: np.ndarray
    spacing: tuple[float, float, float]

    def points(self, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, y, z in mm of the voxels of a box, float32, each of the box's shape."""
        s, r, c = (np.arange(part.start, part.stop, dtype=np.float32) for part in box)
        s, r, c = s[:, None, None], r[None, :, None], c[None, None, :]
        x, y, z = (
            np.float32(row[0]) * s + np.float32(row[1]) * r + (np.float32(row[2]) * c + np.float32(row[3]))
            for row in self.to_head
        )
        return x, y, z

    def box(self, centre: np.ndarray, reach: np.ndarray) -> Box:
        """Index box of the voxels within `reach` mm (x, y, z) of a place in the head; maybe empty."""
        inverse = np.linalg.inv(self.to_head[:, :3])
        middle = inverse @ (np.asarray(centre) - self.to_head[:, 3])
        half = np.abs(inverse) @ np.asarray(reach)
        low = np.clip(np.floor(middle - half), 0, self.hu.shape).astype(int)
        high = np.clip(np.ceil(middle + half) + 1, 0, self.hu.shape).astype(int)
        return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]

    @property
    def edge_mm(self) -> float:
        """Width over which a mask's edge falls from 1 to 0: one pixel."""
        return max(0.7, self.spacing[2])


def is_empty(box: Box) -> bool:
    """Whether a box holds no voxel: the place lies outside the scan."""
    return any(part.start >= part.stop for part in box)


def squared_distance(
    points: tuple[np.ndarray, np.ndarray, np.ndarray], centre: np.ndarray, *, scale: tuple[float, float, float]
) -> np.ndarray:
    """Squared distance from a place, each axis in units of its own length, float32."""
    parts = [(p - np.float32(c)) * np.float32(1 / s) for p, c, s in zip(points, centre, scale, strict=True)]
    return parts[0] * parts[0] + parts[1] * parts[1] + parts[2] * parts[2]


def surface_point(
    head: HeadFields, direction: np.ndarray, *, start: tuple[float, float, float] = (0.0, 8.0, 8.0)
) -> np.ndarray | None:
    """Where a ray from inside the head meets the inner table, mm; None when it leaves the scan before that.

    Args:
        head: the head.
        direction: x, y, z; any length.
        start: x, y, z in mm.

    Returns:
        float64 (3,).
    """
    unit = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    path = np.asarray(start) + np.arange(0, 120, 1.0)[:, None] * unit
    voxels = np.rint((path - head.to_head[:, 3]) @ np.linalg.inv(head.to_head[:, :3]).T).astype(int)
    for place, voxel in zip(path, voxels, strict=True):
        if (voxel < 0).any() or (voxel >= head.hu.shape).any():
            return None
        if head.cavity[tuple(voxel)] > -1:
            return place
    return None


def tentorium_height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height of the tentorium in a head's frame, mm: a tent, highest behind the midbrain, falling to all sides."""
    behind = y - 34
    return (
        2
        - np.float32(0.42) * np.abs(x)
        - np.float32(0.30) * np.maximum(behind, 0)
        + np.float32(0.5) * np.minimum(behind, 0)
    )
