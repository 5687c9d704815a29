"""Tests of which slices stand around a slice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.geometry.neighbours import Neighbours, mirrored
from ich.errors import ConfigError, DataError

POSITIONS = st.lists(st.floats(0, 12), min_size=1, max_size=40).map(lambda steps: np.cumsum(steps).astype(np.float32))


@pytest.mark.parametrize(
    ("each_side", "expected"),
    [
        (0, [[0], [1], [2]]),
        (1, [[1, 0, 1], [0, 1, 2], [1, 2, 1]]),
        (2, [[2, 1, 0, 1, 2], [1, 0, 1, 2, 1], [0, 1, 2, 1, 0]]),
        (3, [[1, 2, 1, 0, 1, 2, 1], [2, 1, 0, 1, 2, 1, 0], [1, 0, 1, 2, 1, 0, 1]]),
    ],
)
def test_the_next_slices_come_along_and_ends_are_mirrored(each_side, expected):
    assert Neighbours(each_side).around(3).tolist() == expected


def test_neighbours_by_distance_are_the_nearest_slices_whatever_the_spacing():
    thick, thin = np.arange(4) * 5.0, np.arange(16) * 1.25  # the same 15 mm and a little more

    around = Neighbours(1, apart_mm=5.0)

    assert around.around(4, thick).tolist() == [[1, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 2]]
    assert around.around(16, thin)[[0, 4, 15]].tolist() == [[4, 0, 4], [0, 4, 8], [11, 15, 11]]


def test_where_slices_are_far_apart_the_nearest_may_be_the_slice_itself():
    assert Neighbours(1, apart_mm=2.0).around(2, np.array([0.0, 10.0])).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_of_repeated_positions_each_slice_is_its_own_middle():
    around = Neighbours(1, apart_mm=5.0).around(4, np.array([0.0, 5.0, 5.0, 10.0]))

    assert around[:, 1].tolist() == [0, 1, 2, 3]


@given(POSITIONS, st.integers(0, 4), st.one_of(st.none(), st.floats(0.01, 100)))
def test_every_study_has_whole_rows_of_its_own_slices(positions, each_side, apart_mm):
    around = Neighbours(each_side, apart_mm).around(len(positions), positions)

    assert around.shape == (len(positions), 2 * each_side + 1)
    assert around.min() >= 0
    assert around.max() < len(positions)
    assert around[:, each_side].tolist() == list(range(len(positions)))


@given(st.integers(2, 30), st.integers(1, 4), st.sampled_from([0.625, 2.5, 5.0]))
def test_at_even_spacing_distance_and_number_say_the_same(n_slices, each_side, spacing):
    by_distance = Neighbours(each_side, spacing).around(n_slices, np.arange(n_slices) * spacing)

    np.testing.assert_array_equal(by_distance, Neighbours(each_side).around(n_slices))


@given(st.integers(-1000, 1000), st.integers(1, 30))
def test_a_mirror_goes_on_as_numpy_pads(place, end):
    padded = np.pad(np.arange(end + 1), 1100, mode="reflect")

    assert mirrored(np.array(place), end) == padded[1100 + place]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"each_side": -1}, r"neighbours=-1: expected 0 or more slices"),
        ({"each_side": 1, "apart_mm": 0.0}, r"neighbour_mm=0\.0: expected more than 0 mm"),
        ({"each_side": 1, "apart_mm": float("nan")}, r"neighbour_mm=nan: expected more than 0 mm"),
    ],
    ids=["number", "distance", "nan"],
)
def test_values_that_make_no_sense_are_refused(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Neighbours(**options)


def test_distances_without_positions_are_refused():
    with pytest.raises(DataError, match=r"positions_mm: expected those of 3 slices, .* 5\.0 mm apart, found none"):
        Neighbours(1, apart_mm=5.0).around(3)
