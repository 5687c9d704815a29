"""What a table of predictions must hold."""

import numpy as np
import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.metrics.levels import slice_level, study_level

BINS = np.full((4, 6), 0.1)


def read(table):
    return slice_level(table, prevalence=[0.1] * 6, position_bins=BINS)


def test_studies_take_the_maximum_over_their_slices_for_truth_and_score(table):
    slices = read(table)
    studies = study_level(slices, prevalence=None)

    first = table["study"] == "study00"
    assert studies.n_studies == 12
    assert studies.n_patients == 6
    assert studies.labels[0, 5] == table["label_any"][first].max()
    assert studies.scores["cnn"][0, 5] == table["cnn_any"][first].max()


def test_what_is_said_of_a_study_as_a_whole_counts_where_its_slices_do_not_tell(table):
    second = table["study"] == "study01"
    for label in LABELS:
        table[f"label_{label}"][second] = np.nan
        table[f"study_label_{label}"] = np.full(len(second), 1.0)

    studies = study_level(read(table), prevalence=None)

    assert studies.labels[1].tolist() == [1.0] * 6
    assert studies.labels[0, 0] == table["label_epidural"][table["study"] == "study00"].max()


def test_a_missing_column_is_named(table):
    del table["cnn_subdural"]

    with pytest.raises(DataError, match="missing cnn_subdural"):
        read(table)


def test_a_table_without_predictions_says_which_columns_it_wants(table):
    bare = {name: values for name, values in table.items() if not name.startswith(("cnn", "ensemble"))}

    with pytest.raises(DataError, match="missing cnn_epidural, cnn_intraparenchymal"):
        read(bare)


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("cnn_any", np.nan, r"cnn_\*: expected numbers between 0 and 1 in every row, found 1"),
        ("ensemble_any", 1.5, r"ensemble_\*: expected numbers between 0 and 1"),
        ("label_any", 0.5, r"label_\*: expected 0, 1"),
        ("position", 17.0, "position: expected numbers between 0 and 1"),
        ("patient", "patient05", "one patient a study, found 1 studies"),
    ],
    ids=["no score", "a logit", "a soft label", "a position in mm", "a study of two patients"],
)
def test_impossible_values_are_refused(table, column, value, sentence):
    table[column][0] = value

    with pytest.raises(DataError, match=sentence):
        read(table)


def test_rows_with_trainings_of_their_own_bring_their_controls(table):
    rows = len(table["study"])
    for i, label in enumerate(LABELS):
        table[f"place_{label}"] = np.full(rows, 0.01 * i)
        table[f"prevalence_{label}"] = np.full(rows, 0.2)
        table[f"study_prevalence_{label}"] = np.where(table["study"] == "study00", 0.4, 0.3)

    slices = read(table)
    studies = study_level(slices, prevalence=[0.1] * 6)

    assert slices.scores["position"][:, 5].tolist() == [0.05] * rows
    assert set(slices.scores["prevalence"].ravel()) == {0.2}
    assert studies.scores["prevalence"][:, 0].tolist() == [0.4] + [0.3] * 11
