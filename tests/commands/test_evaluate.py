"""Whom `evaluate.py` refuses to score."""

from types import SimpleNamespace

import pandas as pd
import pytest

from ich.commands.evaluate import check_disjoint
from ich.errors import LeakError

STORE = SimpleNamespace(
    source="ctich", studies=pd.DataFrame({"study": ["s1", "s2", "s3"], "patient": ["c1", "c2", "c3"]})
)


def model_that_saw(patients, *, sources=("ctich",), start=None):
    known = {"sources": list(sources), "train_patients": patients}
    return SimpleNamespace(facts=known if start is None else {**known, "pretrained": start})


def start_that_saw(patients, *, source="ctich", chosen=()):
    return {"is_known": True, "sources": [source], "train_patients": patients, "chosen_patients": list(chosen)}


@pytest.mark.parametrize(
    "model",
    [
        model_that_saw(["c2"]),
        model_that_saw(["c9"], start=start_that_saw(["c2"])),
        model_that_saw(["m1"], sources=["phantom"], start=start_that_saw(["c2"])),
    ],
    ids=["itself", "its starting weights", "its starting weights on another data set than its own"],
)
@pytest.mark.parametrize("subset", ["test", "out_of_fold"])
def test_patients_whom_a_net_or_its_starting_weights_have_seen_are_not_scored(subset, model):
    with pytest.raises(LeakError, match=f"subset={subset}: expected patients whom neither .* found 1 of 2 among"):
        check_disjoint(model, STORE, studies=["s1", "s2"], subset=subset)


def test_starting_weights_that_have_seen_made_heads_know_no_patient():
    model = model_that_saw(["c3"], start=start_that_saw(["m1", "m2"], source="phantom", chosen=["m3"]))

    check_disjoint(model, STORE, studies=["s1", "s2"], subset="out_of_fold")


def test_starting_weights_that_were_chosen_on_a_fold_are_refused_by_its_cross_validation_alone():
    model = model_that_saw(["c3"], start=start_that_saw(["c9"], chosen=["c1"]))

    check_disjoint(model, STORE, studies=["s1"], subset="validation")
    with pytest.raises(LeakError, match="found 1 of 1"):
        check_disjoint(model, STORE, studies=["s1"], subset="out_of_fold")


def test_a_checkpoint_of_before_starting_weights_were_written_down_is_scored():
    check_disjoint(model_that_saw(["c3"]), STORE, studies=["s1", "s2"], subset="test")
