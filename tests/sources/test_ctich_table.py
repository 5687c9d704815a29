"""The slice table of CT-ICH."""

import numpy as np
import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.ctich_table import TABLE, labels_of_study, read_slice_table, release_note

HEADER = (
    "PatientNumber,SliceNumber,Intraventricular,Intraparenchymal,Subarachnoid,Epidural,Subdural,"
    "No_Hemorrhage,Fracture_Yes_No"
)


def write_table(root, rows):
    (root / TABLE).write_text("\ufeff" + "\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return root / TABLE


def test_columns_of_the_table_come_in_our_order_and_any_is_the_opposite_of_none(tmp_path):
    rows = ["49,1,0,0,0,1,0,0,0", "49,2,0,1,0,0,0,0,1", "49,3,0,0,0,0,0,1,0"]
    labels = read_slice_table(write_table(tmp_path, rows))["049"]

    assert labels[0].tolist() == [1, 0, 0, 0, 0, 1]  # epidural
    assert labels[1].tolist() == [0, 1, 0, 0, 0, 1]  # intraparenchymal
    assert labels[2].tolist() == [0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("n_slices", "n_patients", "sentence"),
    [
        (2_501, 82, "2,501 slices of 82 patients, as in v1.0.0"),
        (2_814, 75, "2,814 slices of 75 patients, as in v1.3.1"),
        (2_814, 82, "as in no known release (expected 2,501 of 82 (v1.0.0) or 2,814 of 75 (v1.3.1))"),
    ],
)
def test_the_release_of_a_table_is_named_by_its_counts(n_slices, n_patients, sentence):
    shares = np.array_split(np.zeros((n_slices, 6), np.float32), n_patients)

    assert sentence in release_note({str(number): labels for number, labels in enumerate(shares)})


def test_a_study_has_what_any_of_its_slices_has():
    labels = np.array([[0, 1, np.nan], [1, 0, np.nan]], np.float32)

    np.testing.assert_array_equal(labels_of_study(labels), [1, 1, np.nan])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["49,1,0,0,0,2,0,0,0"], "expected labels 0 or 1"),
        (["49,1,0,0,0,,0,0,0"], "expected labels 0 or 1, found another in line 2"),
        (["49,1,0,0,0,x,0,0,0"], "expected labels 0 or 1, found another in line 2"),
        (["49,1,0,0,0,0,0,1,0", "49,0,0,0,0,0,0,1,0"], "slice numbers from 1 to 2,000, found others in line 3"),
        (["49,2000000000,0,0,0,0,0,1,0"], "slice numbers from 1 to 2,000, found others in line 2"),
        (["49,1.5,0,0,0,0,0,1,0"], "found others in line 2"),
        (["Meier,1,0,0,0,0,0,1,0"], "expected patient numbers from 0 .* found others in line 2"),
        (["49,1"], "expected 9 cells a row in UTF-8, found 2 in line 2"),
        (["49,1,0,0,0,0,0,1,0", "49,1,0,0,0,1,0,0,0"], "expected one row a slice"),
    ],
    ids=["value", "nothing", "text", "slice 0", "slice of billions", "half a slice", "patient", "cells", "twice"],
)
def test_a_table_of_other_content_is_an_error(tmp_path, rows, sentence):
    with pytest.raises(DataError, match=sentence):
        read_slice_table(write_table(tmp_path, rows))


@pytest.mark.realdata
def test_positives_of_the_real_table_are_those_the_readme_lists(realdata):
    labels = np.concatenate(list(read_slice_table(realdata / "ctich" / TABLE).values()))

    totals = dict(zip(LABELS, np.nansum(labels, axis=0).astype(int).tolist(), strict=True))

    # realdata README, ctich/: 73 patients, 2,244 slices
    assert totals == {
        "any": 292,
        "epidural": 173,
        "subdural": 56,
        "intraparenchymal": 51,
        "intraventricular": 24,
        "subarachnoid": 12,
    }
    assert len(labels) == 2244


@pytest.mark.realdata
def test_the_published_table_is_that_of_the_first_release(realdata, tmp_path):
    labels = read_slice_table(realdata / "tables" / "physionet_ctich_hemorrhage_diagnosis.csv")

    assert "2,501 slices of 82 patients, as in v1.0.0" in release_note(labels)
    # realdata README, tables/: positive slices of each kind
    assert np.nansum(np.concatenate(list(labels.values())), axis=0).tolist() == [173, 73, 24, 18, 56, 318]
