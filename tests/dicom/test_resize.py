import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.resize import pad_to, resize_hu, square


def test_a_wide_matrix_is_padded_with_air_above_and_below():
    hu = np.full((2, 4), 40, dtype=np.int16)

    np.testing.assert_array_equal(square(hu), [[-1024] * 4, [40] * 4, [40] * 4, [-1024] * 4])


def test_a_tall_volume_is_padded_slice_by_slice():
    hu = np.zeros((3, 5, 2), dtype=np.int16)

    padded = square(hu)

    assert padded.shape == (3, 5, 5)
    assert (padded[:, :, 1:3] == 0).all()
    assert (padded[:, :, 0] == -1024).all()


def test_a_square_that_fits_is_handed_back_as_it_is():
    hu = np.zeros((3, 8, 8), dtype=np.int16)

    assert resize_hu(hu, 8) is hu
    assert pad_to(hu, 8, columns=8) is hu


def test_halving_takes_the_mean_of_each_four_pixels():
    hu = np.array([[0, 10, -1000, -1000], [20, 30, 0, 0], [40, 40, 1, 2], [40, 40, 3, 4]], dtype=np.int16)

    np.testing.assert_array_equal(resize_hu(hu, 2), [[15, -500], [40, 3]])  # 2.5 HU upwards, by hand


def test_a_size_that_divides_nothing_weighs_by_shared_area():
    hu = np.array([[0, 0, 0], [0, 90, 0], [0, 0, 0]], dtype=np.int16)

    # each of four pixels covers 1.5 x 1.5 and a quarter of the middle one: 90 * 0.25 / 2.25
    np.testing.assert_array_equal(resize_hu(hu, 2), np.full((2, 2), 10))


@given(st.integers(-1024, 3071), st.integers(3, 20), st.integers(3, 20), st.integers(2, 30))
def test_an_even_square_stays_even_at_any_size(value, rows, columns, size):
    hu = np.full((1, max(rows, columns), max(rows, columns)), value, dtype=np.int16)

    resized = resize_hu(hu, size)

    assert resized.dtype == np.int16
    assert (resized == value).all()


def test_a_volume_is_resized_as_its_slices_are():
    hu = np.random.default_rng(0).integers(-1024, 3071, (3, 20, 14)).astype(np.int16)

    np.testing.assert_array_equal(resize_hu(hu, 7), [resize_hu(one, 7) for one in hu])
