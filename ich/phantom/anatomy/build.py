"""How large a head is, and how thick its bone and scalp are."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Build:
    """Inner size of a skull, in mm, and how thick what lies over it is."""

    half_width: float
    half_length: float
    half_height: float
    bone: float
    scalp: float
    narrow_front: float


def draw_build(rng: np.random.Generator) -> Build:
    """Draw the size of a head; inner length 150 to 180 mm, width 122 to 145 mm in adults."""
    size = rng.normal(1, 0.035)
    return Build(
        half_width=size * rng.normal(66, 2.2),
        half_length=size * rng.normal(82, 2.8),
        half_height=size * rng.normal(80, 2.5),
        bone=rng.uniform(4.0, 6.8),
        scalp=rng.uniform(4.0, 8.0),
        narrow_front=rng.uniform(0.06, 0.16),
    )
