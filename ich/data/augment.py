"""Augmentations of slices in HU: geometry by albumentations, brightness and contrast our own."""

import os
import random
from typing import Protocol

import cv2
import numpy as np

from ich.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else it asks the package index at every import

AIR, HU_CEILING = -1024, 3071  # HU; the range of a store
BRAIN = 35.0  # HU around which contrast is changed: between grey (37) and white matter (28)


class Augment(Protocol):
    """Changes the slices of one sample; new augmentations need nothing but this call."""

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return int16 HU (n, R, C) for int16 HU (n, R, C), all n slices changed alike; the input stays as it is."""
        ...


class Unchanged:
    """No augmentation."""

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the slices as they are."""
        return hu


class Light:
    """The founding README's augmentation: flip, shift-scale-rotate, brightness and contrast."""

    def __init__(
        self,
        *,
        flip: float = 0.5,
        move: float = 0.5,
        shift: float = 0.0625,
        scale: float = 0.1,
        rotate: float = 15.0,
        tone: float = 0.5,
        brightness: float = 6.0,
        contrast: float = 0.1,
    ) -> None:
        """Say how often and how far.

        Args:
            flip: probability of a left-right flip.
            move: probability of shift, scale and rotation together.
            shift: largest shift, as a share of the side.
            scale: largest change of scale, as a share.
            rotate: largest rotation in degrees.
            tone: probability of a change of brightness and contrast together.
            brightness: largest change of brightness in HU.
            contrast: largest change of contrast, as a share of the distance to brain (35 HU).

        Raises:
            ConfigError: a probability or share outside 0..1, or a negative range.
        """
        _check_shares({"flip": flip, "move": move, "shift": shift, "scale": scale, "tone": tone, "contrast": contrast})
        _check_ranges({"rotate": rotate, "brightness": brightness})
        import albumentations

        self._geometry = (
            albumentations.HorizontalFlip(p=flip),
            albumentations.Affine(
                translate_percent=(-shift, shift),
                scale=(1 - scale, 1 + scale),
                rotate=(-rotate, rotate),
                interpolation=cv2.INTER_LINEAR,
                border_mode=cv2.BORDER_CONSTANT,
                fill=AIR,
                p=move,
            ),
        )
        self.tone, self.brightness, self.contrast = tone, brightness, contrast

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change the n slices of a sample alike; the same state of `rng` gives the same sample.

        Args:
            hu: int16 HU (n, R, C).
            rng: drawn from; a generator a sample.

        Returns:
            int16 HU (n, R, C).
        """
        image = hu[0] if len(hu) == 1 else np.ascontiguousarray(hu.transpose(1, 2, 0))  # (R, C) or (R, C, n)
        python_random = random.Random(int(rng.integers(2**63)))
        for transform in self._geometry:
            transform.set_random_state(rng, python_random)
            image = transform(image=image)["image"]
        if rng.random() < self.tone:
            image = change_tone(
                image,
                brightness=rng.uniform(-self.brightness, self.brightness),
                contrast=rng.uniform(1 - self.contrast, 1 + self.contrast),
            )
        return image[None] if image.ndim == 2 else image.transpose(2, 0, 1)  # (n, R, C)


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
    changed[hu <= AIR] = AIR
    return changed


def _check_shares(shares: dict[str, float]) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ConfigError(f"augment.{name}={share}: expected 0 to 1, found {share}; set augment.{name}")


def _check_ranges(ranges: dict[str, float]) -> None:
    for name, value in ranges.items():
        if value < 0:
            raise ConfigError(f"augment.{name}={value}: expected 0 or more, found {value}; set augment.{name}")
