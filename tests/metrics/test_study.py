"""From slices to studies."""

import numpy as np

from ich.metrics.study import study_labels, study_means, study_scores

STUDIES = np.array(["b", "a", "b", "a"])


def test_a_study_scores_as_its_loudest_slice_whatever_the_order_of_rows():
    names, scores = study_scores([0.2, 0.9, 0.6, 0.1], STUDIES)

    assert names.tolist() == ["a", "b"]
    np.testing.assert_array_equal(scores, [0.9, 0.6])


def test_a_study_has_what_any_of_its_slices_has_and_is_negative_only_if_all_are_known():
    nan = np.nan
    labels = np.array([[1, 0, 0, nan, nan, 1], [0, 0, nan, nan, 1, 0]])

    _, by_study = study_labels(labels, np.array(["a", "a"]))

    np.testing.assert_array_equal(by_study, [[1, 0, nan, nan, 1, 1]])


def test_the_mean_is_over_the_slices_of_the_study():
    _, means = study_means(np.array([[0.2], [0.9], [0.6], [0.1]]), STUDIES)

    np.testing.assert_allclose(means, [[0.5], [0.4]])
