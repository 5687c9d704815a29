"""Tables of predictions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ich.commands.predictions.scoring import logit_table, mean_logits, with_probabilities
from ich.labels import LABELS


@pytest.fixture
def store():
    """Two studies of two and three slices."""
    slices = pd.DataFrame(
        {
            "study": ["a", "a", "b", "b", "b"],
            "index": [0, 1, 0, 1, 2],
            "position_mm": [0.0, 5.0, 10.0, 15.0, 30.0],
            "sop_uid": [f"1.{n}" for n in range(5)],
            **{label: np.float32([0, 1, 0, np.nan, 1]) for label in LABELS},
        }
    )
    known = {label: np.float32([1, 1]) for label in LABELS}
    studies = pd.DataFrame({"study": ["a", "b"], "patient": ["p", "q"], **known})
    return SimpleNamespace(slices=slices, studies=studies)


def logits_of(store, value):
    sizes = store.slices.groupby("study").size()
    return {study: {"ensemble": np.full((n, 6), value, dtype=np.float32)} for study, n in sizes.items()}


def test_each_slice_has_its_patient_labels_and_logits(store):
    table = logit_table(store, logits_of(store, 2.0))

    assert table["patient"].tolist() == ["p", "p", "q", "q", "q"]
    assert table["position"].tolist() == [0.0, 1.0, 0.0, 0.25, 1.0]
    assert table["label_any"].isna().tolist() == [False, False, False, True, False]
    assert (table["ensemble_any"] == 2.0).all()


def test_labels_of_studies_stand_beside_those_of_slices_only_where_these_do_not_tell(store):
    told = logit_table(store, logits_of(store, 2.0))
    store.slices["any"] = np.float32(np.nan)

    untold = logit_table(store, logits_of(store, 2.0))

    assert "study_label_any" not in told
    assert untold["study_label_any"].tolist() == [1.0] * 5


def test_pairs_are_joined_by_the_mean_of_their_logits(store):
    tables = [logit_table(store, logits_of(store, value)) for value in (-1.0, 3.0)]

    assert (mean_logits(tables, "ensemble")["ensemble_subdural"] == 1.0).all()


def test_probabilities_take_the_place_of_logits_without_overflow(store):
    table = with_probabilities(logit_table(store, logits_of(store, 1e6)), ["ensemble"])

    assert (table["ensemble_any"] == 1.0).all()
    assert with_probabilities(logit_table(store, logits_of(store, 0.0)), ["ensemble"])["ensemble_any"].eq(0.5).all()
