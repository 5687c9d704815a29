"""Augmentations of slices in HU: geometry by albumentations, brightness and contrast our own."""

import os
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from ich.dicom.hu import AIR, HU_CEILING
from ich.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else it asks the package index at every import

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
        if self.mixup < 0:
            raise out_of_range("mixup", self.mixup, expected="0 or more")

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
        for name in ("flip", "move", "shift", "scale", "tone", "contrast"):
            if not 0 <= getattr(self, name) <= 1:
                raise out_of_range(name, getattr(self, name), expected="0 to 1")
        for name in ("rotate", "brightness", "mixup"):
            if getattr(self, name) < 0:
                raise out_of_range(name, getattr(self, name), expected="0 or more")

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change the n slices of a sample alike; the same state of `rng` gives the same sample.

        Args:
            hu: int16 HU (n, R, C).
            rng: drawn from; a generator a sample.

        Returns:
            int16 HU (n, R, C).
        """
        image = hu[0] if len(hu) == 1 else np.ascontiguousarray(hu.transpose(1, 2, 0))  # (R, C) or (R, C, n)
        if rng.random() < self.flip:
            image = cv2.flip(image, 1)
        if rng.random() < self.move:
            across, down, zoom, degrees = rng.uniform(-1, 1, 4) * (self.shift, self.shift, self.scale, self.rotate)
            image = move(image, shift=(across, down), scale=1 + zoom, degrees=degrees)
        if rng.random() < self.tone:
            brightness, contrast = rng.uniform(-1, 1, 2) * (self.brightness, self.contrast)
            image = change_tone(image, brightness=brightness, contrast=1 + contrast)
        return image[None] if image.ndim == 2 else image.transpose(2, 0, 1)  # (n, R, C)


def move(image: np.ndarray, *, shift: tuple[float, float], scale: float, degrees: float) -> np.ndarray:
    """Shift, scale and rotate around the middle; air comes in from outside.

    albumentations' functions without its random classes: those draw a second matrix for boxes we don't have, and from
    a state of their own.

    Args:
        image: int16 HU (R, C) or (R, C, n).
        shift: across and down, as shares of the side.
        scale: above 1 enlarges.
        degrees: counter-clockwise.

    Returns:
        int16 HU of the same shape, linear between pixels.
    """
    import albumentations.augmentations.geometric.functional as geometric

    rows, columns = image.shape[:2]
    matrix = geometric.create_affine_transformation_matrix(
        translate={"x": shift[0] * columns, "y": shift[1] * rows},
        shear={"x": 0.0, "y": 0.0},
        scale={"x": scale, "y": scale},
        rotate=degrees,
        shift=geometric.center((rows, columns)),
    )
    return geometric.warp_affine(
        image,
        matrix,
        interpolation=cv2.INTER_LINEAR,
        fill=float(AIR),  # a whole number would reach the first channel only
        border_mode=cv2.BORDER_CONSTANT,
        output_shape=(rows, columns),
    )


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


def out_of_range(name: str, value: float, *, expected: str) -> ConfigError:
    """The complaint about a number of an augmentation."""
    return ConfigError(f"augment.{name}={value}: expected {expected}, found {value}; set augment.{name}")
