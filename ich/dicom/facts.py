"""Says of the slices of a scan what a reader of its results should know: facts for programs, warnings for people."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ich.dicom.geometry.order import OrderedSlices
from ich.dicom.header import SliceHeader
from ich.dicom.pixels import has_misleading_padding, is_wrapped
from ich.dicom.planes import StoredRange
from ich.hu import HU_CEILING, HU_FLOOR
from ich.numerals import in_words, those_found

_MOST_FREQUENT = (
    "rows",
    "columns",
    "bits_stored",
    "is_signed",
    "slope",
    "intercept",
    "kernel",
    "transfer_syntax",
)


def slice_warnings(
    stored: Sequence[StoredRange], *, n_lost: int = 0, n_replaced: int = 0, n_left_out: int = 0, n_together: int = 0
) -> list[str]:
    """Sentences on what may make a result wrong, free of identifying text.

    Args:
        stored: of each slice in the scan.
        n_lost: places whose slices could not be read.
        n_replaced: slices that could not be read, and another one at the same position could.
        n_left_out: slices left out for another one at the same position.
        n_together: slices kept at the position of another one.
    """
    used = [one.header for one in stored]
    found = (
        (n_lost, "slice|slices can't be read and is|are missing"),
        (n_replaced, "slice|slices can't be read; another one at the same position stands in"),
        (n_left_out, "slice|slices lies|lie at the position of another one and is|are left out"),
        (n_together, "slice|slices lies|lie at the position of another one; all are kept, in the order of their uids"),
        (
            sum(not header.has_rescale for header in used),
            "slice|slices doesn't|don't say how to rescale; stored values are taken as HU",
        ),
        (
            sum(map(has_misleading_padding, used)),
            "slice|slices states|state a padding value that means tissue; it is not honoured",
        ),
        (sum(map(is_wrapped, used)), "slice|slices holds|hold 12 bits wrapped below zero, repaired"),
        (
            len({(header.rows, header.columns) for header in used}) - 1,
            "further matrix size|sizes in the series, padded with air",
        ),
        (len({header.pixel_spacing for header in used}) - 1, "further pixel spacing|spacings in the series"),
        (
            len({(header.slope, header.intercept) for header in used}) - 1,
            "further way|ways to rescale in the series, each slice by its own",
        ),
        (
            sum(header.kind.enhanced for header in used),
            "slice|slices was|were taken with contrast medium, which looks like blood",
        ),
        (sum(header.kind.sharp for header in used), "slice|slices was|were reconstructed with a sharp kernel"),
    )
    return those_found(found) + _range_warnings(stored)


def _range_warnings(stored: Sequence[StoredRange]) -> list[str]:
    clipped = [one for one in stored if one.is_clipped]
    airy = [one for one in stored if one.has_untagged_air]
    found = []
    if clipped:
        highest = max(one.highest for one in clipped)
        hold = in_words(len(clipped), "slice|slices holds|hold")
        found.append(f"stored values reach {highest}: {hold} more than {HU_CEILING} HU, clipped")
    if airy:
        lowest, hold = min(one.lowest_hu for one in airy), in_words(len(airy), "slice|slices holds|hold")
        found.append(f"{hold} values below {HU_FLOOR} HU (down to {lowest}) that no padding tag explains; taken as air")
    return found


def scan_facts(ordered: OrderedSlices, stored: Sequence[StoredRange], *, slabs: bool) -> dict[str, Any]:
    """Plain JSON values: how the slices were taken and stored; the most frequent value where they differ.

    Args:
        ordered: all slices of the series.
        stored: of each slice in the scan.
        slabs: whether they were averaged into slabs.
    """
    used = [one.header for one in stored]
    padding = most_frequent(used, lambda header: header.padding)
    return {
        **{name: most_frequent(used, lambda header, name=name: getattr(header, name)) for name in _MOST_FREQUENT},  # type: ignore[misc]
        **_several(used),
        "padding": None if padding is None else list(padding),
        **_geometry(ordered),
        "n_source_slices": len(used),
        "n_source_files": len({header.file for header in used}),
        "n_wrapped": sum(map(is_wrapped, used)),
        "stored_lowest": min(one.lowest for one in stored),
        "stored_highest": max(one.highest for one in stored),
        "n_above_3071": sum(one.is_clipped for one in stored),
        "n_untagged_padding": sum(one.has_untagged_air for one in stored),
        "slabs": slabs,
    }


def most_frequent(headers: Sequence[SliceHeader], fact: Callable[[SliceHeader], Any]) -> Any:
    """The most frequent value of a fact, the first among equals."""
    return Counter(map(fact, headers)).most_common(1)[0][0]


def _several(headers: Sequence[SliceHeader]) -> dict[str, list[float]]:
    """All slopes and all intercepts, where there are several."""
    values = {name + "s": sorted({getattr(header, name) for header in headers}) for name in ("slope", "intercept")}
    return {name: found for name, found in values.items() if len(found) > 1}


def _geometry(ordered: OrderedSlices) -> dict[str, Any]:
    spacing = ordered.spacing
    lengths = {
        "step_mm": spacing.step_mm,
        "smallest_step_mm": spacing.smallest_step_mm,
        "largest_gap_mm": spacing.largest_step_mm,
    }
    return {
        "tilt_degrees": ordered.tilt_degrees,
        "shear_degrees": ordered.shear_degrees,
        **{name: None if length is None else round(length, 3) for name, length in lengths.items()},
        "n_steps": spacing.n_steps,
        "n_gaps": spacing.n_gaps,
        "n_missing": spacing.n_missing,
        "n_repeated": ordered.n_repeated,
    }
