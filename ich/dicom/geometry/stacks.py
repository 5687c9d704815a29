"""Splits the slices of a series into stacks of one matrix and orientation, and measures what the choice looks at."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ich.dicom.geometry.order import degrees_turned, order_slices, slice_normal
from ich.dicom.geometry.repeats import places_of
from ich.dicom.geometry.slabs import is_thin
from ich.dicom.header import SliceHeader

WANTED_STEP_MM = 5.0
TURNED_DEGREES = 15.0  # a slice turned further belongs to another stack
AXIAL_COSINE = 0.7  # 45 degrees; gantries tilt by at most 30


@dataclass(frozen=True)
class Stack:
    """Slices of one series that lie in one stack.

    Attributes:
        headers: its slices, repeated ones too.
        series_uid: whose.
        n_places: distinct positions.
        extent_mm: from end to end along the normal.
        step_mm: median step; None for one position.
        enhanced, sharp, reformat: what most of the slices that would be read are.
        likeness: equal in two stacks of the same positions, matrix, spacing, thickness, kernel and kind.
    """

    headers: tuple[SliceHeader, ...]
    series_uid: str
    n_places: int
    extent_mm: float
    step_mm: float | None
    enhanced: bool
    sharp: bool
    reformat: bool
    likeness: tuple = field(repr=False)

    @property
    def thin(self) -> bool:
        """Whether its slices would be averaged into slabs."""
        return is_thin(self.step_mm)

    @property
    def from_wanted_mm(self) -> int:
        """Whole millimetres between its step and 5 mm; 0 for thin slices, which become slabs of that height."""
        return 0 if self.thin or self.step_mm is None else round(abs(self.step_mm - WANTED_STEP_MM))


def split_stacks(headers: Sequence[SliceHeader]) -> list[list[SliceHeader]]:
    """Split slices by matrix and by direction of rows and columns (15 degrees apart).

    Returns:
        Lists of slices, the axial ones first, then the larger ones; each in the order given.
    """
    by_orientation: dict[tuple, list[SliceHeader]] = defaultdict(list)
    for header in headers:
        rounded = tuple(round(value, 2) for value in header.orientation)
        by_orientation[header.rows, header.columns, rounded].append(header)
    stacks: list[list[SliceHeader]] = []
    # the most frequent orientation opens a stack, so that a few odd slices can't pull it apart
    for key in sorted(by_orientation, key=lambda key: (-len(by_orientation[key]), key)):
        found = by_orientation[key]
        home = next((stack for stack in stacks if _fits(found[0], stack[0])), None)
        if home is None:
            stacks.append(found)
        else:
            home += found
    return sorted(stacks, key=lambda stack: (not is_axial(stack[0]), -len(stack)))


def is_axial(header: SliceHeader) -> bool:
    """Whether a slice lies across the body's axis, within 45 degrees."""
    return abs(slice_normal(header)[2]) >= AXIAL_COSINE


def measure_stack(headers: Sequence[SliceHeader]) -> Stack:
    """Measure the slices of one stack."""
    ordered = order_slices(headers)
    read = [ordered.headers[place[0]] for place in places_of(ordered, keeps_every_slice=False)]
    first = read[0]
    return Stack(
        headers=tuple(headers),
        series_uid=first.series_uid,
        n_places=len(read),
        extent_mm=float(ordered.positions_mm[-1] - ordered.positions_mm[0]) + (ordered.step_mm or 0.0),
        step_mm=ordered.step_mm,
        enhanced=_most(header.kind.enhanced for header in read),
        sharp=_most(header.kind.sharp for header in read),
        reformat=_most(header.kind.reformat for header in read),
        likeness=(first.rows, first.columns, first.kind, *(_likeness(header) for header in read)),
    )


def _fits(header: SliceHeader, other: SliceHeader) -> bool:
    same_matrix = (header.rows, header.columns) == (other.rows, other.columns)
    return same_matrix and degrees_turned(header.orientation, other.orientation) < TURNED_DEGREES


def _most(answers: Iterable[bool]) -> bool:
    said = list(answers)
    return 2 * sum(said) > len(said)


def _likeness(header: SliceHeader) -> tuple:
    place = tuple(round(value, 1) for value in header.position)
    return (place, header.pixel_spacing, header.thickness_mm, header.kernel)
