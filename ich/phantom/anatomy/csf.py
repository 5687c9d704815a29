"""Where CSF lies: ventricles, cisterns, sulci."""

import itertools

import numpy as np

from ich.phantom.anatomy.build import Build
from ich.phantom.anatomy.shapes import Points, add_capsule, add_ellipsoid, add_side_capsule, far_field, smooth_field
from ich.phantom.anatomy.tissue import Tissue
from ich.phantom.noise import NoiseBank


def make_ventricles(points: Points, tissue: Tissue, *, rng: np.random.Generator) -> np.ndarray:
    """Lateral ventricles with their horns, third and fourth ventricle, in mm; wider with age."""
    field = far_field(points)
    width = (0.62 + 0.85 * tissue.atrophy) * rng.lognormal(0, 0.16)
    for s in (-1, 1):
        one_side = width * rng.lognormal(0, 0.07)
        chain = (
            ((6.0, -33.0, 4.0), 4.0),
            ((7.5, -22.0, 10.0), 5.6),
            ((9.0, 2.0, 22.0), 4.8),
            ((15.0, 24.0, 21.0), 5.6),
            ((23.0, 36.0, 10.0), 7.2),
            ((23.0, 54.0, 6.0), 3.0 * rng.uniform(0.5, 1.2)),
        )
        for (start, r0), (end, r1) in itertools.pairwise(chain):
            add_side_capsule(field, points, s, start=start, end=end, radii=(r0 * one_side, r1 * one_side))
        add_side_capsule(
            field, points, s, start=(25.0, 34.0, 6.0), end=(31.0, 14.0, -15.0), radii=(4.0 * one_side, 2.0 * one_side)
        )
        add_side_capsule(
            field, points, s, start=(31.0, 14.0, -15.0), end=(29.0, -8.0, -24.0), radii=(2.0 * one_side, 1.5 * one_side)
        )
    add_ellipsoid(field, points, centre=(0.0, 2.0, 0.0), semi=(1.6 + 1.9 * width, 14.0, 10.0))
    add_ellipsoid(field, points, centre=(0.0, 33.0, -34.0), semi=(7.0 + 3.0 * width, 3.0 + 2.5 * width, 10.0))
    return field


def make_cisterns(points: Points, build: Build, tissue: Tissue) -> np.ndarray:
    """Suprasellar star, ambient and quadrigeminal cisterns, cisterns of the base, Sylvian fissures, in mm."""
    field = far_field(points)
    wide = 0.35 + 1.5 * tissue.atrophy
    add_ellipsoid(field, points, centre=(0.0, -13.0, -21.0), semi=(8.0 + wide, 8.0 + wide, 7.0))
    for s in (-1, 1):
        add_side_capsule(field, points, s, start=(4.0, -14.0, -20.0), end=(24.0, -18.0, -17.0), radii=(3.0, 1.4 + wide))
        add_side_capsule(field, points, s, start=(3.0, -8.0, -20.0), end=(15.0, 4.0, -18.0), radii=(2.6, 1.2))
        for k in range(4):
            angle = np.radians((-8, 22, 52, 82)[k]), np.radians((22, 52, 82, 105)[k])
            start, end = ((18.0 * np.cos(t), 11.0 + 16.0 * np.sin(t), -14.0) for t in angle)
            add_side_capsule(field, points, s, start=start, end=end, radii=(0.9 + 0.5 * wide, 1.0 + 0.6 * wide))
        add_ellipsoid(field, points, centre=(s * 21.0, 12.0, -40.0), semi=(9.0, 3.0 + wide, 6.0))
        insula = build.half_width - 31.0
        bowed = Points(points.x + np.float32(s * 0.016) * (points.y + 2) ** 2, points.y, points.z, points.grid)
        add_ellipsoid(field, bowed, centre=(s * insula, -2.0, 5.0), semi=(0.7 + 1.3 * wide, 17.0, 14.0))
        add_side_capsule(
            field,
            points,
            s,
            start=(insula, -16.0, -4.0),
            end=(build.half_width - 5.0, -24.0, 2.0),
            radii=(1.2 + wide, 1.8 + 1.3 * wide),
        )
        add_side_capsule(
            field,
            points,
            s,
            start=(insula, 14.0, 12.0),
            end=(build.half_width - 6.0, 20.0, 20.0),
            radii=(0.8 + wide, 1.0 + wide),
        )
    add_capsule(field, points, start=(0.0, -28.0, -19.0), end=(0.0, -60.0, -14.0), radii=(1.4, 1.0 + wide))
    add_ellipsoid(field, points, centre=(0.0, 27.0, -6.0), semi=(9.0 + wide, 3.2 + wide, 6.0))
    add_ellipsoid(field, points, centre=(0.0, -5.0, -38.0), semi=(14.0, 2.2 + wide, 14.0))
    add_ellipsoid(field, points, centre=(0.0, 66.0, -64.0), semi=(12.0, 4.0 + 2.5 * wide, 8.0))
    return field


def make_sulci(
    points: Points, build: Build, tissue: Tissue, *, cavity: np.ndarray, bank: NoiseBank, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Signed coordinate across sulci, and how far each place is from their bottom (1 to 0).

    Sulci are the zero set of a noise that runs half along rays, so that they stand on the surface and bend.
    """
    x, y, z = points.x, points.y, points.z
    u, v, w = (
        x * np.float32(1 / build.half_width),
        y * np.float32(1 / build.half_length),
        z * np.float32(1 / build.half_height),
    )
    norm = np.maximum(np.sqrt(u * u + v * v + w * w), np.float32(0.3))
    ray = np.float32(0.6) / norm + np.float32(0.4)
    across = bank.smooth(x * ray, y * ray, z * ray, wavelength=tissue.wavelength, rng=rng)
    uneven = 1 + np.float32(0.35) * smooth_field(points, bank, wavelength=40.0, rng=rng)
    # Depth below the vault, not below the skull base: the basal lobes would be furrowed all through.
    depth = np.maximum(-cavity, (1 - norm) / norm * np.sqrt(x * x + y * y + z * z))
    folding = np.clip(1 - depth / (np.maximum(uneven, np.float32(0.3)) * np.float32(tissue.sulcus_depth)), 0, 1)
    return across * np.float32(tissue.wavelength / (2 * np.pi)), folding
