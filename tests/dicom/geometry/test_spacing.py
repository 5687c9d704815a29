import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.dicom.geometry.spacing import Spacing, measure_spacing, spacing_warnings


def stack(*steps: float) -> np.ndarray:
    return np.cumsum((0.0, *steps))


def test_one_position_has_no_steps():
    assert measure_spacing(np.array([3.0])) == Spacing()
    assert spacing_warnings(Spacing()) == []


def test_steps_stated_to_a_tenth_of_a_millimetre_are_even():
    spacing = measure_spacing(np.array([0.0, 0.6, 1.3, 1.9, 2.5]))  # of 0.625 mm

    assert (spacing.n_steps, spacing_warnings(spacing)) == (1, [])


def test_missing_slices_are_estimated_from_the_gaps():
    spacing = measure_spacing(stack(5, 5, 10, 5, 20, 5, 5))

    assert (spacing.n_gaps, spacing.n_missing, spacing.largest_step_mm) == (2, 4, 20)
    assert spacing_warnings(spacing)[1] == (
        "2 gaps, the largest of 20.00 mm where 5.00 mm is usual: about 4 slices are missing"
    )


@pytest.mark.parametrize("steps", [(2.5,) * 15 + (5,) * 10, (5,) * 8 + (2.5,) * 12], ids=["wider", "narrower"])
def test_a_stack_of_two_thicknesses_has_no_gap(steps):
    spacing = measure_spacing(stack(*steps))

    assert (spacing.n_steps, spacing.n_gaps, spacing.n_missing) == (2, 0, 0)


def test_a_slice_that_misses_at_the_end_of_a_stack_is_seen():
    assert measure_spacing(stack(5, 5, 5, 10)).n_missing == 1


@given(st.lists(st.sampled_from([5.0, 10.0, 15.0]), min_size=9, max_size=60))
def test_more_gaps_than_steps_are_never_found(steps):
    spacing = measure_spacing(stack(*steps))

    assert 0 <= spacing.n_gaps <= spacing.n_missing
    assert spacing.n_gaps < len(steps)
    assert 1 <= spacing.n_steps <= 3
