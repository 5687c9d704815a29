"""The skull: its cavity, bones, air and orbits."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.anatomy.build import Build
from ich.phantom.anatomy.shapes import (
    Points,
    add_capsule,
    add_ellipsoid,
    ellipsoid,
    far_field,
    mirrored,
    smooth_field,
    smooth_union,
)
from ich.phantom.anatomy.soft import make_skin, make_soft_hu
from ich.phantom.noise import NoiseBank


@dataclass(frozen=True)
class Skull:
    """Distance fields in mm, negative inside, float32 (S, R, C), and the HU of soft matter outside the skull.

    Attributes:
        cavity: the space of brain and CSF.
        bone: all bone but the cavity.
        air: sinuses, air cells, nose, ear canals.
        eye: the two globes.
        skin: everything that is the patient.
        soft_hu: HU of muscle, fat and skin.
    """

    cavity: np.ndarray
    bone: np.ndarray
    air: np.ndarray
    eye: np.ndarray
    skin: np.ndarray
    soft_hu: np.ndarray


def make_skull(points: Points, build: Build, *, bank: NoiseBank, rng: np.random.Generator) -> Skull:
    """Evaluate skull, face and scalp on the points of a grid."""
    dome = _dome(points, build, bank=bank, rng=rng)
    fossae = _fossae(points, build) + smooth_field(points, bank, wavelength=32.0, rng=rng) * np.float32(1.3)
    cavity = smooth_union(_above_base(points, dome), fossae, width=6.0)
    _foramen(cavity, points)

    thickness = _thickness(points, build, bank=bank, rng=rng)
    shell = cavity - thickness
    bone = np.minimum(shell, _base_bone(points, build))
    air = _air(points, build, bank=bank, rng=rng)
    orbit, eye = _orbits(points)
    bone = np.minimum(bone, np.maximum(orbit - 2.0, -points.y - 70))
    bone = np.maximum(bone, -orbit)
    skin = make_skin(points, build, dome=np.minimum(dome, fossae), thickness=thickness)
    bone = np.maximum(bone, skin + 2.5)
    return Skull(cavity, bone, air, eye, skin, make_soft_hu(points, build, skin=skin, bone=shell, bank=bank, rng=rng))


def _dome(points: Points, build: Build, *, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
    """The ellipsoid of the vault: narrower in front, boxier than an ellipsoid, not quite symmetric."""
    a, b, c = build.half_width, build.half_length, build.half_height
    x, y, z = points.x, points.y, points.z
    widest = 1 + np.float32(build.narrow_front / b) * y
    lopsided = rng.normal(0, 0.012)
    u = x / (widest * np.float32(a)) + np.float32(lopsided) * y * np.float32(1 / b)
    v, w = y * np.float32(1 / b), z * np.float32(1 / c)
    u, v, w = (np.minimum(p * p, np.float32(2.0)) for p in (u, v, w))  # beyond, the cross terms would win
    k0 = np.sqrt(np.maximum(u + v + w - np.float32(0.3) * (u * v + v * w + u * w), 1e-4))
    k1 = np.sqrt(u * np.float32(1 / a**2) + v * np.float32(1 / b**2) + w * np.float32(1 / c**2) + np.float32(1e-9))
    distance = k0 * (k0 - 1) / k1
    return distance + smooth_field(points, bank, wavelength=95.0, rng=rng) * np.float32(0.9)


def _above_base(points: Points, dome: np.ndarray) -> np.ndarray:
    """The vault above the floor of the anterior fossa, whose halves bulge over the orbits."""
    bulge = np.float32(7) * np.exp(-(((np.abs(points.x) - 30) * np.float32(1 / 15)) ** 2))
    floor = bulge - 27 - points.z + np.maximum(points.y + 55, 0) * np.float32(0.08)
    return -smooth_union(-dome, -floor, width=8.0)


def _fossae(points: Points, build: Build) -> np.ndarray:
    """Middle and posterior fossae; what they leave between them are sphenoid wings and petrous ridges."""
    fossae = far_field(points)
    middle = (build.half_width - 30.0, -20.0, -26.0)
    for centre in mirrored(middle):
        add_ellipsoid(fossae, points, centre=centre, semi=(23.0, 31.0, 24.0))
    for centre in mirrored((build.half_width - 24.0, -4.0, -22.0)):
        add_ellipsoid(fossae, points, centre=centre, semi=(22.0, 25.0, 19.0))
    posterior = far_field(points)
    add_ellipsoid(posterior, points, centre=(0.0, 36.0, -34.0), semi=(build.half_width - 12.0, 41.0, 41.0))
    add_ellipsoid(fossae, points, centre=(0.0, -12.0, -20.0), semi=(15.0, 13.0, 9.0))
    add_capsule(posterior, points, start=(0.0, 10.0, -30.0), end=(0.0, 18.0, -60.0), radii=(15.0, 13.0))
    return np.minimum(fossae, posterior)


def _foramen(cavity: np.ndarray, points: Points) -> None:
    """The foramen magnum and the canal below it."""
    add_capsule(cavity, points, start=(0.0, 18.0, -60.0), end=(0.0, 32.0, -130.0), radii=(14.0, 11.0))


def _thickness(points: Points, build: Build, *, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
    """Thickness of the skull: thin over the temples, thick at the occiput and the forehead's middle."""
    x, y, z = points.x, points.y, points.z
    temple = np.exp(-((y * np.float32(1 / 40)) ** 2) - (((z + 15) * np.float32(1 / 30)) ** 2)) * (np.abs(x) > 40)
    occiput = np.exp(-((x * np.float32(1 / 22)) ** 2) - (((z + 25) * np.float32(1 / 22)) ** 2)) * (y > 40)
    forehead = np.exp(-((x * np.float32(1 / 26)) ** 2) - (((z + 8) * np.float32(1 / 16)) ** 2)) * (y < -50)
    thickness = 1 - np.float32(0.42) * temple + np.float32(0.8) * occiput + np.float32(0.9) * forehead
    thickness *= 1 - np.float32(0.45) * np.clip((-20 - z) * np.float32(1 / 12), 0, 1) * (
        np.abs(x) > 24 - y * np.float32(0.2)
    )
    thickness += np.float32(0.12) * smooth_field(points, bank, wavelength=45.0, rng=rng)
    return np.maximum(thickness * np.float32(build.bone), np.float32(2.2))


