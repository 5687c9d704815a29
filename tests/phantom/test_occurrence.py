"""Kinds of bleed occur as often as asked for, together as in RSNA's studies."""

import numpy as np
import pytest

from ich.labels import SUBTYPES
from ich.phantom.occurrence import TOGETHER, draw_kinds
from ich.phantom.options import Prevalence


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(0)
    return [draw_kinds(Prevalence(), rng) for _ in range(6000)]


def test_each_kind_is_as_frequent_as_asked_for(patients):
    shares = [np.mean([kind in kinds for kinds in patients]) for kind in SUBTYPES]

    np.testing.assert_allclose(shares, Prevalence().shares(), atol=0.02)


def test_four_in_ten_studies_bleed_as_in_rsna(patients):
    # 8,882 of 21,744 studies.
    assert np.mean([bool(kinds) for kinds in patients]) == pytest.approx(8882 / 21744, abs=0.03)


def test_a_kind_that_nobody_has_never_occurs():
    rng = np.random.default_rng(1)

    assert all("epidural" not in draw_kinds(Prevalence(epidural=0.0), rng) for _ in range(300))


def test_a_kind_that_everybody_has_always_occurs():
    rng = np.random.default_rng(1)

    assert all("subdural" in draw_kinds(Prevalence(subdural=1.0), rng) for _ in range(300))


def test_the_correlations_are_possible():
    assert np.linalg.eigvalsh(TOGETHER).min() > 0
