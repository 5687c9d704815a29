"""What lies in the cavity: ventricles, cisterns, sulci, grey and white matter, falx, tentorium and sinuses."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.anatomy.build import Build
from ich.phantom.anatomy.csf import make_cisterns, make_sulci, make_ventricles
from ich.phantom.anatomy.dura import falx_share, make_sinuses, tentorium_share
from ich.phantom.anatomy.fields import tentorium_height
from ich.phantom.anatomy.shapes import Points, add_capsule, add_ellipsoid, far_field, mirrored, share, smooth_field
from ich.phantom.anatomy.tissue import Tissue
from ich.phantom.noise import NoiseBank


@dataclass(frozen=True)
class Brain:
    """Fields of the brain, float32 (S, R, C); distances in mm, negative inside.

    Attributes:
        ventricles: distance to the ventricles.
        cisterns: distance to cisterns and Sylvian fissures.
        sulci: signed coordinate across the nearest sulcus, 0 in its middle.
        cortical: 1 where the surface is cortex, 0 in cerebellum and brain stem.
        folding: 1 where sulci begin at the surface, 0 where they end in the depth.
        midline: signed coordinate across the falx.
        falx: share of the place where both halves are parted by it.
        tentorium: share of a voxel that is tentorium.
        sinuses: distance to the venous sinuses.
        deep_hu: HU of brain where no cortex is.
    """

    ventricles: np.ndarray
    cisterns: np.ndarray
    sulci: np.ndarray
    cortical: np.ndarray
    folding: np.ndarray
    midline: np.ndarray
    falx: np.ndarray
    tentorium: np.ndarray
    sinuses: np.ndarray
    deep_hu: np.ndarray


def make_brain(
    points: Points, build: Build, tissue: Tissue, *, cavity: np.ndarray, bank: NoiseBank, rng: np.random.Generator
) -> Brain:
    """Evaluate the brain on the points of a grid."""
    bent = _bent(points, bank=bank, rng=rng)
    tent = points.z - tentorium_height(points.x, points.y)
    posterior = (tent < 0) & (points.y > -4)
    ventricles = make_ventricles(bent, tissue, rng=rng)
    cisterns = make_cisterns(bent, build, tissue)
    wave = smooth_field(points, bank, wavelength=45.0, rng=rng)
    midline = points.x + wave * np.float32(0.9) + np.float32(rng.normal(0, 0.6))
    lobes = np.clip((tent + 1) * np.float32(0.4), 0, 1)
    cortical = np.where(points.y > -4, lobes, np.float32(1)) * _outside_stem(bent)
    sulci, folding = make_sulci(points, build, tissue, cavity=cavity, bank=bank, rng=rng)
    return Brain(
        ventricles=ventricles,
        cisterns=cisterns,
        sulci=sulci,
        cortical=cortical,
        folding=folding * cortical,
        midline=midline,
        falx=falx_share(points),
        tentorium=tentorium_share(points, tent),
        sinuses=make_sinuses(points, build, cavity=cavity),
        deep_hu=_deep_hu(bent, tissue, posterior=posterior, bank=bank, rng=rng),
    )


def _bent(points: Points, *, bank: NoiseBank, rng: np.random.Generator) -> Points:
    """The points moved by 1 to 3 mm, so that no structure is a clean ellipsoid and no side mirrors the other."""
    x, y, z = points.x, points.y, points.z
    shift = np.float32(rng.normal(0, 0.8))
    u = x + smooth_field(points, bank, wavelength=34.0, rng=rng) * np.float32(1.1) + shift
    v = y + smooth_field(points, bank, wavelength=30.0, rng=rng) * np.float32(1.6)
    return Points(u, v, z, points.grid)


def _outside_stem(points: Points) -> np.ndarray:
    """1 outside brain stem and deep nuclei, 0 inside them: no sulcus runs there."""
    deep = far_field(points)
    add_ellipsoid(deep, points, centre=(0.0, 9.0, -26.0), semi=(17.0, 15.0, 24.0))
    add_ellipsoid(deep, points, centre=(0.0, 0.0, 4.0), semi=(31.0, 36.0, 24.0))
    return np.clip((deep + 3) * np.float32(0.3), 0, 1)


def _deep_hu(
    points: Points, tissue: Tissue, *, posterior: np.ndarray, bank: NoiseBank, rng: np.random.Generator
) -> np.ndarray:
    """HU of white matter, deep grey nuclei, cerebellum with its leaves, and brain stem."""
    x, y, z = points.x, points.y, points.z
    nuclei = far_field(points)
    for s in (-1, 1):
        add_ellipsoid(nuclei, points, centre=(s * 12.5, -22.0, 11.0), semi=(4.0, 8.0, 11.0))
        add_ellipsoid(nuclei, points, centre=(s * 14.5, -6.0, 22.0), semi=(3.0, 15.0, 5.0))
        add_ellipsoid(nuclei, points, centre=(s * 25.0, -6.0, 3.0), semi=(5.5, 15.0, 10.0))
        add_ellipsoid(nuclei, points, centre=(s * 10.5, 11.0, 7.0), semi=(8.0, 13.0, 9.0))
    grey = np.clip(np.float32(0.5) - nuclei * np.float32(0.45), 0, 1)
    contrast = np.float32(tissue.grey - tissue.white)
    hu = np.float32(tissue.white) + grey * contrast * np.float32(0.72)

    shells = np.sqrt(x * x * np.float32(0.55) + (y - 20) ** 2 + (z + 36) ** 2 * np.float32(1.3))
    leaves = np.sin(shells * np.float32(2 * np.pi / 6.5)) * np.float32(0.16)
    core = far_field(points)
    for centre in mirrored((18.0, 40.0, -36.0)):
        add_ellipsoid(core, points, centre=centre, semi=(14.0, 10.0, 9.0))
    cerebellum = np.float32(tissue.white) + contrast * (np.float32(0.78) + leaves - np.float32(0.5) * share(core / 6))
    hu = np.where(posterior, cerebellum, hu)
    stem = far_field(points)
    add_ellipsoid(stem, points, centre=(0.0, 8.0, -33.0), semi=(16.5, 12.5, 14.0))
    add_ellipsoid(stem, points, centre=(0.0, 11.0, -14.0), semi=(16.0, 13.0, 12.0))
    add_capsule(stem, points, start=(0.0, 14.0, -44.0), end=(0.0, 30.0, -120.0), radii=(8.5, 6.0))
    hu += share(stem / 3) * (np.float32(tissue.white) + contrast * np.float32(0.35) - hu)
    return hu + smooth_field(points, bank, wavelength=26.0, rng=rng) * np.float32(0.5)
