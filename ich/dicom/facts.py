"""Says of the slices of a scan what a reader of its results should know: facts for programs, warnings for people."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ich.dicom.header import SliceHeader
from ich.dicom.order import OrderedSlices, repeated_groups
from ich.dicom.pixels import has_misleading_padding, is_wrapped


def slice_warnings(used: Sequence[SliceHeader], *, n_failed: int, n_repeated: int) -> list[str]:
    """Sentences on what may make a result wrong, free of identifying text.

    Args:
        used: the slices in the scan.
        n_failed: slices whose pixels could not be read.
        n_repeated: slices left out for another one at the same position.
    """
    found = (
        (n_failed, "slices can't be read and are missing"),
        (n_repeated, "slices at repeated positions are left out"),
        (
            sum(not header.has_rescale for header in used),
            "slices don't say how to rescale; stored values are taken as HU",
        ),
        (sum(map(has_misleading_padding, used)), "slices state a padding value that means tissue; it is not honoured"),
        (sum(map(is_wrapped, used)), "slices hold 12 bits wrapped below zero, repaired"),
        (len({(h.rows, h.columns) for h in used}) - 1, "further matrix sizes in the series, padded with air"),
        (len({h.pixel_spacing for h in used}) - 1, "further pixel spacings in the series"),
        (
            sum(h.kind.enhanced for h in used),
            "slices were taken with contrast medium, which looks like blood",
        ),
        (sum(h.kind.sharp for h in used), "slices were reconstructed with a sharp kernel"),
    )
    return [f"{n} {sentence}" for n, sentence in found if n]


def scan_facts(ordered: OrderedSlices, used: Sequence[SliceHeader], *, slabs: bool) -> dict[str, Any]:
    """Plain JSON values: how the slices were taken and stored; the most frequent value where they differ.

    Args:
        ordered: all slices of the series.
        used: those in the scan.
        slabs: whether they were averaged into slabs.
    """
    most = {
        name: most_frequent(used, lambda header, name=name: getattr(header, name))  # type: ignore[misc]
        for name in ("rows", "columns", "bits_stored", "is_signed", "slope", "intercept", "kernel", "transfer_syntax")
    }
    padding = most_frequent(used, lambda header: header.padding)
    return {
        **most,
        "padding": None if padding is None else list(padding),
        "tilt_degrees": ordered.tilt_degrees,
        "step_mm": None if ordered.step_mm is None else round(ordered.step_mm, 3),
        "n_source_slices": len(used),
        "n_repeated": len(ordered.headers) - len(repeated_groups(ordered)),
        "n_wrapped": sum(map(is_wrapped, used)),
        "slabs": slabs,
    }


def most_frequent(headers: Sequence[SliceHeader], fact: Callable[[SliceHeader], Any]) -> Any:
    """The most frequent value of a fact, the first among equals."""
    return Counter(map(fact, headers)).most_common(1)[0][0]
