"""Reads the planes of a scan: of each place the first slice that can be read, thin ones averaged into slabs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ich.dicom.encoding.decode import UnreadablePixels
from ich.dicom.geometry.order import OrderedSlices
from ich.dicom.geometry.repeats import left_out_code
from ich.dicom.geometry.slabs import first_pixels, slab_mean
from ich.dicom.header import SliceHeader
from ich.dicom.pixels import Plane, is_wrapped, read_plane, rescaled_hu
from ich.dicom.reasons import REASONS
from ich.dicom.resize import pad_to
from ich.hu import HU_CEILING


@dataclass(frozen=True)
class StoredRange:
    """What the pixels of a slice that was read were stored as.

    Attributes:
        header: of the slice.
        lowest, highest: stored values.
        lowest_hu: of the rescaled values, before -1024 is made the floor.
        is_clipped: whether values above 3071 HU were set to 3071.
        has_untagged_air: whether values lie below -1024 HU that no padding tag explains.
    """

    header: SliceHeader
    lowest: int
    highest: int
    lowest_hu: int
    is_clipped: bool
    has_untagged_air: bool


@dataclass(frozen=True)
class Unread:
    """A slice that is not in the scan, and why."""

    index: int
    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Planes:
    """The pixels of a scan.

    Attributes:
        hu: int16 HU (S, R, C), feet to head.
        sources: indices of the slices in each plane.
        stored: of each slice read, feet to head.
        unread: the others, in order.
        n_lost: places none of whose slices could be read.
        n_replaced: slices that could not be read where another one of their place could.
    """

    hu: np.ndarray = field(repr=False)
    sources: tuple[tuple[int, ...], ...]
    stored: tuple[StoredRange, ...] = field(repr=False)
    unread: tuple[Unread, ...]
    n_lost: int
    n_replaced: int


def read_planes(ordered: OrderedSlices, slabs: Sequence[Sequence[Sequence[int]]]) -> Planes:
    """Read each slab into one plane, the mean of its places.

    Args:
        ordered: the slices.
        slabs: places of each plane, feet to head; a place is the slices to try, in order (`places_of`).

    Returns:
        Planes at the largest matrix of the series, smaller slices padded with air; a slab that is wholly unreadable is
        left out.
    """
    rows = max(header.rows for header in ordered.headers)
    columns = max(header.columns for header in ordered.headers)
    hu = np.empty((len(slabs), rows, columns), dtype=np.int16)
    firsts = first_pixels(ordered.headers, (rows, columns))
    sources: list[tuple[int, ...]] = []
    stored: list[StoredRange] = []
    unread: list[Unread] = []
    n_replaced = 0
    for slab in slabs:
        planes: dict[int, np.ndarray] = {}
        for place in slab:
            found, left_out = _read_place(ordered.headers, place)
            unread += left_out
            if found is not None:
                index, plane = found
                n_replaced += place.index(index)
                planes[index] = pad_to(plane.hu, rows, columns=columns)
                stored.append(_stored_range(ordered.headers[index], plane))
        if planes:
            hu[len(sources)] = slab_mean(list(planes.values()), firsts[list(planes)])
            sources.append(tuple(planes))
    n_lost = sum(map(len, slabs)) - len(stored)
    return Planes(hu[: len(sources)], tuple(sources), tuple(stored), tuple(unread), n_lost, n_replaced)


def _read_place(headers: Sequence[SliceHeader], place: Sequence[int]) -> tuple[tuple[int, Plane] | None, list[Unread]]:
    """The first slice of a place that can be read, and why not the others."""
    left_out: list[Unread] = []
    for number, index in enumerate(place):
        try:
            plane = read_plane(headers[index])
        except UnreadablePixels as error:
            left_out.append(Unread(index, error.code, error.sentence))
            continue
        for other in place[number + 1 :]:
            code = left_out_code(headers[other], read=headers[index])
            left_out.append(Unread(other, code, REASONS[code]))
        return (index, plane), left_out
    return None, left_out


def _stored_range(header: SliceHeader, plane: Plane) -> StoredRange:
    ends = rescaled_hu(np.array([plane.lowest, plane.highest]), header)
    # padding may be the highest stored value; it is air in `hu`, and nothing was clipped then
    is_clipped = not is_wrapped(header) and ends.max() > HU_CEILING and plane.hu.max() == HU_CEILING
    return StoredRange(
        header=header,
        lowest=plane.lowest,
        highest=plane.highest,
        lowest_hu=int(ends.min()),
        is_clipped=bool(is_clipped),
        has_untagged_air=plane.n_air > 0,
    )
