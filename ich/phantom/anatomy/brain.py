"""What lies in the cavity: ventricles, cisterns, sulci, grey and white matter, falx, tentorium and sinuses."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.anatomy.shapes import FAR, Points, add_capsule, add_ellipsoid, far_field, mirrored, share
from ich.phantom.anatomy.skull import Build
from ich.phantom.noise import NoiseBank


@dataclass(frozen=True)
class Tissue:
    """HU and age of one brain.

    Attributes:
        white, grey, csf, dura: HU.
        atrophy: 0 (young, narrow sulci) to 1 (old, wide sulci and ventricles).
        wavelength: mm from one sulcus to the one after the next.
        sulcus_depth: mm.
    """

    white: float
    grey: float
    csf: float
    dura: float
    atrophy: float
    wavelength: float
    sulcus_depth: float


@dataclass(frozen=True)
class Brain:
    """Fields of the brain, float32 (S, R, C); distances in mm, negative inside.

    Attributes:
        ventricles: distance to the ventricles.
        cisterns: distance to cisterns and Sylvian fissures.
        sulci: signed coordinate across the nearest sulcus, 0 in its middle.
        cortical: 1 where the surface folds into sulci, 0 in cerebellum and brain stem.
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
    midline: np.ndarray
    falx: np.ndarray
    tentorium: np.ndarray
    sinuses: np.ndarray
    deep_hu: np.ndarray


def draw_tissue(atrophy: tuple[float, float], rng: np.random.Generator) -> Tissue:
    """Draw HU and age; grey lies about 5.5 to 10 HU over white (FIELD.md 3.1), CSF at 3 to 10 HU."""
    white = rng.normal(26.0, 1.0)
    age = rng.uniform(*atrophy)
    return Tissue(
        white=white,
        grey=white + rng.uniform(7.5, 11.0),
        csf=rng.uniform(3.0, 9.0),
        dura=rng.uniform(48.0, 62.0),
        atrophy=age,
        wavelength=rng.uniform(19.0, 25.0),
        sulcus_depth=rng.uniform(17.0, 25.0),
    )


def make_brain(points: Points, build: Build, tissue: Tissue, *, cavity: np.ndarray, bank: NoiseBank, rng: np.random.Generator) -> Brain:
    """Evaluate the brain on the points of a grid."""
    bent = _bent(points, bank=bank, rng=rng)
    tent = _tentorium(points, build)
    posterior = (tent < 0) & (points.y > -4)
    ventricles = _ventricles(bent, tissue, rng=rng)
    cisterns = _cisterns(bent, build, tissue)
    wave = bank.smooth(points.x * 0.2, points.y, points.z, wavelength=38.0, rng=rng)
    midline = points.x + wave * np.float32(0.9) + np.float32(rng.normal(0, 0.6))
    lobes = np.clip((tent + 1) * np.float32(0.4), 0, 1)
    cortical = np.where(points.y > -4, lobes, np.float32(1)) * _outside_stem(bent)
    sulci = _sulci(points, build, tissue, bank=bank, rng=rng)
    return Brain(
        ventricles=ventricles,
        cisterns=cisterns,
        sulci=sulci,
        cortical=cortical,
        midline=midline,
        falx=_falx(points, build),
        tentorium=_tentorium_share(points, tent),
        sinuses=_sinuses(points, build, cavity=cavity),
        deep_hu=_deep_hu(bent, tissue, posterior=posterior, bank=bank, rng=rng),
    )


def _bent(points: Points, *, bank: NoiseBank, rng: np.random.Generator) -> Points:
    """The points moved by 1 to 3 mm, so that no structure is a clean ellipsoid and no side mirrors the other."""
    x, y, z = points.x, points.y, points.z
    shift = np.float32(rng.normal(0, 0.8))
    u = x + bank.smooth(x, y, z, wavelength=34.0, rng=rng) * np.float32(1.1) + shift
    v = y + bank.smooth(x, y, z, wavelength=30.0, rng=rng) * np.float32(1.6)
    return Points(u, v, z, points.grid)


