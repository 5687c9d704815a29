"""HU and age of one brain."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tissue:
    """HU and age of one brain.

    Attributes:
        white, grey, csf, dura: HU.
        atrophy: 0 (young, narrow sulci) to 1 (old, wide sulci and ventricles).
        wavelength: mm from one sulcus to the one after the next.
        sulcus_depth: mm.
    """

    white: float
    grey: float
    csf: float
    dura: float
    atrophy: float
    wavelength: float
    sulcus_depth: float


def draw_tissue(atrophy: tuple[float, float], rng: np.random.Generator) -> Tissue:
    """Draw HU and age; grey lies about 5.5 to 10 HU over white (FIELD.md 3.1), CSF at 3 to 10 HU."""
    white = rng.normal(26.5, 1.2)
    age = rng.uniform(*atrophy)
    return Tissue(
        white=white,
        grey=white + rng.uniform(8.5, 12.0),
        csf=rng.uniform(3.0, 9.0),
        dura=rng.uniform(48.0, 62.0),
        atrophy=age,
        wavelength=rng.uniform(20.0, 27.0),
        sulcus_depth=rng.uniform(17.0, 26.0),
    )
