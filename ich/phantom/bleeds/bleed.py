"""What a bleed is, and what draws one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ich.phantom.anatomy.fields import Box, HeadFields


@dataclass(frozen=True)
class Bleed:
    """One bleed in one head; arrays are float32 and cover `box` only.

    Attributes:
        subtype: one of `ich.labels.SUBTYPES`.
        box: where in the head the arrays lie.
        hu: HU of the blood.
        mask: share of each voxel that is blood, 0 to 1.
        oedema: share of each voxel that is swollen brain, 0 to 1; None where there is none.
        pushes: whether it moves the brain aside (or fills a space that is there).
    """

    subtype: str
    box: Box
    hu: np.ndarray
    mask: np.ndarray
    oedema: np.ndarray | None = None
    pushes: bool = False


class MakeBleed(Protocol):
    """Draws one bleed of a kind; None where this head has no room for it."""

    def __call__(self, head: HeadFields, rng: np.random.Generator) -> Bleed | None:
        """Draw a bleed for this head."""
        ...


def draw_acute(
    rng: np.random.Generator, *, share: float, acute_hu: tuple[float, float], older_hu: tuple[float, float]
) -> float:
    """HU of one bleed's blood: fresh in `share` of cases, else fading towards brain and below."""
    return float(rng.uniform(*(acute_hu if rng.random() < share else older_hu)))
