"""Which kinds of bleed a patient has: each as often as asked for, together as often as in RSNA's studies."""

from statistics import NormalDist

import numpy as np

from ich.labels import SUBTYPES
from ich.phantom.options import Prevalence

# Correlation of a hidden normal variable a kind, in the order of SUBTYPES: tetrachoric, from the study labels of 21,508
# RSNA studies. They give any .42 (RSNA .41) and 1 to 4 kinds in 48, 27, 17, 8 % of positive studies (41, 32, 20, 6.5).
TOGETHER = np.array(
    [
        [1.00, 0.27, 0.06, 0.27, 0.31],
        [0.27, 1.00, 0.77, 0.63, 0.34],
        [0.06, 0.77, 1.00, 0.68, 0.24],
        [0.27, 0.63, 0.68, 1.00, 0.50],
        [0.31, 0.34, 0.24, 0.50, 1.00],
    ]
)


def draw_kinds(prevalence: Prevalence, rng: np.random.Generator) -> tuple[str, ...]:
    """Kinds of bleed of one patient; maybe none."""
    hidden = np.linalg.cholesky(TOGETHER) @ rng.standard_normal(len(SUBTYPES))
    chance = [NormalDist().cdf(float(value)) for value in hidden]
    return tuple(kind for kind, u, share in zip(SUBTYPES, chance, prevalence.shares(), strict=True) if u > 1 - share)
