"""Bleeds inside the brain: deep and lobar hematomas, contusions, brain stem and cerebellum."""

import numpy as np

from ich.phantom.anatomy.fields import HeadFields, is_empty, surface_point
from ich.phantom.bleeds.bleed import Bleed, draw_acute
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty

# x, y, z in mm of the head's frame, scatter in mm, share. Putamen and thalamus most, then lobes (FIELD.md 3.2).
SITES = {
    "putamen": ((26.0, -4.0, 3.0), 4.0, 0.25),
    "thalamus": ((11.0, 11.0, 7.0), 3.0, 0.15),
    "frontal": ((30.0, -42.0, 26.0), 9.0, 0.14),
    "parietal": ((34.0, 34.0, 36.0), 9.0, 0.13),
    "temporal": ((44.0, -6.0, -20.0), 6.0, 0.08),
    "occipital": ((22.0, 58.0, 10.0), 6.0, 0.05),
    "cerebellum": ((20.0, 40.0, -36.0), 5.0, 0.06),
    "pons": ((0.0, 8.0, -32.0), 3.0, 0.03),
    "contusion": ((0.0, 0.0, 0.0), 0.0, 0.11),
}
CONTUSIONS = ((14.0, -70.0, -8.0), (30.0, -62.0, -6.0), (44.0, -40.0, -28.0), (52.0, -22.0, -26.0))  # beside rough bone


def make_intraparenchymal(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    """A rounded or lobulated clot in the brain with a rim of oedema.

    Args:
        head: the head.
        rng: draws site, size, shape and age.
        difficulty: diameter in mm, HU.
        bank: noise of edge and inside.

    Returns:
        The bleed, or None where the site lies outside the scan.
    """
    diameter = rng.uniform(*difficulty.intraparenchymal_mm)
    centre = _site(head, rng)
    if centre is None:
        return None
    semi = diameter / 2 * np.exp(rng.normal(0, 0.22, 3))
    rim = rng.uniform(0.12, 0.4) * diameter + 1.0
    box = head.box(centre, semi * 1.5 + rim + 3)
    if is_empty(box):
        return None
    x, y, z = head.points(box)
    distance = _lobulated(x, y, z, centre=centre, semi=semi, bank=bank, rng=rng)
    brain = np.clip(-head.cavity[box] - 1, 0, 1) * (1 - head.ventricles[box] * np.float32(0.8))
    smear = np.float32(0.35 * head.spacing[0] * np.clip(8 / semi[2], 0.3, 1) + head.edge_mm)
    mask = np.clip(np.float32(0.5) - distance / smear, 0, 1) * brain
    oedema = (
        np.clip(1 - distance / np.float32(rim), 0, 1) * brain * (1 - head.sulci[box]) * np.float32(rng.uniform(0.5, 1))
    )
    hu = draw_acute(rng, share=difficulty.acute_share, acute_hu=difficulty.acute_hu, older_hu=difficulty.older_hu)
    blood = np.float32(hu) + bank.smooth(x, y, z, wavelength=12.0, rng=rng) * np.float32(rng.uniform(1, 4))
    return Bleed("intraparenchymal", box, blood, mask, oedema, pushes=diameter > 12)


def _site(head: HeadFields, rng: np.random.Generator) -> np.ndarray | None:
    names = list(SITES)
    name = names[rng.choice(len(names), p=[SITES[site][2] for site in names])]
    side = int(rng.choice((-1, 1)))
    mirror = np.array([side, 1.0, 1.0])
    if name == "contusion":
        near = np.asarray(CONTUSIONS[rng.integers(len(CONTUSIONS))]) * mirror
        surface = surface_point(head, near - (0.0, 8.0, 8.0))
        return None if surface is None else surface * rng.uniform(0.82, 0.92)
    place, scatter, _ = SITES[name]
    return np.asarray(place) * mirror + rng.normal(0, scatter, 3)


def _lobulated(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    *,
    centre: np.ndarray,
    semi: np.ndarray,
    bank: NoiseBank,
    rng: np.random.Generator,
) -> np.ndarray:
    """Distance, mm, to a turned ellipsoid with an uneven surface."""
    turn = rng.uniform(0, np.pi)
    dx, dy, dz = (p - np.float32(c) for p, c in zip((x, y, z), centre, strict=True))
    u = (dx * np.float32(np.cos(turn)) + dy * np.float32(np.sin(turn))) * np.float32(1 / semi[0])
    v = (dy * np.float32(np.cos(turn)) - dx * np.float32(np.sin(turn))) * np.float32(1 / semi[1])
    k = np.sqrt(u * u + v * v + (dz * np.float32(1 / semi[2])) ** 2)
    radius = float(np.mean(semi))
    uneven = bank.smooth(x, y, z, wavelength=max(1.3 * radius, 6.0), rng=rng)
    return (k - 1) * np.float32(radius) + uneven * np.float32(rng.uniform(0.08, 0.22) * radius)
