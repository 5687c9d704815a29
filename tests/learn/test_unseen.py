"""Who may teach a sequence net: patients whom its slice net has not seen."""

import pytest

from ich.errors import LeakError
from ich.learn.checkpoint import Checkpoint
from ich.learn.unseen import in_sample_patients, unseen_split
from ich.store.several import open_stores
from ich.store.store import Store


def net_that_saw(patients, *, sources=("made",)):
    facts = {"sources": list(sources), "train_patients": patients, "fold": 0}
    return Checkpoint(facts=facts, state_dict={}, hash="")


@pytest.mark.parametrize(("source", "expected"), [("made", ["p4", "p5"]), ("elsewhere", [])])
def test_training_patients_are_in_sample_within_their_source(source, expected, store):
    net = net_that_saw(["p4", "p5", "p6"], sources=[source])

    assert in_sample_patients(net, store, studies=["s0", "s2", "s4", "s5"]) == expected


def test_a_net_of_several_stores_has_seen_patients_of_each(store, stranger):
    group = open_stores([store.path, stranger])
    net = net_that_saw(["p2", "p6", "stranger-p6"], sources=["elsewhere", "made"])

    assert in_sample_patients(net, store, studies=["s2", "s4", "s6"]) == ["p2", "p6"]
    assert in_sample_patients(net, Store.open(stranger), studies=["xs6"]) == ["stranger-p6"]
    assert in_sample_patients(net, group, studies=["s6", "xs6"]) == ["p6", "stranger-p6"]


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
    unseen = unseen_split(net_that_saw(["p4"], sources=["elsewhere"]), store, fold=0)

    assert unseen.split.train_patients == {"p4", "p5", "p6", "p7"}
    assert not unseen.in_sample


def test_a_net_that_saw_a_validation_patient_is_refused(store):
    with pytest.raises(LeakError, match=r"data\.fold=0: expected validation patients whom the slice net has not seen"):
        unseen_split(net_that_saw(["p2"]), store, fold=0)