def _base_bone(points: Points, build: Build) -> np.ndarray:
    """Petrous pyramids, clivus and sella, mastoids, cheekbones, jaw and the first vertebra."""
    bone = far_field(points)
    side = build.half_width
    add_ellipsoid(bone, points, centre=(0.0, -8.0, -44.0), semi=(15.0, 17.0, 15.0))
    add_capsule(bone, points, start=(-30.0, -40.0, -24.0), end=(30.0, -40.0, -24.0), radii=(2.5, 2.5))
    for s in (-1, 1):
        add_capsule(bone, points, start=(s * 12.0, 2.0, -34.0), end=(s * (side - 12), 17.0, -36.0), radii=(5.0, 8.0))
        add_ellipsoid(bone, points, centre=(s * (side - 9), 26.0, -48.0), semi=(9.5, 14.0, 18.0))
        add_capsule(bone, points, start=(s * 8.0, -42.0, -26.0), end=(s * (side - 12), -45.0, -16.0), radii=(2.0, 4.0))
        add_capsule(bone, points, start=(s * 50.0, -64.0, -46.0), end=(s * 65.0, -36.0, -46.0), radii=(4.0, 2.2))
        add_capsule(bone, points, start=(s * 65.0, -36.0, -46.0), end=(s * 63.0, -8.0, -44.0), radii=(2.2, 2.6))
        add_capsule(bone, points, start=(s * 52.0, -8.0, -54.0), end=(s * 46.0, -18.0, -100.0), radii=(5.0, 4.0))
        add_capsule(bone, points, start=(s * 16.0, -30.0, -50.0), end=(s * 19.0, -26.0, -78.0), radii=(2.0, 2.0))
        add_capsule(bone, points, start=(s * 17.0, 14.0, -78.0), end=(s * 22.0, 34.0, -80.0), radii=(6.0, 5.0))
    add_capsule(bone, points, start=(0.0, 4.0, -74.0), end=(0.0, 8.0, -120.0), radii=(5.0, 7.0))
    maxilla = far_field(points)
    for centre in mirrored((24.0, -62.0, -62.0)):
        add_ellipsoid(maxilla, points, centre=centre, semi=(17.0, 19.0, 16.0))
    bone = np.minimum(bone, np.abs(maxilla) - np.float32(1.1))
    add_capsule(bone, points, start=(0.0, -80.0, -20.0), end=(0.0, -96.0, -46.0), radii=(4.0, 2.5))
    add_capsule(bone, points, start=(-26.0, -70.0, -88.0), end=(26.0, -70.0, -88.0), radii=(9.0, 9.0))
    return bone


