"""What lies over the skull: skin, fat and muscle of scalp, face and neck."""

import numpy as np

from ich.phantom.anatomy.build import Build
from ich.phantom.anatomy.shapes import Points, add_capsule, ellipsoid, far_field, smooth_field, smooth_union
from ich.phantom.noise import NoiseBank


def make_skin(points: Points, build: Build, *, dome: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """Outline of the patient in mm: scalp over the skull, face, nose, ears and neck."""
    skin = dome - thickness - np.float32(build.scalp)
    side = build.half_width
    face = ellipsoid(
        points.x, points.y, points.z, centre=(0.0, -36.0, -64.0), semi=(side + 1.0, build.half_length - 22.0, 88.0)
    )
    skin = smooth_union(skin, face, width=14.0)
    neck = far_field(points)
    add_capsule(neck, points, start=(0.0, 34.0, -62.0), end=(0.0, 42.0, -170.0), radii=(56.0, 60.0))
    skin = smooth_union(skin, neck, width=14.0)
    nose = far_field(points)
    add_capsule(nose, points, start=(0.0, -90.0, -36.0), end=(0.0, -112.0, -66.0), radii=(6.0, 9.0))
    skin = smooth_union(skin, nose, width=9.0)
    for s in (-1, 1):
        add_capsule(
            skin, points, start=(s * (side + 14), 16.0, -22.0), end=(s * (side + 12), 8.0, -58.0), radii=(4.5, 4.0)
        )
    return skin


def make_soft_hu(
    points: Points, build: Build, *, skin: np.ndarray, bone: np.ndarray, bank: NoiseBank, rng: np.random.Generator
) -> np.ndarray:
    """HU of what is neither bone, air nor brain: fat under the skin, muscle at the temples, in face and neck."""
    x, y, z = points.x, points.y, points.z
    planes = np.abs(smooth_field(points, bank, wavelength=26.0, rng=rng))  # fat between muscles
    temporal = (np.abs(x) > 42) & (y < 20) & (y > -60) & (z < 36) & (bone < 8)
    deep = (z < -32) & (skin < -6)
    muscle = np.where(temporal, np.float32(1.4), np.where(deep, np.float32(-0.2), np.float32(-9)))
    muscle = np.clip(muscle + planes * np.float32(3.2), 0, 1)
    orbit = (y < -40) & (np.abs(x) < 50) & (z > -52) & (z < -16) & (skin < -3)
    nerve = np.abs(np.abs(x) - 15 + (y + 42) * np.float32(0.47)) < 2.2
    muscle = np.where(orbit, np.where(nerve & (np.abs(z + 33) < 5), np.float32(0.8), np.float32(0.06)), muscle)
    hu = np.float32(-95) + muscle * np.float32(148)
    rim = np.clip((skin + np.float32(3.2)) * np.float32(0.8), 0, 1)
    return hu + rim * (np.float32(48) - hu)
