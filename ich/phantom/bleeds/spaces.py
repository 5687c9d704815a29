"""Bleeds that fill spaces: blood in sulci and cisterns, blood in the ventricles."""

import numpy as np

from ich.phantom.anatomy.fields import HeadFields, squared_distance, surface_point
from ich.phantom.bleeds.bleed import Bleed, draw_acute
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty

SUPRASELLAR = (0.0, -13.0, -20.0)  # mm in the head's frame; where aneurysms burst
DILUTED = (0.75, 1.0)  # share of clot in the CSF it mixes with


def make_subarachnoid(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    """Blood in the CSF around the brain: basal cisterns and fissures (aneurysm), or sulci of one convexity (trauma).

    Args:
        head: the head.
        rng: draws place, reach and age.
        difficulty: reach in mm, HU.
        bank: noise that makes it patchy.

    Returns:
        The bleed, or None where the place lies outside the scan.
    """
    reach = rng.uniform(*difficulty.subarachnoid_mm)
    if rng.random() < 0.5:
        side = int(rng.choice((-1, 1))) * rng.uniform(0, 22)
        centre: np.ndarray | None = np.array(SUPRASELLAR) + np.array([side, rng.normal(-2, 5), rng.uniform(0, 12)])
    else:
        direction = np.array([rng.choice((-1, 1)), rng.normal(0, 0.7), rng.normal(0.4, 0.4)])
        centre = surface_point(head, direction)
    if centre is None:
        return None
    box = head.box(centre, np.full(3, reach * 1.2))
    x, y, z = head.points(box)
    near = np.sqrt(squared_distance((x, y, z), centre, scale=(reach, reach, reach)))
    near += bank.smooth(x, y, z, wavelength=24.0, rng=rng) * np.float32(0.15)
    filled = np.clip((1 - near) * 3, 0, 1)
    # Blood widens the space it fills: thin sulci show more of it than they showed of CSF.
    space = np.clip(head.sulci[box] * np.float32(1.5), 0, 1)
    hu = draw_acute(rng, share=difficulty.acute_share, acute_hu=difficulty.acute_hu, older_hu=difficulty.older_hu)
    mask = space * filled * np.float32(rng.uniform(*DILUTED))
    return Bleed("subarachnoid", box, np.full_like(mask, hu), mask)


def make_intraventricular(
    head: HeadFields, rng: np.random.Generator, *, difficulty: Difficulty, bank: NoiseBank
) -> Bleed | None:
    """Blood in the ventricles: a level in the horns of a patient on the back, or a cast of one side.

    Args:
        head: the head.
        rng: draws how much, where and how old.
        difficulty: filled share of the ventricles, HU.
        bank: noise of the edge.

    Returns:
        The bleed, or None where the scan shows no ventricles.
    """
    slices, rows, columns = (np.flatnonzero(head.ventricles.max(axis=axes) > 0.3) for axes in ((1, 2), (0, 2), (0, 1)))
    if not slices.size:
        return None
    box = tuple(slice(int(found[0]), int(found[-1]) + 1) for found in (slices, rows, columns))
    x, y, z = head.points(box)  # type: ignore[arg-type]
    space = head.ventricles[box]
    fill = rng.uniform(*difficulty.intraventricular_fill)
    if rng.random() < 0.6:
        level = np.quantile(y[space > 0.3], 1 - 0.45 * fill)  # the back is down
        filled = np.clip((y - np.float32(level)) * np.float32(0.5) + np.float32(0.5), 0, 1)
        filled = filled * np.where(x * int(rng.choice((-1, 1))) < 0, np.float32(1), np.float32(rng.random() < 0.6))
    else:
        centre = np.array([rng.choice((-1, 1)) * 12.0, rng.uniform(-25, 35), rng.uniform(0, 22)])
        near = np.sqrt(squared_distance((x, y, z), centre, scale=(12 + 38 * fill,) * 3))
        filled = np.clip((1 - near) * 3, 0, 1)
    filled = np.clip(filled + bank.smooth(x, y, z, wavelength=14.0, rng=rng) * np.float32(0.12) * (filled > 0), 0, 1)
    hu = draw_acute(rng, share=difficulty.acute_share, acute_hu=difficulty.acute_hu, older_hu=difficulty.older_hu)
    mask = np.clip(space * np.float32(1.15), 0, 1) * filled
    return Bleed("intraventricular", box, np.full_like(mask, hu), mask)  # type: ignore[arg-type]