def _air(points: Points, build: Build, *, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
    """Sinuses, nasal cavity, pharynx, mastoid cells and ear canals; their size differs much between people."""
    air = far_field(points)
    if rng.random() < 0.85:
        for centre in mirrored((7.5, -24.0 + rng.normal(0, 2), -37.0)):
            add_ellipsoid(air, points, centre=centre, semi=(6.5, rng.uniform(7, 11), rng.uniform(6, 9)))
    for centre in mirrored((24.0, -62.0, -62.0)):
        add_ellipsoid(air, points, centre=centre, semi=(15.2, 17.0, 14.0))
    for y in (-78.0, -69.0, -60.0, -51.0):
        for s in (-1, 1):
            cell = (rng.uniform(3.5, 6.0), rng.uniform(3.4, 5.6), rng.uniform(8, 13))
            add_ellipsoid(air, points, centre=(s * 6.5, y + rng.normal(0, 1.5), -34.0 + rng.normal(0, 2)), semi=cell)
    for centre in mirrored((5.0, -70.0, -58.0)):
        add_ellipsoid(air, points, centre=centre, semi=(3.4, 24.0, 14.0))
    add_ellipsoid(air, points, centre=(0.0, -22.0, -72.0), semi=(12.0, 9.0, 20.0))
    if rng.random() < 0.8:
        wide = rng.uniform(5, 12)
        for centre in mirrored((wide + 1.0, -build.half_length - 3.2, -14.0)):
            add_ellipsoid(air, points, centre=centre, semi=(wide, 3.2, rng.uniform(6, 11)))
    side, openness = build.half_width, rng.uniform(-1.2, 1.2)
    for s in (-1, 1):
        _mastoid_cells(air, points, centre=(s * (side - 7), 25.0, -46.0), openness=openness, bank=bank, rng=rng)
        add_capsule(
            air, points, start=(s * (side - 16), 8.0, -42.0), end=(s * (side + 18), 3.0, -45.0), radii=(3.0, 3.6)
        )
    return air


def _mastoid_cells(
    air: np.ndarray,
    points: Points,
    *,
    centre: tuple[float, float, float],
    openness: float,
    bank: NoiseBank,
    rng: np.random.Generator,
) -> None:
    """Unite the air, in place, with the small cells of one mastoid."""
    semi = (10.0, 13.0, 15.0)
    box = points.box(centre, semi)
    x, y, z = points.x[box], points.y[box], points.z[box]
    cells = np.float32(openness) - bank.smooth(x, y, z, wavelength=11.0, rng=rng) * np.float32(2.0)
    np.minimum(air[box], np.maximum(ellipsoid(x, y, z, centre=centre, semi=semi), cells), out=air[box])


def _orbits(points: Points) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the two orbits, cones of fat, and to the two globes."""
    orbit, eye = far_field(points), far_field(points)
    for s in (-1, 1):
        add_capsule(orbit, points, start=(s * 31.0, -76.0, -36.0), end=(s * 15.0, -42.0, -31.0), radii=(17.0, 4.0))
        add_ellipsoid(eye, points, centre=(s * 31.0, -78.0, -36.0), semi=(12.0, 12.0, 12.0))
    return orbit, eye
