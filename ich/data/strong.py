"""Strong augmentation in HU: what the light one does, random resized crops, elastic warps, noise and holes."""

from dataclasses import dataclass

import cv2
import numpy as np

from ich.data.augment import (
    MOST_DEGREES,
    MOST_HU,
    check_at_most,
    check_not_negative,
    check_shares,
    draw_flip,
    draw_move,
    draw_tone,
)
from ich.data.geometry import cropped, warp
from ich.errors import out_of_range
from ich.hu import AIR, HU_CEILING

CONTROL_POINTS = 5  # of the elastic warp along each side; between them it is smooth
MOST_BEND = 0.04  # share of the side; control points are .2 apart, and from .05 on rows can fold over
LONGEST_HOLE = 4  # a hole's sides are a quarter of the longest to the longest


@dataclass(frozen=True, kw_only=True)
class Strong:
    """Crop, elastic warp, noise and holes beside flip, shift-scale-rotate and tone; HU in, HU out.

    All geometry but the flip, which is exact, is one matrix and one field of displacements, so that pixels are
    interpolated once. Slices of a sample are changed alike; noise has the same strength in all, and a grain of its own
    in each, as a scanner's has.

    Attributes:
        flip: probability of a left-right flip.
        crop: probability of a random resized crop.
        crop_side: smallest side of a crop, as a share of the picture's.
        aspect: largest change of a crop's sides against each other, as a share.
        move: probability of shift, scale and rotation together.
        shift: largest shift, as a share of the side.
        scale: largest change of scale, as a share.
        rotate: largest rotation in degrees.
        elastic: probability of an elastic warp.
        bend: largest displacement of its 5 x 5 control points, as a share of the side, 0 to
            .04: no row or column folds over.
        tone: probability of a change of brightness and contrast together.
        brightness: largest change of brightness in HU.
        contrast: largest change of contrast, as a share of the distance to brain (35 HU).
        noise: probability of noise.
        noise_hu: largest standard deviation of the noise in HU.
        dropout: probability of holes.
        holes: most holes.
        hole_side: longest side of a hole, as a share of the side; holes are air.
        mixup: alpha of the mix of two slices after the windows; 0 for none.
    """

    flip: float = 0.5
    crop: float = 0.5
    crop_side: float = 0.7
    aspect: float = 0.1
    move: float = 0.5
    shift: float = 0.0625
    scale: float = 0.1
    rotate: float = 30.0
    elastic: float = 0.3
    bend: float = 0.03
    tone: float = 0.5
    brightness: float = 6.0
    contrast: float = 0.1
    noise: float = 0.3
    noise_hu: float = 8.0
    dropout: float = 0.3
    holes: int = 6
    hole_side: float = 0.2
    mixup: float = 0.0

    def __post_init__(self) -> None:
        shares = ("flip", "crop", "move", "shift", "scale", "elastic", "tone", "contrast", "noise", "dropout")
        check_shares(self, *shares, "aspect", "hole_side")
        check_at_most(self, rotate=MOST_DEGREES, brightness=MOST_HU, noise_hu=MOST_HU)
        check_not_negative(self, "holes", "mixup")
        if not 0 < self.crop_side <= 1:
            raise out_of_range("augment.crop_side", self.crop_side, expected="above 0, to 1")
        if not 0 <= self.bend <= MOST_BEND:
            raise out_of_range("augment.bend", self.bend, expected=f"0 to {MOST_BEND}")

    def __call__(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Change the n slices of a sample alike; the same state of `rng` gives the same sample.

        Args:
            hu: int16 HU (n, R, C).
            rng: drawn from; a generator a sample.

        Returns:
            int16 HU (n, R, C).
        """
        hu = self._warp(draw_flip(hu, rng, probability=self.flip), rng)
        hu = draw_tone(hu, rng, probability=self.tone, brightness=self.brightness, contrast=self.contrast)
        if rng.random() < self.noise:
            hu = add_noise(hu, sigma=rng.uniform(0, self.noise_hu), rng=rng)
        if self.holes and rng.random() < self.dropout:
            hu = punch_holes(hu, n_holes=int(rng.integers(1, self.holes + 1)), longest=self.hole_side, rng=rng)
        return hu

    def _warp(self, hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows, columns = hu.shape[1:]
        ranges = {"shift": self.shift, "scale": self.scale, "rotate": self.rotate}
        matrix = draw_move(rng, probability=self.move, **ranges, shape=(rows, columns))
        if rng.random() < self.crop:
            side, ratio = rng.uniform(self.crop_side, 1), 1 + rng.uniform(-self.aspect, self.aspect)
            height, width = min(1.0, side * ratio**0.5), min(1.0, side / ratio**0.5)
            top, left = rng.uniform(0, 1 - height), rng.uniform(0, 1 - width)
            matrix = matrix @ cropped((top, left, height, width), shape=(rows, columns))
        bends = None
        if rng.random() < self.elastic:
            bends = rng.uniform(-1, 1, (2, CONTROL_POINTS, CONTROL_POINTS)) * self.bend
        return warp(hu, matrix, bends=bends)


def add_noise(hu: np.ndarray, *, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of `sigma` HU, a grain of its own in each slice; pure air stays pure air.

    Args:
        hu: int16 HU (n, R, C).
        sigma: standard deviation in HU.
        rng: drawn from.

    Returns:
        int16 HU (n, R, C), -1024..3071.
    """
    grain = rng.standard_normal(hu.shape, dtype=np.float32)
    np.rint(cv2.scaleAdd(grain, sigma, hu.astype(np.float32)), out=grain)
    changed = np.clip(grain, AIR, HU_CEILING, out=grain).astype(np.int16)
    return np.where(hu <= AIR, hu, changed)


def punch_holes(hu: np.ndarray, *, n_holes: int, longest: float, rng: np.random.Generator) -> np.ndarray:
    """Fill rectangles with air, the same in all slices; returns int16 HU (n, R, C).

    Source: DeVries and Taylor 2017, cutout.
    """
    changed = hu.copy()
    rows, columns = hu.shape[1:]
    for top, left, height, width in rng.uniform(0, 1, (n_holes, 4)):
        high = round(rows * longest * (1 + (LONGEST_HOLE - 1) * height) / LONGEST_HOLE)
        wide = round(columns * longest * (1 + (LONGEST_HOLE - 1) * width) / LONGEST_HOLE)
        first_row, first_column = round(top * (rows - high)), round(left * (columns - wide))
        changed[:, first_row : first_row + high, first_column : first_column + wide] = AIR
    return changed
