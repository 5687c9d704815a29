"""Orders the slices of one series along their normal, feet to head, and says what is odd about their spacing."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ich.dicom.header import SliceHeader
from ich.errors import DataError

SAME_POSITION_MM = 0.01  # positions are text with two or more decimals
UNEVEN_SHARE = 0.05  # of the median step; scanners state positions to 0.01 or 0.1 mm
GAP_STEPS = 1.8  # times the median step: a missing slice makes 2
TILTED_APART_DEGREES = 1.0  # between the slices of one series


@dataclass(frozen=True)
class OrderedSlices:
    """Slices of one series in order.

    Attributes:
        headers: feet to head along the normal; equal positions by sop uid.
        positions_mm: float32 (S,), along the normal.
        tilt_degrees: of the gantry, from the orientation; 0 for upright planes, positive as in GantryDetectorTilt.
        step_mm: median step between neighbouring positions; None for a single position.
        warnings: sentences on repeated positions, uneven steps, gaps, unequal orientation.
    """

    headers: tuple[SliceHeader, ...]
    positions_mm: np.ndarray
    tilt_degrees: float
    step_mm: float | None
    warnings: tuple[str, ...]


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
    steps = _steps(positions)
    return OrderedSlices(
        headers=ordered,
        positions_mm=positions.astype(np.float32),
        tilt_degrees=tilt_degrees(normal),
        step_mm=float(np.median(steps)) if len(steps) else None,
        warnings=(*_repeats(positions), *_uneven(steps), *_unequal_normals(ordered, normal)),
    )


def slice_normal(header: SliceHeader) -> tuple[float, float, float]:
    """The direction across a slice, length 1, towards the head (towards back or left where it lies level).

    Source: DICOM PS3.3 C.7.6.2.1.1: rows cross columns.
    """
    a, b, c, d, e, f = header.orientation
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = math.hypot(*cross)
    main = max((2, 1, 0), key=lambda axis: round(abs(cross[axis]), 3))
    sign = -1.0 if cross[main] < 0 else 1.0
    return (sign * cross[0] / length, sign * cross[1] / length, sign * cross[2] / length)


def shared_normal(headers: Sequence[SliceHeader]) -> tuple[float, float, float]:
    """The most frequent normal, so that one odd slice doesn't turn the stack."""
    counts = Counter(tuple(round(value, 4) for value in slice_normal(header)) for header in headers)
    most = min(counts, key=lambda rounded: (-counts[rounded], rounded))
    same = [slice_normal(header) for header in headers]
    return min(normal for normal in same if tuple(round(value, 4) for value in normal) == most)


def degrees_apart(header: SliceHeader, normal: tuple[float, float, float]) -> float:
    """Angle between a slice's normal and another one."""
    cosine = sum(a * b for a, b in zip(slice_normal(header), normal, strict=True))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))


def slice_position(header: SliceHeader, normal: tuple[float, float, float]) -> float:
    """Place of a slice along `normal`, in mm."""
    return sum(place * direction for place, direction in zip(header.position, normal, strict=True))


def tilt_degrees(normal: tuple[float, float, float]) -> float:
    """Angle between `normal` and the body's axis in the plane that a gantry tilts in, in degrees."""
    return round(math.degrees(math.atan2(normal[1], normal[2])), 2) + 0.0


def repeated_groups(ordered: OrderedSlices) -> list[list[int]]:
    """Indices of slices that share one position, a list for each position, in order."""
    groups: list[list[int]] = []
    for index, position in enumerate(ordered.positions_mm):
        if groups and abs(position - ordered.positions_mm[groups[-1][0]]) <= SAME_POSITION_MM:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _steps(positions: np.ndarray) -> np.ndarray:
    """Distances between neighbouring slices, equal positions left out; float64 mm."""
    steps = np.diff(positions)
    return steps[steps > SAME_POSITION_MM]


def _repeats(positions: np.ndarray) -> list[str]:
    n_repeats = len(positions) - 1 - len(_steps(positions))
    if not n_repeats:
        return []
    return [f"{n_repeats} slices lie at the position of another one; such slices are ordered by their uid"]


def _uneven(steps: np.ndarray) -> list[str]:
    if not len(steps):
        return []
    median = float(np.median(steps))
    found = []
    if np.abs(steps - median).max() > UNEVEN_SHARE * median:
        found.append(f"the step between slices varies from {steps.min():.2f} to {steps.max():.2f} mm")
    n_gaps = int((steps >= GAP_STEPS * median).sum())
    if n_gaps:
        found.append(f"{n_gaps} gaps of at least {GAP_STEPS} times the usual step of {median:.2f} mm: slices may miss")
    return found


def _unequal_normals(headers: Sequence[SliceHeader], normal: tuple[float, float, float]) -> list[str]:
    n_apart = sum(degrees_apart(header, normal) > TILTED_APART_DEGREES for header in headers)
    return [f"{n_apart} slices are tilted against the others"] if n_apart else []
