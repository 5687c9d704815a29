"""Dura and what it holds: falx, tentorium, venous sinuses."""

import numpy as np

from ich.phantom.anatomy.build import Build
from ich.phantom.anatomy.fields import tentorium_height
from ich.phantom.anatomy.shapes import FAR, Points, add_ellipsoid, add_side_capsule


def falx_share(points: Points) -> np.ndarray:
    """Share of a voxel, 0 to 1, that the falx parts: not the corpus callosum, not below the frontal lobes."""
    y, z = points.y, points.z
    core = np.sqrt(((y + 2) * np.float32(1 / 44)) ** 2 + ((z - 2) * np.float32(1 / 31)) ** 2)
    parted = np.clip((core - 1) * 8, 0, 1) * np.clip((z + 18 - np.minimum(y, 0) * 0.05) * np.float32(0.2), 0, 1)
    back = np.clip((z - tentorium_height(np.zeros_like(y), y)) * np.float32(0.3), 0, 1)
    return parted * np.where(y > 10, back, np.float32(1))


def tentorium_share(points: Points, height: np.ndarray) -> np.ndarray:
    """Share of a voxel that is tentorium, float32 (S, R, C), from the height over it in mm."""
    notch = (points.x * np.float32(1 / 18)) ** 2 + ((points.y - 14) * np.float32(1 / 24)) ** 2
    there = np.clip((notch - 1) * 4, 0, 1) * np.clip((points.y + 2) * np.float32(0.3), 0, 1)
    half = np.float32(0.35 * points.grid.spacing_mm + 0.6)
    return there * np.clip(1 - np.abs(height) / half, 0, 1) * np.float32(0.32)


def make_sinuses(points: Points, build: Build, *, cavity: np.ndarray) -> np.ndarray:
    """Superior sagittal sinus (a wedge at the midline under the bone), torcula and transverse sinuses, in mm."""
    wedge = np.maximum(np.abs(points.x) + np.float32(0.7) * (-cavity) - 5, -cavity - 6)
    field = np.where((points.z > -18) & ((points.y > -20) | (points.z > 25)), wedge, FAR)
    add_ellipsoid(field, points, centre=(0.0, build.half_length - 6.0, -16.0), semi=(5.5, 5.0, 5.0))
    reach = build.half_width * 0.8
    for s in (-1, 1):
        add_side_capsule(
            field,
            points,
            s,
            start=(0.0, build.half_length - 5.0, -17.0),
            end=(reach * 0.7, build.half_length - 26.0, -22.0),
            radii=(3.4, 3.6),
        )
        add_side_capsule(
            field,
            points,
            s,
            start=(reach * 0.7, build.half_length - 26.0, -22.0),
            end=(reach, 24.0, -30.0),
            radii=(3.6, 3.0),
        )
    return field
