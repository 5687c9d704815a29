"""Tells from tags and words what kind of series a slice belongs to: localizer, projection, sharp kernel, contrast."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Kernels for bone and lung, by vendor. Names as the vendors' conformance statements and public headers have them.
_SHARP_NAMES = re.compile(
    r"^(BONE|BONE ?PLUS|EDGE|ULTRA|LUNG|DETAIL ?PLUS"  # GE
    r"|Y[A-D]|[CDEL]"  # Philips: Y for bone, single letters C to E sharp, L lung
    r"|FC(3\d|5\d|8\d))\b"  # Canon, Toshiba: 30s bone, 50s lung, 80s high resolution
)
_SOFT_NAMES = re.compile(
    r"^(SOFT|STANDARD|STND|STD|BRAIN"  # GE
    r"|U[A-C]|[AB]"  # Philips: U for brain
    r"|FC[0-26]\d)\b"  # Canon, Toshiba: 20s and 60s brain
)
_SIEMENS = re.compile(r"^[A-Z]{1,2}(\d\d)[A-Z]?\b")  # H31s, B70f, Hr64h, J70h: the number says how sharp
_SIEMENS_SHARP = 58
_SHARP_WORDS = re.compile(r"\b(BONE|BONES|OSSEOUS|SHARP|LUNG|KNOCHEN|OSSEUX|HUESO|OSSO)\b")
_SOFT_WORDS = re.compile(r"\b(SOFT|STD|STANDARD)\b")

_WITHOUT_CONTRAST = re.compile(
    r"\b(NON|NO|SANS|OHNE)[ -]?(IV[ -]?)?(CONTRAST|CONTRASTE|CON|C|CE|KM|ENHANCED)\b|\b(PRE|W/?O|WITHOUT)\b"
    r"|\bPLAIN\b|\bNCCT\b|(^| )- ?C\b"
)
_WITH_CONTRAST = re.compile(
    r"\+ ?C\b|\bC ?\+|\bPOST\b(?![ -]*(FOSSA|OP))|\bCONTRAST\b|\bCTA\b|\bANGIO|\bCECT\b|\bCE\b|\bPERFUSION\b|\bCTP\b"
    r"|\b\d+ ?CC\b|\bVENOGRAM|\bCTV\b|\bDELAYED\b|\bARTERIAL\b|\bVENOUS\b"
)
_REFORMAT_WORDS = re.compile(r"\b(MPR|MPRS|REFORMAT\w*|CORONAL|SAGITTAL|COR|SAG)\b")
_PROJECTION_WORDS = re.compile(r"\b(MIP|MIPS|MINIP|VRT|SSD|CBF|CBV|MTT|TTP|TMAX)\b")
_LOCALIZER_WORDS = re.compile(r"\b(LOCALI[SZ]ER|SCOUT|TOPOGRAM|SURVIEW|SCANOGRAM|PILOT)\b")
_LOCALIZER_TYPES = frozenset({"LOCALIZER", "SCOUT"})
_REFORMAT_TYPES = frozenset({"REFORMATTED", "MPR", "CORONAL", "SAGITTAL", "OBLIQUE"})
_PROJECTION_TYPES = frozenset({"PROJECTION IMAGE", "MIP", "MINIP", "MIN_IP", "VRT", "VOLUME RENDERED", "PERFUSION"})


@dataclass(frozen=True, slots=True)
class SeriesKind:
    """What the tags and words of a slice say about its series.

    Only these answers are kept: the words themselves may name a person (DICOM PS3.15 table E.1-1).

    Attributes:
        localizer: the overview from which the scan was planned.
        projection: a pixel sums up or ranks several slices, or holds something other than HU.
        reformat: resampled from other slices in a plane of its own (MPR).
        sharp: the kernel is one for bone or lung, too noisy for blood.
        enhanced: contrast medium was given.
    """

    localizer: bool = False
    projection: bool = False
    reformat: bool = False
    sharp: bool = False
    enhanced: bool = False


@lru_cache(maxsize=4096)
def series_kind(image_type: tuple[str, ...], *, kernel: str, description: str, contrast: bool) -> SeriesKind:
    """Judge a slice by its tags.

    Args:
        image_type: values of ImageType in capitals.
        kernel: ConvolutionKernel in capitals, several values parted by a backslash; its name counts before words.
        description: SeriesDescription.
        contrast: whether ContrastBolusAgent is given; words that deny it (PRE, NON, PLAIN) count before it.
    """
    words = description.upper().replace("_", " ")
    return SeriesKind(
        localizer=not _LOCALIZER_TYPES.isdisjoint(image_type) or bool(_LOCALIZER_WORDS.search(words)),
        projection=_has_type(image_type, _PROJECTION_TYPES, ending=" MIP") or bool(_PROJECTION_WORDS.search(words)),
        reformat=_has_type(image_type, _REFORMAT_TYPES, ending=" MPR") or bool(_REFORMAT_WORDS.search(words)),
        sharp=_is_sharp(kernel.split("\\")[0], words),
        enhanced=not _WITHOUT_CONTRAST.search(words) and (contrast or bool(_WITH_CONTRAST.search(words))),
    )


def _has_type(image_type: Sequence[str], types: frozenset[str], *, ending: str) -> bool:
    """Whether a value of ImageType is one of these, or ends as Siemens has it (`CT_SOM5 MPR`)."""
    return any(value in types or value.endswith(ending) for value in image_type)


def _is_sharp(kernel: str, words: str) -> bool:
    if _SHARP_NAMES.search(kernel):
        return True
    if _SOFT_NAMES.search(kernel):
        return False
    siemens = _SIEMENS.search(kernel)
    if siemens and not kernel.startswith("FC"):
        return int(siemens.group(1)) >= _SIEMENS_SHARP
    return bool(_SHARP_WORDS.search(words)) and not _SOFT_WORDS.search(words)
