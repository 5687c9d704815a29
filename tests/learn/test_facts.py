import json

import numpy as np
import pytest

from ich.data.slices import SliceDataModule
from ich.labels import LABELS
from ich.learn.checkpoint import REQUIRED_FACTS, assert_plain
from ich.learn.facts import plain, slice_facts
from ich.store.several import open_stores


@pytest.fixture
def facts(store):
    return slice_facts(SliceDataModule(store.path, fold=1, leave_out=[0, "p7"], batch_size=4, workers=0))


def test_facts_are_plain_and_complete_but_for_the_net(facts):
    assert_plain(facts)
    assert set(REQUIRED_FACTS) - set(facts) == {"net", "windows"}
    assert facts["labels"] == list(LABELS)


def test_facts_name_who_was_seen_and_who_was_left_out(facts):
    assert facts["train_patients"] == ["p6"]
    assert facts["validation_patients"] == ["p4", "p5"]
    assert (facts["fold"], facts["leave_out"]) == (1, [0, "p7"])


def test_prevalence_is_that_of_the_training_slices(facts, store):
    trained_on = store.slices[store.slices["study"] == "s6"]

    assert facts["prevalence"][5] == pytest.approx(trained_on["any"].mean())
    assert facts["prevalence"][0] == 0  # known nowhere
    assert np.shape(facts["position_bins"])[1] == 6


def test_no_fact_is_a_path(facts, store):
    assert str(store.path) not in json.dumps(facts)
    assert "/" not in json.dumps(facts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        (np.float32(0.5), 0.5),
        (float("nan"), None),
        ({"a": np.arange(2)}, {"a": [0, 1]}),
        ({"b"}, ["b"]),
    ],
    ids=["tuple", "numpy", "nan", "nested", "set"],
)
def test_values_become_plain(value, expected):
    assert plain(value) == expected
    assert_plain(plain(value))


def test_what_has_no_plain_form_is_refused():
    with pytest.raises(TypeError, match="expected a plain value, found a object"):
        plain([object()])


@pytest.mark.parametrize(("share", "expected"), [(None, [None, None]), ([1, 3], [0.25, 0.75])], ids=["alike", "shares"])
def test_facts_say_all_stores_of_a_training(store, stranger, share, expected):
    group = open_stores([store.path, stranger], share=share)

    facts = slice_facts(SliceDataModule(group, fold=1, batch_size=4, workers=0))

    assert [(one["source"], one["hash"], one["share"]) for one in facts["stores"]] == [
        ("made", store.hash, expected[0]),
        ("elsewhere", "1" * 32, expected[1]),
    ]
    assert (facts["source"], facts["sources"]) == ("made+elsewhere", ["elsewhere", "made"])
    assert {"p6", "stranger-p6"} <= set(facts["train_patients"])
    assert facts["store_hash"] == group.hash
