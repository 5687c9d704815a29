"""Tests of the slice table's rows."""

import numpy as np

from ich.data.rows import labels_of, rows_of, study_labels_of


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


def test_labels_of_whole_studies_are_the_maximum_over_their_slices(store):
    labels = study_labels_of(store, ["c", "a"])

    expected = [store.slices.loc[store.slices["study"] == study, "any"].max() for study in ("c", "a")]
    assert labels[:, 5].tolist() == expected


def test_a_label_that_no_slice_has_is_that_of_the_study_as_a_whole(store):
    assert np.isnan(labels_of(store, ["d"])[:, 0]).all()
    assert study_labels_of(store, ["d"])[0, 0] == 1
