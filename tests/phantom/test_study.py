"""A made study as a whole."""

import numpy as np
import pytest

from ich.phantom.options import Prevalence, Scanner
from ich.phantom.study import make_study, study_generator

SMALL = Scanner(size=48, n_slices=(30, 30))


@pytest.fixture(scope="module")
def study(difficulty):
    return make_study(
        study_generator(1, 0), difficulty=difficulty, scanner=SMALL, prevalence=Prevalence(subdural=1.0), masks=True
    )


def test_a_study_has_one_row_of_labels_a_slice(study):
    assert study.hu.shape == (30, 48, 48)
    assert study.hu.dtype == np.int16
    assert study.labels.shape == (30, 6)
    assert study.masks.shape == (5, 30, 48, 48)


def test_a_drawn_kind_is_labelled_somewhere(study):
    assert study.labels[:, 4].any()


def test_the_same_seed_and_number_give_the_same_study(study, difficulty):
    again = make_study(study_generator(1, 0), difficulty=difficulty, scanner=SMALL, prevalence=Prevalence(subdural=1.0))

    np.testing.assert_array_equal(again.hu, study.hu)


def test_patients_without_bleeds_have_no_labels(difficulty):
    study = make_study(
        study_generator(1, 1), difficulty=difficulty, scanner=SMALL, prevalence=Prevalence(0, 0, 0, 0, 0)
    )

    assert not study.labels.any()
