import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.slabs import is_thin, slab_groups
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
