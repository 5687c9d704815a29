"""Bleeds between skull and brain: epidural lenses and subdural crescents and bands."""

import numpy as np

from ich.phantom.anatomy.fields import HeadFields, is_empty, squared_distance, surface_point, tentorium_height
from ich.phantom.bleeds.bleed import Bleed, draw_acute
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty


def make_epidural(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    """A lens against the inner table, temporoparietal most often; too short to cross a suture.

    Args:
        head: the head.
        rng: draws side, place, size and age.
        difficulty: thickness in mm, HU.
        bank: noise of edge and inside.

    Returns:
        The bleed, or None where the place lies outside the scan.
    """
    side = int(rng.choice((-1, 1)))
    direction = np.array([side * rng.uniform(0.75, 1.2), rng.normal(0.05, 0.5), rng.normal(0.15, 0.35)])
    centre = surface_point(head, direction)
    if centre is None:
        return None
    thickness = rng.uniform(*difficulty.epidural_mm)
    half = np.clip(thickness * rng.uniform(1.4, 2.2), 16, 36)  # mm along the skull: bone sutures hold the dura
    box = head.box(centre, np.full(3, half + 4))
    x, y, z = head.points(box)
    u2 = squared_distance((x, y, z), centre, scale=(half, half, half))
    mask = _layer(head, box, thickness=np.float32(thickness) * np.maximum(1 - u2, 0)) * (x * side > 2)
    hu = draw_acute(rng, share=difficulty.acute_share, acute_hu=difficulty.acute_hu, older_hu=difficulty.older_hu)
    swirl = bank.smooth(x, y, z, wavelength=16.0, rng=rng)
    swirls = rng.uniform(6, 16) if rng.random() < 0.25 else 2.0  # darker swirls where it still bleeds (FIELD.md 3.2)
    blood = np.float32(hu) - np.float32(swirls) * np.maximum(swirl, 0)
    return Bleed("epidural", box, blood, mask, pushes=True)


def make_subdural(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    """A crescent along the convexity (75 %), or a flat band along falx or tentorium.

    Args:
        head: the head.
        rng: draws side, place, size and age.
        difficulty: thickness in mm, HU.
        bank: noise of edge and inside.

    Returns:
        The bleed, or None where the place lies outside the scan.
    """
    place = rng.choice(3, p=(0.75, 0.15, 0.10))
    if place == 1:
        return _falx_band(head, rng, difficulty=difficulty, bank=bank)
    if place == 2:
        return _tentorium_band(head, rng, difficulty=difficulty, bank=bank)
    return _crescent(head, rng, difficulty=difficulty, bank=bank)


def _crescent(head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank) -> Bleed | None:
    side = int(rng.choice((-1, 1)))
    direction = np.array([side * 1.0, rng.normal(-0.1, 0.45), rng.normal(0.45, 0.3)])
    centre = surface_point(head, direction)
    if centre is None:
        return None
    thickness = rng.uniform(*difficulty.subdural_mm)
    along, up = rng.uniform(40, 80), rng.uniform(20, 42)  # mm; crosses sutures, not the midline
    box = head.box(centre, np.array([70.0, along + 4, up + 4]))
    x, y, z = head.points(box)
    u2 = squared_distance((x, y, z), centre, scale=(np.inf, along, up))
    waves = 1 + np.float32(0.25) * bank.smooth(x, y, z, wavelength=45.0, rng=rng)
    layer = np.float32(thickness) * np.maximum(1 - u2, 0) ** np.float32(0.7) * waves
    layer = layer * np.clip(x * side * np.float32(1 / 14), 0, 1)  # thins out towards the falx
    mask = _layer(head, box, thickness=layer)
    return Bleed("subdural", box, _subdural_hu(x, y, z, difficulty=difficulty, bank=bank, rng=rng), mask, pushes=True)


def _falx_band(head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank) -> Bleed | None:
    side = int(rng.choice((-1, 1)))
    y0, z0 = (
        (rng.uniform(40, 65), rng.uniform(20, 45))
        if rng.random() < 0.7
        else (rng.uniform(-65, -45), rng.uniform(20, 40))
    )
    half = np.array([14.0, rng.uniform(22, 42), rng.uniform(20, 38)])
    box = head.box(np.array([0, y0, z0]), half)
    if is_empty(box):
        return None
    x, y, z = head.points(box)
    u2 = squared_distance((x, y, z), np.array([0, y0, z0]), scale=(np.inf, half[1], half[2]))
    thickness = min(0.45 * rng.uniform(*difficulty.subdural_mm) + 2.5, 9.0)  # flat bands of 3 to 8 mm (FIELD.md 3.2)
    layer = np.float32(thickness) * np.maximum(1 - u2, 0) ** np.float32(0.6)
    layer *= 1 + np.float32(0.2) * bank.smooth(x, y, z, wavelength=30.0, rng=rng)
    callosum = ((y + 2) * np.float32(1 / 40)) ** 2 + ((z - 2) * np.float32(1 / 28)) ** 2 > 1
    edge = np.float32(head.edge_mm)
    across = x * side
    mask = np.clip((layer - across) / edge, 0, 1) * np.clip(across / edge + 0.5, 0, 1) * callosum * _inside(head, box)
    return Bleed("subdural", box, _subdural_hu(x, y, z, difficulty=difficulty, bank=bank, rng=rng), mask)


def _tentorium_band(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    side = int(rng.choice((-1, 1)))
    centre = np.array([side * rng.uniform(24, 36), rng.uniform(28, 45), -10.0])
    half = np.array([rng.uniform(18, 28), rng.uniform(18, 30), 24.0])
    box = head.box(centre, half)
    if is_empty(box):
        return None
    x, y, z = head.points(box)
    u2 = squared_distance((x, y, z), centre, scale=(half[0], half[1], np.inf))
    thickness = min(0.5 * rng.uniform(*difficulty.subdural_mm) + 2.5, 10.0)
    layer = np.float32(thickness) * np.maximum(1 - u2, 0) ** np.float32(0.6)
    above = z - tentorium_height(x, y)
    slab = np.float32(head.spacing[0])  # the band lies almost in the slice's plane: its edges are smeared by the slab
    mask = np.clip((layer - above) / slab + 0.5, 0, 1) * np.clip(above / slab + 0.5, 0, 1) * (x * side > 8)
    mask = mask * _inside(head, box)
    return Bleed("subdural", box, _subdural_hu(x, y, z, difficulty=difficulty, bank=bank, rng=rng), mask)


def _layer(head: HeadFields, box: tuple[slice, slice, slice], *, thickness: np.ndarray) -> np.ndarray:
    """Share of a layer of varying thickness (mm) that lies on the inner table."""
    depth = -head.cavity[box]
    edge = np.float32(1 / head.edge_mm)
    return (
        np.clip((thickness - depth) * edge + np.float32(0.5), 0, 1)
        * np.clip(depth * edge + np.float32(0.5), 0, 1)
        * (thickness > 0.6)
    )


def _inside(head: HeadFields, box: tuple[slice, slice, slice]) -> np.ndarray:
    return np.clip(-head.cavity[box] / np.float32(head.edge_mm), 0, 1)


def _subdural_hu(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, *, difficulty: Difficulty, bank: NoiseBank, rng: np.random.Generator
) -> np.ndarray:
    """HU inside: even, mixed, or layered with a horizontal level where heavy cells sank to the back."""
    hu = draw_acute(rng, share=difficulty.acute_share, acute_hu=difficulty.acute_hu, older_hu=difficulty.older_hu)
    kind = rng.random()
    if kind < 0.15:
        level = rng.uniform(float(y.min()), float(y.max()))
        return (
            np.float32(hu)
            - np.float32(rng.uniform(8, 22)) * np.clip((np.float32(level) - y) * np.float32(0.3), 0, 1)
            + z * 0
        )
    mixed = rng.uniform(4, 10) if kind < 0.4 else 1.5
    return np.float32(hu) + np.float32(mixed) * bank.smooth(x, y, z, wavelength=28.0, rng=rng)
