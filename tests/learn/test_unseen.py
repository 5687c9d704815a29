"""Who may teach a sequence net: patients whom its slice net has not seen."""

import pytest

from ich.errors import LeakError
from ich.learn.checkpoint import Checkpoint
from ich.learn.unseen import unseen_split


def net_that_saw(patients, *, source="made"):
    return Checkpoint(facts={"source": source, "train_patients": patients, "fold": 0}, state_dict={}, hash="")


def test_patients_whom_the_slice_net_has_seen_are_left_out(store):
    seen = ["p4", "p5"]  # fold 1

    unseen = unseen_split(net_that_saw(seen), store, fold=0)

    assert unseen.split.train_patients == {"p6", "p7"}
    assert unseen.split.validation_patients == {"p2", "p3"}
    assert not unseen.in_sample


def test_a_net_that_saw_everybody_makes_the_stage_in_sample(store):
    unseen = unseen_split(net_that_saw(["p4", "p5", "p6", "p7"]), store, fold=0)

    assert unseen.in_sample
    assert unseen.split.train_patients == {"p4", "p5", "p6", "p7"}


def test_a_net_of_another_data_set_has_seen_nobody(store):
    unseen = unseen_split(net_that_saw(["p4"], source="elsewhere"), store, fold=0)

    assert unseen.split.train_patients == {"p4", "p5", "p6", "p7"}
    assert not unseen.in_sample


def test_a_net_that_saw_a_validation_patient_is_refused(store):
    with pytest.raises(LeakError, match=r"data\.fold=0: expected validation patients whom the slice net has not seen"):
        unseen_split(net_that_saw(["p2"]), store, fold=0)
