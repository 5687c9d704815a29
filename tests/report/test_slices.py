"""Slices packed for a page unpack to the same HU, but for the noise of room air."""

import base64
import zlib

import numpy as np
import pytest

from ich.hu import AIR
from ich.report.slices import PackedSlices, pack_heat, pack_slices, without_room_noise
from tests.ensemble.tiny import head


def _unpacked(packed: PackedSlices) -> np.ndarray:
    """What the page's script does, in numpy."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed.text), wbits=-15), dtype=np.uint8)
    low, high = planes.reshape(2, *packed.shape).astype(np.uint16)
    return np.cumsum(low + (high << 8), axis=-1, dtype=np.uint16).view(np.int16)


def test_packed_slices_unpack_exactly():
    hu = head(rows=64, columns=80)

    packed = pack_slices(hu)

    np.testing.assert_array_equal(_unpacked(packed), without_room_noise(hu))
    assert packed.note == ""


def test_the_extremes_of_hu_survive():
    hu = np.full((1, 8, 8), 3071, dtype=np.int16)
    hu[0, ::2, ::2] = AIR

    assert np.array_equal(_unpacked(pack_slices(hu)), hu)


def test_room_air_is_silenced_and_the_head_with_its_margin_kept():
    hu = head(1, rows=128, columns=128)

    quiet = without_room_noise(hu)

    dense = hu > -500
    assert np.array_equal(quiet[dense], hu[dense])
    assert (quiet[0, :8, :8] == AIR).all()
    assert quiet[0, 64, 8] == hu[0, 64, 8]  # air 5 px outside the skull, whose edge lies at column 13


def test_a_matrix_above_512_is_reduced_and_the_page_says_so():
    packed = pack_slices(head(1, rows=600, columns=1024))

    assert packed.shape == (1, 300, 512)
    assert packed.note == "at 300 x 512 pixels"


@pytest.mark.parametrize(
    ("share", "shape"), [(0.95, (4, 64, 64)), (0.3, (4, 32, 32))], ids=["fewer HU", "half the size"]
)
def test_a_study_over_the_limit_is_packed_smaller_and_says_so(share, shape):
    hu = head(4, rows=64, columns=64)
    hu[:, 20:40, 20:40] = np.random.default_rng(0).integers(1300, 3000, (4, 20, 20))
    limit = int(share * len(pack_slices(hu).text))

    packed = pack_slices(hu, limit=limit)

    assert packed.shape == shape
    assert "between -200 and 1200 HU" in packed.note
    assert _unpacked(packed).max() <= 1200


def test_heat_keeps_its_coarse_grid():
    maps = np.linspace(0, 1, 2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)

    packed = pack_heat({"any": maps})["any"]

    levels = np.frombuffer(base64.b64decode(packed.text), dtype=np.uint8).reshape(2, packed.rows, packed.columns)
    np.testing.assert_allclose(levels / 255, maps, atol=0.5 / 255 + 1e-6)