def _ventricles(points: Points, tissue: Tissue, *, rng: np.random.Generator) -> np.ndarray:
    """Lateral ventricles with their horns, third and fourth ventricle; wider with age."""
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
        for (start, r0), (end, r1) in zip(chain[:-1], chain[1:], strict=True):
            _rod(field, points, s, start=start, end=end, radii=(r0 * one_side, r1 * one_side))
        _rod(field, points, s, start=(25.0, 34.0, 6.0), end=(31.0, 14.0, -15.0), radii=(4.0 * one_side, 2.0 * one_side))
        _rod(field, points, s, start=(31.0, 14.0, -15.0), end=(29.0, -8.0, -24.0), radii=(2.0 * one_side, 1.5 * one_side))
    add_ellipsoid(field, points, centre=(0.0, 2.0, 0.0), semi=(1.6 + 1.9 * width, 14.0, 10.0))
    add_ellipsoid(field, points, centre=(0.0, 33.0, -34.0), semi=(7.0 + 3.0 * width, 3.0 + 2.5 * width, 10.0))
    return field


def _rod(
    field: np.ndarray, points: Points, side: int, *, start: tuple[float, float, float], end: tuple[float, float, float], radii: tuple[float, float]
) -> None:
    flip = (side * start[0], start[1], start[2]), (side * end[0], end[1], end[2])
    add_capsule(field, points, start=flip[0], end=flip[1], radii=radii)


def _cisterns(points: Points, build: Build, tissue: Tissue) -> np.ndarray:
    """Suprasellar star, ambient and quadrigeminal cisterns, cisterns of the base, Sylvian fissures."""
    field = far_field(points)
    wide = 0.35 + 1.5 * tissue.atrophy
    add_ellipsoid(field, points, centre=(0.0, -13.0, -21.0), semi=(8.0 + wide, 8.0 + wide, 7.0))
    for s in (-1, 1):
        _rod(field, points, s, start=(4.0, -14.0, -20.0), end=(24.0, -18.0, -17.0), radii=(3.0, 1.4 + wide))
        _rod(field, points, s, start=(3.0, -8.0, -20.0), end=(15.0, 4.0, -18.0), radii=(2.6, 1.2))
        for k in range(4):
            angle = np.radians((-8, 22, 52, 82)[k]), np.radians((22, 52, 82, 105)[k])
            start, end = ((18.0 * np.cos(t), 11.0 + 16.0 * np.sin(t), -14.0) for t in angle)
            _rod(field, points, s, start=start, end=end, radii=(0.9 + 0.5 * wide, 1.0 + 0.6 * wide))
        add_ellipsoid(field, points, centre=(s * 21.0, 12.0, -40.0), semi=(9.0, 3.0 + wide, 6.0))
        insula = build.half_width - 32.0
        add_ellipsoid(field, points, centre=(s * insula, -3.0, 5.0), semi=(0.9 + 1.3 * wide, 18.0, 15.0))
        _rod(field, points, s, start=(insula, -16.0, -4.0), end=(build.half_width - 5.0, -24.0, 2.0), radii=(1.2 + wide, 1.8 + 1.3 * wide))
        _rod(field, points, s, start=(insula, 14.0, 12.0), end=(build.half_width - 6.0, 20.0, 20.0), radii=(0.8 + wide, 1.0 + wide))
    add_capsule(field, points, start=(0.0, -28.0, -19.0), end=(0.0, -60.0, -14.0), radii=(1.4, 1.0 + wide))
    add_ellipsoid(field, points, centre=(0.0, 27.0, -6.0), semi=(9.0 + wide, 3.2 + wide, 6.0))
    add_ellipsoid(field, points, centre=(0.0, -5.0, -38.0), semi=(14.0, 2.2 + wide, 14.0))
    add_ellipsoid(field, points, centre=(0.0, 66.0, -64.0), semi=(12.0, 4.0 + 2.5 * wide, 8.0))
    return field


