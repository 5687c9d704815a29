"""Packs a study's slices and heat-maps for a page: small, exact, unpacked by the browser itself."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ich.hu import AIR

SHOWN_SIZE = 512  # px; larger matrices are reduced by area
PAGE_BYTES = 8_000_000  # what a page may weigh: mail and browser still take it
HEAD_ABOVE = -500  # HU; skin, hair and head-rest lie above, room air and its noise below
HEAD_MARGIN = 9  # px of air that stay around the head
NARROW_LOW, NARROW_HIGH = -200, 1200  # HU; all but dense bone and metal, where a study is too large otherwise
DEFLATE_LEVEL = 6  # 9 takes eleven times as long for a few per cent


@dataclass(frozen=True)
class PackedSlices:
    """Slices as base64 of deflated byte planes of differences along a row (low bytes first, then high ones).

    Attributes:
        text: base64.
        shape: slices, rows, columns as packed.
        note: what was left out to stay small, for the reader; empty where nothing was.
    """

    text: str
    shape: tuple[int, int, int]
    note: str = ""


@dataclass(frozen=True)
class PackedHeat:
    """One label's maps as base64 of uint8 (S, h, w), 255 for 1."""

    text: str
    rows: int
    columns: int


def pack_slices(hu: np.ndarray, *, limit: int = PAGE_BYTES) -> PackedSlices:
    """Pack int16 HU (S, R, C) at full depth; if that is over the limit in bytes, at fewer HU, then at half the size.

    Air outside the head becomes -1024 HU: its noise would be half of the page.
    """
    shown = without_room_noise(_at_most(hu, SHOWN_SIZE))
    narrow_note = f"between {NARROW_LOW} and {NARROW_HIGH} HU to keep the page small"
    packed = _packed(shown, _size_note(hu, shown))
    if len(packed.text) > limit:
        shown = np.clip(shown, NARROW_LOW, NARROW_HIGH)
        packed = _packed(shown, " and ".join(filter(None, (_size_note(hu, shown), narrow_note))))
    if len(packed.text) > limit:
        shown = _at_most(shown, max(shown.shape[1:]) // 2)
        packed = _packed(shown, f"{_size_note(hu, shown)} and {narrow_note}")
    return packed


def pack_heat(heat: Mapping[str, np.ndarray]) -> dict[str, PackedHeat]:
    """Pack maps in 0..1, float32 (S, h, w) a label, on their own coarse grid; the browser scales them."""
    return {label: _packed_heat(maps) for label, maps in heat.items()}


def without_room_noise(hu: np.ndarray) -> np.ndarray:
    """Set everything further than a margin from anything denser than air to -1024 HU; int16 (S, R, C)."""
    kernel = np.ones((2 * HEAD_MARGIN + 1, 2 * HEAD_MARGIN + 1), dtype=np.uint8)
    quiet = np.full_like(hu, AIR)
    for plane, out in zip(hu, quiet, strict=True):
        dense = cv2.medianBlur((plane > HEAD_ABOVE).astype(np.uint8), 5)  # single noisy pixels of air are not a head
        near = cv2.dilate(dense, kernel) > 0
        out[near] = plane[near]
    return quiet


def _at_most(hu: np.ndarray, size: int) -> np.ndarray:
    largest = max(hu.shape[1:])
    if largest <= size:
        return hu
    rows, columns = (max(1, round(length * size / largest)) for length in hu.shape[1:])
    reduced = [cv2.resize(plane.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) for plane in hu]
    return np.rint(np.stack(reduced)).astype(np.int16)


def _size_note(hu: np.ndarray, shown: np.ndarray) -> str:
    return "" if hu.shape == shown.shape else f"at {shown.shape[1]} x {shown.shape[2]} pixels"


def _packed(hu: np.ndarray, note: str) -> PackedSlices:
    values = hu.astype(np.int16).view(np.uint16)
    steps = values.copy()
    steps[..., 1:] -= values[..., :-1]  # modulo 65,536: undone by a running sum in 16 bits
    planes = steps.astype("<u2").view(np.uint8).reshape(-1, 2).T  # low bytes, then high bytes
    compressor = zlib.compressobj(DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = compressor.compress(np.ascontiguousarray(planes).tobytes()) + compressor.flush()
    n_slices, rows, columns = hu.shape
    return PackedSlices(base64.b64encode(packed).decode("ascii"), (n_slices, rows, columns), note)


def _packed_heat(maps: np.ndarray) -> PackedHeat:
    levels = np.rint(np.clip(maps, 0, 1) * 255).astype(np.uint8)
    return PackedHeat(base64.b64encode(levels.tobytes()).decode("ascii"), rows=maps.shape[1], columns=maps.shape[2])
