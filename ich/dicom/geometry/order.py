"""Orders the slices of one series along their normal, feet to head, and says what is odd about their places."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from ich.dicom.geometry.spacing import Spacing, measure_spacing, spacing_warnings
from ich.dicom.header import Orientation, SliceHeader
from ich.errors import DataError
from ich.numerals import those_found

SAME_POSITION_MM = 0.01  # positions are text with two or more decimals
TILTED_APART_DEGREES = 1.0  # between the slices of one series

Direction = tuple[float, float, float]


@dataclass(frozen=True)
class OrderedSlices:
    """Slices of one series in order.

    Attributes:
        headers: feet to head along the normal; equal positions by sop uid.
        positions_mm: float32 (S,), along the normal.
        groups: indices of the slices that share one position, a tuple for each position, in order.
        tilt_degrees: of the gantry, from the orientation; 0 for upright planes, positive as in GantryDetectorTilt.
        shear_degrees: between the line through the first pixels of the slices and the normal; 0 for a straight stack,
            the tilt where the table moved along the body and the planes are oblique.
        spacing: steps between the positions.
        warnings: sentences on uneven steps, gaps, unequal orientation.
    """

    headers: tuple[SliceHeader, ...]
    positions_mm: np.ndarray
    groups: tuple[tuple[int, ...], ...]
    tilt_degrees: float
    shear_degrees: float
    spacing: Spacing
    warnings: tuple[str, ...]

    @property
    def step_mm(self) -> float | None:
        """Median step between neighbouring positions; None for a single position."""
        return self.spacing.step_mm

    @property
    def n_repeated(self) -> int:
        """Slices that lie at the position of another one."""
        return len(self.headers) - len(self.groups)


def order_slices(headers: Sequence[SliceHeader]) -> OrderedSlices:
    """Order slices by their place along the normal, then by sop uid; no slice is left out.

    Position and orientation alone decide: file names, InstanceNumber and SliceLocation may be missing or wrong.
    Planes of a tilted gantry are sheared against each other; their distance is measured along the normal all the same.

    Raises:
        DataError: no slices.
    """
    if not headers:
        raise DataError("series: expected at least one slice, found none; check what was rejected")
    normal = shared_normal(headers)
    placed = [(slice_position(header, normal), header) for header in headers]
    placed.sort(key=lambda pair: (round(pair[0] / SAME_POSITION_MM), pair[1].sop_uid, pair[1].file))
    positions = np.array([position for position, _ in placed], dtype=np.float64)
    ordered = tuple(header for _, header in placed)
    groups = _groups(positions)
    firsts = [group[0] for group in groups]
    spacing = measure_spacing(positions[firsts])
    return OrderedSlices(
        headers=ordered,
        positions_mm=positions.astype(np.float32),
        groups=groups,
        tilt_degrees=tilt_degrees(normal),
        shear_degrees=_shear_degrees([ordered[index] for index in firsts], normal),
        spacing=spacing,
        warnings=(*spacing_warnings(spacing), *_unequal_normals(ordered, normal)),
    )


def slice_normal(header: SliceHeader) -> Direction:
    """The direction across a slice, length 1, towards the head (towards back or left where it lies level).

    Source: DICOM PS3.3 C.7.6.2.1.1: rows cross columns.
    """
    return _normal(header.orientation)


@lru_cache(maxsize=4096)  # a stack has one orientation and hundreds of slices
def _normal(orientation: Orientation) -> Direction:
    a, b, c, d, e, f = orientation
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = math.hypot(*cross)
    main = max((2, 1, 0), key=lambda axis: round(abs(cross[axis]), 3))
    sign = -1.0 if cross[main] < 0 else 1.0
    return (sign * cross[0] / length, sign * cross[1] / length, sign * cross[2] / length)


def shared_normal(headers: Sequence[SliceHeader]) -> Direction:
    """The most frequent normal, so that one odd slice doesn't turn the stack."""
    counts: Counter[Direction] = Counter()
    normals: dict[Direction, Direction] = {}
    for normal, n_slices in Counter(map(slice_normal, headers)).items():
        rounded = (round(normal[0], 4), round(normal[1], 4), round(normal[2], 4))
        counts[rounded] += n_slices
        normals[rounded] = min(normal, normals.get(rounded, normal))
    return normals[min(counts, key=lambda rounded: (-counts[rounded], rounded))]


def degrees_turned(one: Orientation, other: Orientation) -> float:
    """By how much two slices are turned against each other: the larger angle of their rows and of their columns."""
    return max(_degrees_between(one[:3], other[:3]), _degrees_between(one[3:], other[3:]))


def slice_position(header: SliceHeader, normal: Direction) -> float:
    """Place of a slice along `normal`, in mm."""
    return _along(header.position, normal)


def tilt_degrees(normal: Direction) -> float:
    """Angle between `normal` and the body's axis in the plane that a gantry tilts in, in degrees."""
    return round(math.degrees(math.atan2(normal[1], normal[2])), 2) + 0.0


def _groups(positions: np.ndarray) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = []
    for index, position in enumerate(positions):
        # a thousandth of the limit for what binary numbers make of decimal text
        if groups and position - positions[groups[-1][0]] <= SAME_POSITION_MM * 1.001:
            groups[-1].append(index)
        else:
            groups.append([index])
    return tuple(map(tuple, groups))


def _shear_degrees(headers: Sequence[SliceHeader], normal: Direction) -> float:
    """The usual slope of neighbouring first pixels against the normal, in degrees."""
    slopes = []
    for one, other in pairwise(headers):
        moved = [b - a for a, b in zip(one.position, other.position, strict=True)]
        step = _along(moved, normal)
        slopes.append([(place - step * direction) / step for place, direction in zip(moved, normal, strict=True)])
    if not slopes:
        return 0.0
    return round(math.degrees(math.atan(math.hypot(*np.median(slopes, axis=0)))), 2)


def _unequal_normals(headers: Sequence[SliceHeader], normal: Direction) -> list[str]:
    normals = Counter(map(slice_normal, headers))
    n_apart = sum(n for found, n in normals.items() if _degrees_between(found, normal) > TILTED_APART_DEGREES)
    return those_found([(n_apart, "slice|slices is|are tilted against the others")])


def _degrees_between(one: Sequence[float], other: Sequence[float]) -> float:
    cosine = _along(one, other) / (math.hypot(*one) * math.hypot(*other))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def _along(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
