"""One made study: a patient drawn, bled, scanned, labelled; the same for a seed and number, whoever makes it."""

from dataclasses import dataclass

import numpy as np

from ich.phantom.anatomy.head import Head, make_head
from ich.phantom.anatomy.lookalikes import add_lookalikes
from ich.phantom.bleeds.place import add_bleeds
from ich.phantom.grid import Grid, draw_grid
from ich.phantom.labels import slice_labels
from ich.phantom.noise import noise_bank
from ich.phantom.occurrence import draw_kinds
from ich.phantom.options import Difficulty, Prevalence, Scanner
from ich.phantom.scanner import Exposure, draw_exposure, scan_head


@dataclass(frozen=True)
class MadeStudy:
    """A made study before it is stored.

    Attributes:
        hu: int16 (S, R, C), feet to head; `ich.phantom.scanner.OUTSIDE_HU` outside the reconstructed circle.
        labels: int8 (S, 6) in the order of `ich.labels.LABELS`.
        masks: float32 (5, S, R, C) share of blood by kind; None unless asked for.
        grid: geometry.
        kinds: the kinds of bleed drawn for this patient.
    """

    hu: np.ndarray
    labels: np.ndarray
    masks: np.ndarray | None
    grid: Grid
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class DrawnStudy:
    """A patient who lies in the scanner, not yet scanned.

    Attributes:
        head: with its bleeds.
        grid: geometry of the scan.
        exposure: how it will be scanned.
        labels: int8 (S, 6) in the order of `ich.labels.LABELS`.
        masks: float32 (5, S, R, C) share of blood by kind; None unless asked for.
        kinds: the kinds of bleed drawn for this patient.
    """

    head: Head
    grid: Grid
    exposure: Exposure
    labels: np.ndarray
    masks: np.ndarray | None
    kinds: tuple[str, ...]


def study_generator(seed: int, number: int) -> np.random.Generator:
    """The generator of study `number`: depends on nothing else, so studies can be made in any order."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))


def make_study(
    rng: np.random.Generator, *, difficulty: Difficulty, scanner: Scanner, prevalence: Prevalence, masks: bool = False
) -> MadeStudy:
    """Make one study.

    Args:
        rng: draws everything.
        difficulty: how hard heads are.
        scanner: how they are scanned.
        prevalence: share of studies with each kind of bleed.
        masks: whether to keep voxel masks.

    Returns:
        The study.
    """
    drawn = draw_study(rng, difficulty=difficulty, scanner=scanner, prevalence=prevalence, masks=masks)
    hu = scan_head(drawn.head, drawn.grid, exposure=drawn.exposure, bank=noise_bank(), rng=rng)
    return MadeStudy(hu, drawn.labels, drawn.masks, drawn.grid, drawn.kinds)


def draw_study(
    rng: np.random.Generator, *, difficulty: Difficulty, scanner: Scanner, prevalence: Prevalence, masks: bool = False
) -> DrawnStudy:
    """Draw everything of a study but the scan itself; arguments as `make_study` takes them."""
    bank = noise_bank()
    grid = draw_grid(scanner, rng)
    kinds = draw_kinds(prevalence, rng)
    head = make_head(grid, difficulty, bank=bank, rng=rng)
    add_lookalikes(head, difficulty, bank=bank, rng=rng)
    bled = add_bleeds(head.fields, rng, kinds=kinds, difficulty=difficulty, bank=bank, masks=masks)
    exposure = draw_exposure(grid, scanner, noise=difficulty.noise, rng=rng)
    head = Head(bled.head, head.tissue, head.base_mm)
    return DrawnStudy(head, grid, exposure, slice_labels(bled.contrast), bled.masks, kinds)
