"""Ways to store HU."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.phantom.scanner import OUTSIDE_HU
from ich.phantom.storage import STORAGES, stored

PLAIN = [storage for storage, _ in STORAGES if not storage.wraps]


@given(st.integers(-1000, 3000), st.sampled_from(PLAIN))
def test_rescaled_values_are_the_hu_again(hu, storage):
    values = stored(np.array([hu], dtype=np.int16), storage)

    assert int(values[0]) + storage.intercept == hu


@given(st.integers(-1000, 3095))
def test_wrapped_values_are_mended_by_the_published_repair(hu):
    storage = next(storage for storage, _ in STORAGES if storage.wraps)

    values = stored(np.array([hu], dtype=np.int16), storage).astype(int)

    assert (values + 1000) % 4096 - 1000 == hu  # Howard 2019, "cleaning the data for rapid prototyping"


@pytest.mark.parametrize("storage", [storage for storage, _ in STORAGES], ids=str)
def test_no_value_needs_more_bits_than_stated(storage):
    hu = np.array([OUTSIDE_HU, -1024, 0, 3071], dtype=np.int16)

    values = stored(hu, storage).astype(int)

    low, high = (-(1 << 15), (1 << 15) - 1) if storage.is_signed else (0, (1 << storage.bits_stored) - 1)
    assert (values >= low).all()
    assert (values <= high).all()


def test_unsigned_files_with_an_intercept_near_zero_are_wrapped_ones():
    # The repair of FIELD.md 4.1 acts on every such file, so no other may exist.
    near_zero = [s for s, _ in STORAGES if s.bits_stored == 12 and not s.is_signed and s.intercept > -100]

    assert all(storage.wraps for storage in near_zero)


def test_the_outside_may_lie_far_below_air_without_a_tag():
    values = stored(np.array([OUTSIDE_HU], dtype=np.int16), STORAGES[0][0])

    assert values[0] == -2000
    assert STORAGES[0][0].padding is None
