"""Augmentations of slices in HU: none and the light one, and what stronger ones share with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from ich.data.geometry import moved, warp
from ich.errors import out_of_range
from ich.hu import AIR, HU_CEILING, HU_FLOOR

MOST_DEGREES = 180  # either way: all there are
MOST_HU = HU_CEILING - HU_FLOOR
BRAIN = 35.0  # HU around which contrast is changed: between grey (37) and white matter (28)


class Augment(Protocol):
    """Changes the slices of one sample; new augmentations need nothing but this call.

    One with a number `mixup` has slices of a batch mixed too, after the windows (`ich.data.mixup`).
    """

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return int16 HU (n, R, C) for int16 HU (n, R, C), all n slices changed alike; the input stays as it is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """No augmentation of single slices.

    Attributes:
        mixup: alpha of the mix of two slices after the windows; 0 for none.
    """

    mixup: float = 0.0

    def __post_init__(self) -> None:
        check_not_negative(self, "mixup")

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the slices as they are."""
        return hu


@dataclass(frozen=True, kw_only=True)
class Light:
    """The founding README's augmentation: flip, shift-scale-rotate, brightness and contrast.

    Attributes:
        flip: probability of a left-right flip.
        move: probability of shift, scale and rotation together.
        shift: largest shift, as a share of the side.
        scale: largest change of scale, as a share.
        rotate: largest rotation in degrees.
        tone: probability of a change of brightness and contrast together.
        brightness: largest change of brightness in HU.
        contrast: largest change of contrast, as a share of the distance to brain (35 HU).
        mixup: alpha of the mix of two slices after the windows; 0 for none.
    """

    flip: float = 0.5
    move: float = 0.5
    shift: float = 0.0625
    scale: float = 0.1
    rotate: float = 15.0
    tone: float = 0.5
    brightness: float = 6.0
    contrast: float = 0.1
    mixup: float = 0.0

    def __post_init__(self) -> None:
        check_shares(self, "flip", "move", "shift", "scale", "tone", "contrast")
        check_at_most(self, rotate=MOST_DEGREES, brightness=MOST_HU)
        check_not_negative(self, "mixup")

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change the n slices of a sample alike; the same state of `rng` gives the same sample.

        Args:
            hu: int16 HU (n, R, C).
            rng: drawn from; a generator a sample.

        Returns:
            int16 HU (n, R, C).
        """
        hu = draw_flip(hu, rng, probability=self.flip)
        ranges = {"shift": self.shift, "scale": self.scale, "rotate": self.rotate}
        hu = warp(hu, draw_move(rng, probability=self.move, **ranges, shape=hu.shape[1:]))
        return draw_tone(hu, rng, probability=self.tone, brightness=self.brightness, contrast=self.contrast)


def draw_flip(hu: np.ndarray, rng: np.random.Generator, *, probability: float) -> np.ndarray:
    """Draw a left-right flip; int16 HU (n, R, C) to the same."""
    return np.ascontiguousarray(hu[:, :, ::-1]) if rng.random() < probability else hu


def draw_move(
    rng: np.random.Generator,
    *,
    probability: float,
    shift: float,
    scale: float,
    rotate: float,
    shape: Sequence[int],
) -> np.ndarray:
    """Draw shift, scale and rotation together.

    Args:
        rng: drawn from.
        probability: of all three.
        shift: largest one, as a share of the side.
        scale: largest change, as a share.
        rotate: largest one in degrees.
        shape: rows and columns.

    Returns:
        (3, 3) for `ich.data.geometry.warp`.
    """
    if rng.random() >= probability:
        return np.eye(3)
    rows, columns = shape
    across, down, zoom, degrees = rng.uniform(-1, 1, 4) * (shift, shift, scale, rotate)
    return moved(shift=(across * columns, down * rows), scale=1 + zoom, degrees=degrees, shape=(rows, columns))


def draw_tone(
    hu: np.ndarray, rng: np.random.Generator, *, probability: float, brightness: float, contrast: float
) -> np.ndarray:
    """Draw a change of brightness (at most so many HU) and of contrast (at most such a share); HU to HU."""
    if rng.random() >= probability:
        return hu
    added, more = rng.uniform(-1, 1, 2) * (brightness, contrast)
    return change_tone(hu, brightness=added, contrast=1 + more)


def change_tone(hu: np.ndarray, *, brightness: float, contrast: float) -> np.ndarray:
    """Change brightness and contrast in HU; pure air stays pure air, and no order of HU is turned round.

    Args:
        hu: int16 HU of any shape.
        brightness: HU that are added.
        contrast: factor of the distance to brain.

    Returns:
        int16 HU of the same shape, -1024..3071.
    """
    offset = brightness + BRAIN * (1 - contrast)
    changed = cv2.addWeighted(hu, contrast, hu, 0.0, offset).reshape(hu.shape)
    np.clip(changed, AIR, HU_CEILING, out=changed)
    return cv2.copyTo(hu, (hu <= AIR).view(np.uint8), changed).reshape(hu.shape)


def check_shares(options: Any, *names: str) -> None:
    """Refuse numbers of an augmentation outside 0 to 1.

    Raises:
        ConfigError: names the first one.
    """
    check_at_most(options, **dict.fromkeys(names, 1))


def check_at_most(options: Any, **most: int) -> None:
    """Refuse numbers of an augmentation below 0 or above the most that each may be.

    Raises:
        ConfigError: names the first one.
    """
    for name, highest in most.items():
        if not 0 <= getattr(options, name) <= highest:
            raise out_of_range(f"augment.{name}", getattr(options, name), expected=f"0 to {highest}")


def check_not_negative(options: Any, *names: str) -> None:
    """Refuse numbers of an augmentation below 0.

    Raises:
        ConfigError: names the first one.
    """
    for name in names:
        if getattr(options, name) < 0:
            raise out_of_range(f"augment.{name}", getattr(options, name), expected="0 or more")
