"""Tells sharp kernels, contrast, localizers and projections from a header's tags and words."""

import re

from ich.dicom.header import SliceHeader

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
_LOCALIZER_WORDS = re.compile(r"\b(LOCALI[SZ]ER|SCOUT|TOPOGRAM|SURVIEW|SCANOGRAM|PILOT)\b")
_LOCALIZER_TYPES = frozenset({"LOCALIZER", "SCOUT"})
_PROJECTION_TYPES = frozenset({"PROJECTION IMAGE", "MIP", "MINIP", "MIN_IP", "VRT", "VOLUME RENDERED", "PERFUSION"})


def is_localizer(header: SliceHeader) -> bool:
    """Whether this is the overview from which the scan was planned."""
    return not _LOCALIZER_TYPES.isdisjoint(header.image_type) or bool(_LOCALIZER_WORDS.search(_words(header)))


def is_projection(header: SliceHeader) -> bool:
    """Whether a pixel sums up or ranks several slices, or holds something other than HU."""
    return not _PROJECTION_TYPES.isdisjoint(header.image_type)


def is_sharp(header: SliceHeader) -> bool:
    """Whether the kernel is one for bone or lung: too noisy for blood. The kernel's name counts before words."""
    first = header.kernel.split("\\")[0]
    if _SHARP_NAMES.search(first):
        return True
    if _SOFT_NAMES.search(first):
        return False
    siemens = _SIEMENS.search(first)
    if siemens and not first.startswith("FC"):
        return int(siemens.group(1)) >= _SIEMENS_SHARP
    words = _words(header)
    return bool(_SHARP_WORDS.search(words)) and not _SOFT_WORDS.search(words)


def is_enhanced(header: SliceHeader) -> bool:
    """Whether contrast medium was given. Words that deny it (PRE, NON, PLAIN) count before all others."""
    words = _words(header)
    if _WITHOUT_CONTRAST.search(words):
        return False
    return header.contrast or bool(_WITH_CONTRAST.search(words))


def _words(header: SliceHeader) -> str:
    return header.series_description.upper().replace("_", " ")
