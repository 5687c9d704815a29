"""Says which of several slices at one position is read, and which stand in for it where it can't be read.

The rule: at one position a slice whose kind the rest of the stack has is read. Kinds (thickness, kernel, image type,
pixel spacing, contrast) are ranked once for the whole stack, so that two interleaved reconstructions never alternate:
without contrast medium before with it, soft kernel before sharp, the more frequent kind before the rarer, then the kind
with the lowest uid. Of slices of one kind, the lowest uid is read.
"""

from collections import defaultdict
from collections.abc import Sequence

from ich.dicom.geometry.order import OrderedSlices
from ich.dicom.header import SliceHeader

TWINS = frozenset({"duplicate", "repeated_position"})  # codes of slices left out for another, not for a fault


def places_of(ordered: OrderedSlices, *, keeps_every_slice: bool) -> list[tuple[int, ...]]:
    """Candidates for each plane of a scan, in the order in which they are to be tried.

    Args:
        ordered: the slices.
        keeps_every_slice: each uid at a position is a plane of its own, in the order of uids; only copies of one file
            stand in for each other.

    Returns:
        Indices of slices, feet to head; the first of each that can be read is the plane, and each index occurs once.
    """
    if keeps_every_slice:
        return [copies for group in ordered.groups for copies in _copies(ordered.headers, group)]
    if not ordered.n_repeated:
        return list(ordered.groups)
    ranks = _kind_ranks(ordered.headers)
    return [tuple(sorted(group, key=lambda index: ranks[_kind(ordered.headers[index])])) for group in ordered.groups]


def left_out_code(header: SliceHeader, *, read: SliceHeader) -> str:
    """The code of a slice that isn't read because another one at its position was."""
    return "duplicate" if header.sop_uid and header.sop_uid == read.sop_uid else "repeated_position"


def _copies(headers: Sequence[SliceHeader], group: Sequence[int]) -> list[tuple[int, ...]]:
    """The slices of one position by uid; those without a uid are no copies of each other."""
    copies: dict[str | int, list[int]] = defaultdict(list)
    for index in group:
        copies[headers[index].sop_uid or index].append(index)
    return list(map(tuple, copies.values()))


def _kind_ranks(headers: Sequence[SliceHeader]) -> dict[tuple, int]:
    kinds: dict[tuple, list[SliceHeader]] = defaultdict(list)
    for header in headers:
        kinds[_kind(header)].append(header)
    ranked = sorted(
        kinds,
        key=lambda kind: (
            kinds[kind][0].kind.enhanced,
            kinds[kind][0].kind.sharp,
            -len(kinds[kind]),
            min(header.sop_uid for header in kinds[kind]),
        ),
    )
    return {kind: rank for rank, kind in enumerate(ranked)}


def _kind(header: SliceHeader) -> tuple:
    return (header.thickness_mm, header.kernel, header.image_type, header.pixel_spacing, header.kind)
