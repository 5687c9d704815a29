import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.geometry.slabs import first_pixels, is_thin, moved, slab_groups, slab_mean
from ich.errors import ConfigError


def test_five_slices_of_one_millimetre_make_a_slab_of_five():
    assert slab_groups(np.arange(10.0), 5.0) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_a_remainder_is_shared_out_and_no_slice_is_lost():
    groups = slab_groups(np.arange(8.0), 5.0)

    assert groups == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_gap_gives_no_empty_slab():
    assert slab_groups(np.array([0.0, 1, 2, 3, 4, 20, 21, 22, 23, 24]), 5.0) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@given(st.lists(st.floats(0.3, 9), min_size=1, max_size=60), st.floats(0.5, 12))
def test_each_slice_is_in_exactly_one_slab_and_order_stays(steps, slab_mm):
    positions = np.cumsum(steps)

    groups = slab_groups(positions, slab_mm)

    assert [index for group in groups for index in group] == list(range(len(positions)))
    assert all(groups)


def test_a_height_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="above 0 mm"):
        slab_groups(np.arange(3.0), 0.0)


@pytest.mark.parametrize(("step", "thin"), [(0.625, True), (2.4, True), (2.5, False), (5.0, False), (None, False)])
def test_thin_is_below_two_and_a_half_millimetres(step, thin):
    assert is_thin(step) == thin


def test_planes_of_a_straight_stack_are_averaged_as_they_are():
    planes = [np.full((2, 2), value, dtype=np.int16) for value in (10, 20, 60)]

    np.testing.assert_array_equal(slab_mean(planes, np.zeros((3, 2))), np.full((2, 2), 30))


def test_positions_rounded_in_their_last_decimal_move_nothing():
    planes = [np.array([[0, 100]], dtype=np.int16), np.array([[0, 100]], dtype=np.int16)]

    np.testing.assert_array_equal(slab_mean(planes, np.array([[0.0, 0.0], [0.02, -0.02]])), planes[0])


def test_a_plane_is_moved_by_parts_of_a_pixel_with_air_from_beyond_its_edges():
    plane = np.array([[0, 0], [100, 0], [0, 0]], dtype=np.int16)

    # Half a pixel on, cubic convolution takes -1/16, 9/16, 9/16, -1/16 of its neighbours (Keys 1981).
    halfway = [[-518.25, -512], [120.25, 64], [120.25, 64]]
    np.testing.assert_array_equal(moved(plane, rows=0.5, columns=0), halfway)
    np.testing.assert_array_equal(moved(plane, rows=-1, columns=0), [[100, 0], [0, 0], [-1024, -1024]])
    np.testing.assert_array_equal(moved(plane, rows=0, columns=9), np.full((3, 2), -1024))


def test_moved_planes_keep_the_noise_of_a_soft_kernel():
    grain = np.random.default_rng(0).normal(0, 20, (200, 200))
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)  # pixels; a soft kernel's noise reaches over its neighbours

    kept = moved(grain, rows=0.5, columns=0)[10:-10, 10:-10].std() / grain[10:-10, 10:-10].std()

    assert kept > 0.96  # linear weights would keep 0.9


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_a_ramp_that_is_moved_stays_a_ramp(down, right):
    ramp = np.add.outer(10 * np.arange(40), 3 * np.arange(40)).astype(np.int16)

    inside = moved(ramp, rows=down, columns=right)[10:30, 10:30]

    np.testing.assert_allclose(inside, ramp[10:30, 10:30] - 10 * down - 3 * right, atol=1e-2)


TILT = math.radians(20)
TILTED = (1.0, 0.0, 0.0, 0.0, math.cos(TILT), -math.sin(TILT))
SIDE, SPACING, STEP = 64, 0.25, 1.0  # pixels, mm, mm along the table


def sphere(first_pixel, orientation) -> np.ndarray:
    """A plane through a ball of 400 HU in water, its radius 6 mm, its edge soft over about 1 mm."""
    rows, columns = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    along_row, along_column = np.array(orientation[:3]), np.array(orientation[3:])
    points = np.array(first_pixel) + SPACING * (columns[..., None] * along_row + rows[..., None] * along_column)
    return np.rint(200 + 200 * np.tanh((6 - np.linalg.norm(points, axis=-1)) / 0.4)).astype(np.int16)


def test_a_slab_of_a_tilted_stack_is_that_of_a_stack_without_shear(header):
    middle = np.array([-8.0, -8 * math.cos(TILT), 8 * math.sin(TILT)])
    normal = np.array([0, math.sin(TILT), math.cos(TILT)])
    firsts = [tuple(middle + STEP * step * np.array([0, 0, 1])) for step in range(-2, 3)]
    straight = [sphere(middle + STEP * math.cos(TILT) * step * normal, TILTED) for step in range(-2, 3)]
    headers = [
        header(position=first, orientation=TILTED, rows=SIDE, columns=SIDE, pixel_spacing=(SPACING, SPACING))
        for first in firsts
    ]

    slab = slab_mean([sphere(first, TILTED) for first in firsts], first_pixels(headers, (SIDE, SIDE)))

    expected = np.mean(straight, axis=0)
    blurred = np.mean([sphere(first, TILTED) for first in firsts], axis=0)
    inside = np.s_[6:-6]  # air has come in at the edges
    assert np.abs(slab - expected)[inside].max() < 8  # of 400; what is left is linear interpolation
    assert np.abs(blurred - expected)[inside].max() > 50


def test_first_pixels_of_a_tilted_stack_lie_further_along_their_columns_with_each_step(header):
    headers = [
        header(position=(-10.0, -20.0, step), orientation=TILTED, pixel_spacing=(0.5, 0.5)) for step in (0.0, 1.0)
    ]

    down, right = np.diff(first_pixels(headers, (4, 4)), axis=0)[0]

    assert (down, right) == pytest.approx((-2 * math.sin(TILT), 0))


def test_padding_to_a_larger_matrix_moves_the_first_pixel(header):
    small, large = header(), header(rows=8, columns=10, position=(-1.5, -1.0, 0.0))

    np.testing.assert_allclose(*first_pixels([small, large], (8, 10)))  # both have their middle at one place
