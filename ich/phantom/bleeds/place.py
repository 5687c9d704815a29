"""Puts drawn bleeds into a head: the brain gives way, oedema darkens it, blood shows by how much it differs."""

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from ich.labels import SUBTYPES
from ich.phantom.anatomy.fields import HeadFields
from ich.phantom.bleeds.bleed import Bleed, MakeBleed
from ich.phantom.bleeds.contrast import LEAST_VISIBLE, visible_contrast
from ich.phantom.bleeds.extra_axial import make_epidural, make_subdural
from ich.phantom.bleeds.intra_axial import make_intraparenchymal
from ich.phantom.bleeds.spaces import make_intraventricular, make_subarachnoid
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty

# Those that move the brain come first; blood then fills the spaces that are left.
BLEEDS = {
    "epidural": make_epidural,
    "subdural": make_subdural,
    "intraparenchymal": make_intraparenchymal,
    "intraventricular": make_intraventricular,
    "subarachnoid": make_subarachnoid,
}
MOST = {
    "epidural": 1,
    "subdural": 2,
    "intraparenchymal": 4,
    "intraventricular": 1,
    "subarachnoid": 3,
}  # a kind, a patient
TRIES = 6
OEDEMA_HU = 18.0  # 15 to 25 around a bleed (FIELD.md 3.1)
REACH_MM = 12.0  # how far a mass moves the brain
YIELD = 2.4  # times the mass's own width over a length of REACH_MM
RIGID_MM = 12.0  # brain this near to bone moves less


@dataclass(frozen=True)
class Bled:
    """A head with its bleeds.

    Attributes:
        head: HU and fields afterwards.
        contrast: float64 (S, 5), HU times mm2 by which each kind changes each slice, in the order of `SUBTYPES`.
        masks: float32 (5, S, R, C), share of blood by kind; None unless asked for.
    """

    head: HeadFields
    contrast: np.ndarray
    masks: np.ndarray | None


def add_bleeds(
    head: HeadFields,
    rng: np.random.Generator,
    *,
    kinds: tuple[str, ...],
    difficulty: Difficulty,
    bank: NoiseBank,
    masks: bool = False,
) -> Bled:
    """Draw bleeds of the given kinds and put them into a head; each kind shows in a slice at least where it can.

    Args:
        head: the head; not changed.
        rng: draws the bleeds.
        kinds: of `SUBTYPES`.
        difficulty: sizes, HU and number.
        bank: noise of edges and insides.
        masks: whether to keep the voxel masks.

    Returns:
        The head with blood in it.
    """
    contrast = np.zeros((head.hu.shape[0], len(SUBTYPES)))
    volumes = np.zeros((len(SUBTYPES), *head.hu.shape), dtype=np.float32) if masks else None
    if kinds:
        head = replace(head, hu=head.hu.copy(), ventricles=head.ventricles.copy(), sulci=head.sulci.copy())
    for kind, make in BLEEDS.items():
        if kind not in kinds:
            continue
        column = SUBTYPES.index(kind)
        several = (
            int(rng.integers(2, MOST[kind] + 1)) if MOST[kind] > 1 and rng.random() < difficulty.several_share else 1
        )
        for _ in range(several):
            bleed = _visible(head, rng, make=partial(make, difficulty=difficulty, bank=bank))
            if bleed is None:
                continue
            _push(head, bleed)
            contrast[bleed.box[0], column] += _pour(head, bleed)
            if volumes is not None:
                np.maximum(volumes[column][bleed.box], bleed.mask, out=volumes[column][bleed.box])
    return Bled(head, contrast, volumes)


def _visible(head: HeadFields, rng: np.random.Generator, *, make: MakeBleed) -> Bleed | None:
    """The first of a few draws that can be seen in at least one slice."""
    for _ in range(TRIES):
        bleed = make(head, rng)
        if bleed is None or not bleed.mask.any():
            continue
        if visible_contrast(bleed, head).max() >= LEAST_VISIBLE:
            return bleed
    return None


def _pour(head: HeadFields, bleed: Bleed) -> np.ndarray:
    """Write oedema and blood into the head's HU; returns the visible contrast of each slice of the box."""
    hu = head.hu[bleed.box]
    if bleed.oedema is not None:
        hu += bleed.oedema * np.minimum(np.float32(OEDEMA_HU) - hu, 0)
    contrast = visible_contrast(bleed, head)
    hu += bleed.mask * (bleed.hu - hu)
    return contrast


def _push(head: HeadFields, bleed: Bleed) -> None:
    """Move brain, ventricles and sulci away from a mass, slice by slice; bone stays."""
    if not bleed.pushes:
        return
    pixel = head.spacing[2]
    for k, s in enumerate(range(bleed.box[0].start, bleed.box[0].stop)):
        if bleed.mask[k].sum() * pixel**2 < 40:  # mm2: too small to move anything
            continue
        moved = _displacement(head, bleed.mask[k], box=bleed.box, index=s)
        for field in (head.hu, head.ventricles, head.sulci):
            field[s] = cv2.remap(field[s], *moved, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _displacement(
    head: HeadFields, mask: np.ndarray, *, box: tuple[slice, slice, slice], index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of a slice comes from (columns, rows): down the slope of the blurred mass."""
    size, pixel, factor = head.hu.shape[1], head.spacing[2], 4
    mass = np.zeros(head.hu.shape[1:], dtype=np.float32)
    mass[box[1:]] = mask
    small = cv2.resize(mass, (max(size // factor, 8),) * 2, interpolation=cv2.INTER_AREA)
    step = pixel * size / small.shape[0]
    small = cv2.GaussianBlur(small, (0, 0), REACH_MM / step, borderType=cv2.BORDER_CONSTANT)
    down, right = np.gradient(small)
    strength = YIELD * REACH_MM**2 / step / pixel  # to pixels of the slice
    rigid = np.clip(-head.cavity[index] * np.float32(1 / RIGID_MM), 0, 1)
    rows, columns = (
        cv2.resize(d.astype(np.float32), (size, size)) * np.float32(strength) * rigid for d in (down, right)
    )
    grid = np.arange(size, dtype=np.float32)
    return columns + grid[None, :], rows + grid[:, None]
