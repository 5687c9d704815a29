"""Three rules that score one HU slice for blood with a single number: what a net has to beat."""

from collections.abc import Callable
from types import MappingProxyType

import cv2
import numpy as np

BLOOD_HU = (50, 90)  # HU, both included: acute blood, above grey matter, below calcification
BONE_HU = 300  # HU; the skull's tables, above any blood
CLOSING_PIXELS = 5  # gaps of the ring (sutures, thin squama) up to this width are closed
EROSION_PIXELS = 3  # partial volume of the skull's inner table reaches about this far at 256 px
BLUR_PIXELS = 5


def skull_cavity(hu: np.ndarray) -> np.ndarray:
    """Mask of what the skull encloses, found from the image itself (no true mask is used, so it works on any CT).

    Bone from 300 HU up, gaps closed by 5 px; the largest ring's hole, filled (calcifications inside count as
    inside), without what is bone at its border. Empty where no ring of bone is closed.

    Args:
        hu: int16 (R, C).

    Returns:
        bool (R, C).
    """
    bone = (hu >= BONE_HU).astype(np.uint8)
    kernel = np.ones((CLOSING_PIXELS, CLOSING_PIXELS), dtype=np.uint8)
    closed = cv2.morphologyEx(bone, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = [contour for contour, links in zip(contours, _rows(tree), strict=True) if links[3] >= 0]
    cavity = np.zeros_like(bone)
    if holes:
        largest = max(holes, key=cv2.contourArea)
        cv2.drawContours(cavity, [largest], -1, 1, thickness=cv2.FILLED)
        cv2.drawContours(cavity, [largest], -1, 0, thickness=1)  # a hole's outline lies on the bone around it
    return cavity.astype(bool)


def share_of_blood(hu: np.ndarray, cavity: np.ndarray) -> float:
    """Share of the cavity's pixels at 50 to 90 HU; 0 for an empty cavity.

    Args:
        hu: int16 (R, C).
        cavity: bool (R, C).
    """
    n_inside = int(np.count_nonzero(cavity))
    return int(np.count_nonzero(_is_blood(hu) & cavity)) / n_inside if n_inside else 0.0


def share_of_blood_eroded(hu: np.ndarray, cavity: np.ndarray) -> float:
    """The same after the cavity lost 3 px at its border.

    Args:
        hu: int16 (R, C).
        cavity: bool (R, C).
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * EROSION_PIXELS + 1, 2 * EROSION_PIXELS + 1))
    inner = cv2.erode(cavity.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return share_of_blood(hu, inner.astype(bool))


def count_of_blurred_blood(hu: np.ndarray, cavity: np.ndarray) -> float:
    """Number of the cavity's pixels at 50 to 90 HU after a 5x5 mean over what lies inside the cavity.

    The mean leaves bone out: blurred with it, a rim of the brain would always read as blood.

    Args:
        hu: int16 (R, C).
        cavity: bool (R, C).
    """
    inside = cavity.astype(np.float32)
    size = (BLUR_PIXELS, BLUR_PIXELS)
    total = cv2.boxFilter(hu * inside, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    n_inside = cv2.boxFilter(inside, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    blurred = total / np.maximum(n_inside, 1)
    return float(np.count_nonzero(_is_blood(blurred) & cavity))


RULES: MappingProxyType[str, Callable[[np.ndarray, np.ndarray], float]] = MappingProxyType(
    {
        "rule_share": share_of_blood,
        "rule_eroded": share_of_blood_eroded,
        "rule_blurred": count_of_blurred_blood,
    }
)


def one_number_rules(hu: np.ndarray) -> dict[str, float]:
    """All rules on one slice; the names are the columns that `evaluate_table` looks for.

    Args:
        hu: int16 (R, C), 256 px as a store has it (erosion and blur are counted in pixels).
    """
    cavity = skull_cavity(hu)
    column, row, width, height = cv2.boundingRect(cavity.astype(np.uint8))
    box = np.s_[row : row + height, column : column + width]  # nothing outside the cavity counts
    return {name: rule(hu[box], cavity[box]) if width else 0.0 for name, rule in RULES.items()}


def _rows(tree: np.ndarray | None) -> np.ndarray:
    return np.zeros((0, 4), dtype=np.int32) if tree is None else tree[0]


def _is_blood(hu: np.ndarray) -> np.ndarray:
    return (hu >= BLOOD_HU[0]) & (hu <= BLOOD_HU[1])