def _sulci(points: Points, build: Build, tissue: Tissue, *, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
    """Signed coordinate across sulci: zero set of a noise that runs along rays, so that sulci stand on the surface."""
    x, y, z = points.x, points.y, points.z
    u, v, w = x * np.float32(1 / build.half_width), y * np.float32(1 / build.half_length), z * np.float32(1 / build.half_height)
    ray = np.sqrt(u * u + v * v + w * w)
    # Mostly along the ray, a little along depth: sulci bend as they go down.
    ray = np.float32(0.9) / np.maximum(ray, np.float32(0.3)) + np.float32(0.1)
    across = bank.smooth(x * ray, y * ray, z * ray, wavelength=tissue.wavelength, rng=rng)
    return across * np.float32(tissue.wavelength / (2 * np.pi))


def _tentorium(points: Points, build: Build) -> np.ndarray:
    """Height over the tentorium, mm: a tent whose ridge rises from the back to the front."""
    return points.z - (2 - np.float32(0.42) * np.abs(points.x) - np.float32(0.30) * (points.y - 34))


def _tentorium_share(points: Points, height: np.ndarray) -> np.ndarray:
    notch = (points.x * np.float32(1 / 18)) ** 2 + ((points.y - 14) * np.float32(1 / 24)) ** 2
    there = np.clip((notch - 1) * 4, 0, 1) * np.clip((points.y + 2) * np.float32(0.3), 0, 1)
    half = np.float32(0.35 * points.grid.spacing_mm + 0.6)
    return there * np.clip(1 - np.abs(height) / half, 0, 1) * np.float32(0.32)


def _falx(points: Points, build: Build) -> np.ndarray:
    """Share of the midline that the falx parts: not the corpus callosum, not below the frontal lobes."""
    y, z = points.y, points.z
    core = np.sqrt(((y + 2) * np.float32(1 / 44)) ** 2 + ((z - 2) * np.float32(1 / 31)) ** 2)
    parted = np.clip((core - 1) * 8, 0, 1) * np.clip((z + 18 - np.minimum(y, 0) * 0.05) * np.float32(0.2), 0, 1)
    back = np.clip((z - (2 - np.float32(0.30) * (y - 34))) * np.float32(0.3), 0, 1)
    return parted * np.where(y > 10, back, np.float32(1))


def _sinuses(points: Points, build: Build, *, cavity: np.ndarray) -> np.ndarray:
    """Superior sagittal sinus (a wedge at the midline under the bone), torcula and transverse sinuses."""
    wedge = np.maximum(np.abs(points.x) + np.float32(0.7) * (-cavity) - 5, -cavity - 6)
    field = np.where((points.z > -18) & ((points.y > -20) | (points.z > 25)), wedge, FAR)
    add_ellipsoid(field, points, centre=(0.0, build.half_length - 6.0, -16.0), semi=(5.5, 5.0, 5.0))
    reach = build.half_width * 0.8
    for s in (-1, 1):
        _rod(field, points, s, start=(0.0, build.half_length - 5.0, -17.0), end=(reach * 0.7, build.half_length - 26.0, -22.0), radii=(3.4, 3.6))
        _rod(field, points, s, start=(reach * 0.7, build.half_length - 26.0, -22.0), end=(reach, 24.0, -30.0), radii=(3.6, 3.0))
    return field


def _outside_stem(points: Points) -> np.ndarray:
    """1 outside brain stem and deep nuclei, 0 inside them: no sulcus runs there."""
    deep = far_field(points)
    add_ellipsoid(deep, points, centre=(0.0, 9.0, -26.0), semi=(17.0, 15.0, 24.0))
    add_ellipsoid(deep, points, centre=(0.0, 0.0, 4.0), semi=(31.0, 36.0, 24.0))
    return np.clip((deep + 3) * np.float32(0.3), 0, 1)


def _deep_hu(points: Points, tissue: Tissue, *, posterior: np.ndarray, bank: NoiseBank, rng: np.random.Generator) -> np.ndarray:
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
    hu = np.float32(tissue.white) + grey * contrast * np.float32(0.85)

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
    return hu + bank.smooth(x, y, z, wavelength=26.0, rng=rng) * np.float32(0.5)
