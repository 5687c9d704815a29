"""Where pixels come from when slices are moved, cropped and bent."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ich.data.geometry import cropped, moved, warp


def test_a_scale_above_one_enlarges_around_the_middle():
    hu = np.full((1, 65, 65), -1024, dtype=np.int16)
    hu[0, 32, [32, 42]] = 1000

    larger = warp(hu, moved(shift=(0.0, 0.0), scale=2.0, degrees=0.0, shape=(65, 65)))

    assert larger[0, 32, [32, 42, 52]].tolist() == [1000, -1024, 1000]  # ten pixels from the middle become twenty


def test_what_is_not_moved_is_not_copied():
    hu = np.zeros((1, 8, 8), dtype=np.int16)

    assert warp(hu, np.eye(3)) is hu


def test_a_crop_of_the_lower_right_quarter_fills_the_picture():
    hu = np.repeat(np.arange(64, dtype=np.int16)[:, None], 64, axis=1)[None]  # the row's number

    changed = warp(hu, cropped((0.5, 0.5, 0.5, 0.5), shape=(64, 64)))

    assert changed[0, [1, 32, 62], 5].tolist() == [32, 48, 63]  # 31.75 + row / 2, rounded


def test_a_move_shifts_and_turns_counter_clockwise():
    hu = np.full((1, 65, 65), -1024, dtype=np.int16)
    hu[0, 32, 60] = 1000  # right of the middle

    turned = warp(hu, moved(shift=(0.0, 0.0), scale=1.0, degrees=90.0, shape=(65, 65)))
    shifted = warp(hu, moved(shift=(-10.0, 5.0), scale=1.0, degrees=0.0, shape=(65, 65)))

    assert np.argwhere(turned[0] > 500).tolist() == [[4, 32]]
    assert np.argwhere(shifted[0] > 500).tolist() == [[37, 50]]


@given(st.integers(0, 2**32 - 1), st.sampled_from([32, 64, 256]))
def test_the_strongest_bend_never_folds_the_picture_over(seed, side):
    bends = np.random.default_rng(seed).choice([-0.04, 0.04], (2, 5, 5))
    column = np.arange(side, dtype=np.int16)[None, None].repeat(side, axis=1) * (1024 // side)

    pictures = np.concatenate([column, np.full_like(column, 1000)])
    bends = bends * [[[1]], [[0]]]  # along rows only

    bent, full = warp(pictures, np.eye(3), bends=bends)

    inside = full == 1000  # not mixed with the air outside
    steps = np.diff(bent.astype(int), axis=1)[inside[:, 1:] & inside[:, :-1]]
    assert steps.min() >= -1  # rounding


def test_a_matrix_with_bends_of_nothing_is_the_matrix():
    matrix = moved(shift=(3.3, -2.1), scale=1.07, degrees=12.0, shape=(64, 64))

    ramp = np.arange(0, 640, 10, dtype=np.int16)[None, None].repeat(64, axis=1)

    plain, bent = warp(ramp, matrix), warp(ramp, matrix, bends=np.zeros((2, 5, 5)))

    assert np.abs(plain.astype(int) - bent)[:, 16:48, 16:48].max() <= 1  # positions are rounded to 1/32 pixel
