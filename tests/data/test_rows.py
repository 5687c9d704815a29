"""Tests of the slice table's rows."""

import numpy as np

from ich.data.rows import labels_of, prevalence_of, rows_of


def test_rows_come_study_by_study_in_the_order_asked_for(store):
    rows = rows_of(store, ["c", "a"])

    chosen = store.slices.iloc[rows]
    assert chosen["study"].tolist() == ["c"] * 5 + ["a"] * 3
    assert chosen["index"].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]


def test_unknown_labels_are_nan(store):
    labels = labels_of(store, ["d"])

    assert labels.dtype == np.float32
    assert np.isnan(labels[:, 0]).all()
    assert not np.isnan(labels[:, 1:]).any()


def test_prevalence_counts_known_labels_only(store):
    prevalence = prevalence_of(store, ["b", "d"])  # positives at odd indices: 3 of 7 and 2 of 4

    np.testing.assert_allclose(prevalence, [3 / 7, *[5 / 11] * 5])


def test_a_label_nobody_knows_has_no_prevalence(store):
    assert np.isnan(prevalence_of(store, ["d"])[0])
