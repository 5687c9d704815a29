"""Banks of noise, made once a process: a cube for anatomy and a plane for the scanner's grain."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

CUBE_SIZE = 128  # voxels; a power of two, so that a lookup wraps by a bit mask
CUBE_WAVELENGTH = 16  # voxels a wave of the cube's noise
PLANE_SIZE = 1024  # pixels of the scanner's grain


@dataclass(frozen=True)
class NoiseBank:
    """Noise of mean 0 and variance 1 that repeats without a seam.

    Attributes:
        cube: float32 (128, 128, 128), smooth, one wave in 16 voxels.
        plane: float32 (1024, 1024), the grain of a soft reconstruction kernel.
    """

    cube: np.ndarray
    plane: np.ndarray

    def smooth(
        self, x: np.ndarray, y: np.ndarray, z: np.ndarray, *, wavelength: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Smooth noise at points in space.

        Args:
            x: mm, any shape; `y` and `z` broadcast with it.
            y: mm.
            z: mm.
            wavelength: mm a wave.
            rng: draws which part of the cube is used.

        Returns:
            float32 of the broadcast shape.
        """
        scale = CUBE_WAVELENGTH / wavelength
        start = rng.uniform(0, CUBE_SIZE, 3) + CUBE_SIZE * 64
        mask = CUBE_SIZE - 1
        index = (x * np.float32(scale) + np.float32(start[0])).astype(np.int32) & mask
        index = (index << 7) | ((y * np.float32(scale) + np.float32(start[1])).astype(np.int32) & mask)
        index = (index << 7) | ((z * np.float32(scale) + np.float32(start[2])).astype(np.int32) & mask)
        return self.cube.ravel().take(index)

    def grain(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """One slice of scanner noise: two crops of the plane, mixed at a random angle.

        Args:
            size: rows and columns, at most 1024.
            rng: draws the crops.

        Returns:
            float32 (size, size), mean 0, variance 1.
        """
        angle = rng.uniform(0, 2 * np.pi)
        first, second = (self._crop(size, rng) for _ in range(2))
        return first * np.float32(np.cos(angle)) + second * np.float32(np.sin(angle))

    def _crop(self, size: int, rng: np.random.Generator) -> np.ndarray:
        row, column = rng.integers(0, PLANE_SIZE - size + 1, 2)
        crop = self.plane[row : row + size, column : column + size]
        return crop[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]


@lru_cache(maxsize=1)
def noise_bank() -> NoiseBank:
    """The one bank of this process; the same in every process, so heads don't depend on how many there are."""
    rng = np.random.default_rng(20190914)  # any fixed number; what a head gets of it is drawn from the head's own seed
    return NoiseBank(cube=_cube(rng), plane=_plane(rng))


def _cube(rng: np.random.Generator) -> np.ndarray:
    frequency = np.fft.fftfreq(CUBE_SIZE).astype(np.float32)
    half = np.fft.rfftfreq(CUBE_SIZE).astype(np.float32)
    radius = np.sqrt(frequency[:, None, None] ** 2 + frequency[None, :, None] ** 2 + half[None, None, :] ** 2)
    band = np.exp(-0.5 * ((radius * CUBE_WAVELENGTH - 1) / 0.35) ** 2).astype(np.float32)
    spectrum = np.fft.rfftn(rng.standard_normal((CUBE_SIZE,) * 3, dtype=np.float32)) * band
    cube = np.fft.irfftn(spectrum, s=(CUBE_SIZE,) * 3, axes=(0, 1, 2)).astype(np.float32)
    return cube / cube.std()


def _plane(rng: np.random.Generator) -> np.ndarray:
    frequency = np.fft.fftfreq(PLANE_SIZE).astype(np.float32)
    radius = np.hypot(frequency[:, None], frequency[None, : PLANE_SIZE // 2 + 1])
    # A ramp times the fall-off of a soft kernel: little noise at long waves, none at the pixel's own scale.
    response = radius**0.7 * np.exp(-((radius / 0.3) ** 2))
    spectrum = np.fft.rfft2(rng.standard_normal((PLANE_SIZE, PLANE_SIZE), dtype=np.float32)) * response
    plane = np.fft.irfft2(spectrum, s=(PLANE_SIZE, PLANE_SIZE)).astype(np.float32)
    return plane / plane.std()
