"""Which kinds of bleed a patient has: each as often as asked for, together as often as in RSNA's studies."""

from statistics import NormalDist

import numpy as np

from ich.labels import SUBTYPES
from ich.phantom.options import Prevalence

# Correlation of a hidden normal variable a kind, in the order of SUBTYPES. Chosen so that RSNA's shares of the kinds
# give its share of any (.41) and its number of kinds in a positive study (FIELD.md 3.4: 41, 32, 20, 6.5 %);
# intraparenchymal with intraventricular and subarachnoid most (FIELD.md 3.3).
TOGETHER = np.array(
    [
        [1.00, 0.25, 0.10, 0.25, 0.30],
        [0.25, 1.00, 0.68, 0.58, 0.42],
        [0.10, 0.68, 1.00, 0.56, 0.30],
        [0.25, 0.58, 0.56, 1.00, 0.48],
        [0.30, 0.42, 0.30, 0.48, 1.00],
    ]
)


def draw_kinds(prevalence: Prevalence, rng: np.random.Generator) -> tuple[str, ...]:
    """Kinds of bleed of one patient; maybe none."""
    hidden = np.linalg.cholesky(TOGETHER) @ rng.standard_normal(len(SUBTYPES))
    chance = [NormalDist().cdf(float(value)) for value in hidden]
    return tuple(kind for kind, u, share in zip(SUBTYPES, chance, prevalence.shares(), strict=True) if u > 1 - share)
