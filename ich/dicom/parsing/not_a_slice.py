"""Says what keeps a file, or a frame of it, from being a CT slice."""

import math
from collections.abc import Sequence

from pydicom.dataset import FileDataset

from ich.dicom.parsing.elements import Elements
from ich.dicom.parsing.kinds import SeriesKind, series_kind

MAX_SIDE = 4096  # pixels; CT reconstructions reach 1024, some vendors 2048

_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
_SECONDARY_CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"  # those of several frames are .7.1 to .7.4
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_GREY = ("MONOCHROME1", "MONOCHROME2", "")
_BITS_ALLOCATED = (8, 16, 32)

# Values of RescaleType that are no HU: optical and electron density, mass, atomic number, percent. "US" (unspecified)
# is what many scanners write, and "HU_MOD" HU after a correction. Source: DICOM PS3.3 C.11.1.1.2.
_OTHER_UNITS = frozenset({"OD", "MGML", "Z_EFF", "ED", "EDW", "PCT"})

_NO_AGENT = frozenset({"", "NO", "NONE", "N", "NO CONTRAST", "WITHOUT"})


def why_no_ct(elements: Elements, dataset: FileDataset) -> str:
    """The code of what makes this something else than a CT image, "" for a CT image."""
    sop_class = elements.text("SOPClassUID")
    modality = elements.text("Modality")
    if str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == _DIRECTORY_CLASS:
        return "directory"
    if modality != "CT" and (modality or sop_class not in _CT_CLASSES):
        return "not_ct"
    if sop_class == _SECONDARY_CAPTURE_CLASS or sop_class.startswith(f"{_SECONDARY_CAPTURE_CLASS}."):
        return "secondary_capture"
    return ""


def why_no_pixel_values(elements: Elements) -> str:
    """The code of what keeps the pixels of a CT image from being read as numbers, "" where nothing does."""
    if elements.text("PhotometricInterpretation") not in _GREY or (elements.whole("SamplesPerPixel") or 1) > 1:
        return "colour"
    if not all(0 < (elements.whole(side) or 0) <= MAX_SIDE for side in ("Rows", "Columns")):
        return "odd_size"
    allocated = elements.whole("BitsAllocated") or 16
    stored = elements.whole("BitsStored") or allocated
    high = elements.whole("HighBit")
    if allocated not in _BITS_ALLOCATED or stored > allocated or high not in (None, stored - 1):
        return "odd_bits"
    return ""


def why_no_slice(elements: Elements) -> str:
    """The code of what keeps a frame from having a place and HU, "" where nothing does."""
    if elements.text("RescaleType").upper() in _OTHER_UNITS:
        return "not_hu"
    if _has_geometry(elements):
        return ""
    image_type = elements.texts("ImageType")
    kind = kind_of(elements, image_type=image_type, kernel="")
    if kind.localizer:
        return "localizer"
    if kind.projection:
        return "projection"
    return "summary_page" if {"DERIVED", "SECONDARY"} & set(image_type) else "no_geometry"


def kind_of(elements: Elements, *, image_type: tuple[str, ...], kernel: str) -> SeriesKind:
    """What tags and words say about the series of a file or frame."""
    agent = elements.text("ContrastBolusAgent").upper() not in _NO_AGENT
    return series_kind(
        image_type,
        kernel=kernel,
        description=elements.text("SeriesDescription"),
        contrast=agent or elements.text("ContrastBolusAgentAdministered").upper() == "YES",
    )


def _has_geometry(elements: Elements) -> bool:
    spacing = elements.numbers("PixelSpacing")
    return (
        len(elements.numbers("ImagePositionPatient")) == 3
        and len(spacing) == 2
        and min(spacing) > 0
        and _is_orientation(elements.numbers("ImageOrientationPatient"))
    )


def _is_orientation(values: Sequence[float]) -> bool:
    """Whether these are two directions of length 1 at a right angle, within 2 % (text is often rounded)."""
    if len(values) != 6:
        return False
    row, column = values[:3], values[3:]
    angle = sum(a * b for a, b in zip(row, column, strict=True))
    return abs(math.hypot(*row) - 1) < 0.02 and abs(math.hypot(*column) - 1) < 0.02 and abs(angle) < 0.02
