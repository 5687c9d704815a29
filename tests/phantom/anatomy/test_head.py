"""A made head has what a head has, in its HU and in its place."""

import numpy as np
import pytest

from ich.phantom.anatomy.head import make_head
from ich.phantom.anatomy.lookalikes import add_lookalikes
from ich.phantom.options import Difficulty

MIDDLE = 15  # a slice through the lateral ventricles


def test_brain_is_grey_and_white_matter_and_csf(head):
    hu = head.fields.hu[MIDDLE][head.fields.cavity[MIDDLE] < -4]

    low, middle, high = np.percentile(hu, [1, 50, 99])

    assert 0 <= low <= 15  # CSF (FIELD.md 3.1)
    assert 24 <= middle <= 36
    assert 34 <= high <= 65


def test_ventricles_hold_csf(head):
    inside = head.fields.ventricles > 0.99

    assert inside.any()
    assert np.abs(head.fields.hu[inside] - head.tissue.csf).max() < 3


def test_skull_encloses_the_brain_in_the_middle_of_the_head(head):
    rim = (head.fields.cavity[MIDDLE] > 1.5) & (head.fields.cavity[MIDDLE] < 2.5)

    assert np.median(head.fields.hu[MIDDLE][rim]) > 400


def test_air_surrounds_the_head(head):
    corners = head.fields.hu[:, [0, 0, -1, -1], [0, -1, 0, -1]]

    assert (corners[5:] == -1000).all()


def test_the_cavity_holds_as_much_as_an_adult_one(head):
    spacing = np.prod(head.fields.spacing)

    millilitres = np.count_nonzero(head.fields.cavity < 0) * spacing / 1000

    assert 1000 < millilitres < 1900  # adults 1,100 to 1,700


def test_two_patients_differ(grid, difficulty, bank):
    first, second = (make_head(grid, difficulty, bank=bank, rng=np.random.default_rng(seed)) for seed in (1, 2))

    assert np.mean(np.abs(first.fields.hu - second.fields.hu) > 5) > 0.05


def test_lookalikes_are_absent_when_asked_for(grid, difficulty, bank):
    plain = make_head(grid, difficulty, bank=bank, rng=np.random.default_rng(1))
    before = plain.fields.hu.copy()
    none = Difficulty(**{**vars(difficulty), "lookalikes": 0.0})

    add_lookalikes(plain, none, bank=bank, rng=np.random.default_rng(2))

    np.testing.assert_array_equal(plain.fields.hu, before)


def test_calcium_is_brighter_than_blood_and_small(grid, difficulty, bank):
    decorated = make_head(grid, difficulty, bank=bank, rng=np.random.default_rng(1))
    before = decorated.fields.hu.copy()
    always = Difficulty(**{**vars(difficulty), "lookalikes": 20.0})

    add_lookalikes(decorated, always, bank=bank, rng=np.random.default_rng(2))

    added = decorated.fields.hu - before
    assert decorated.fields.hu[added > 20].max() > 85
    assert np.count_nonzero(added > 20) < 0.01 * added.size


@pytest.mark.parametrize("size", [32, 33, 48])
def test_a_head_can_be_made_at_any_size(size, difficulty, bank):
    from ich.phantom.grid import draw_grid
    from ich.phantom.options import Scanner

    grid = draw_grid(Scanner(size=size, n_slices=(3, 3)), np.random.default_rng(0))

    head = make_head(grid, difficulty, bank=bank, rng=np.random.default_rng(0))

    assert head.fields.hu.shape == (3, size, size)
    assert np.isfinite(head.fields.hu).all()
