"""Who may teach a sequence net: patients whom its slice net has not seen."""

import pytest

from ich.errors import LeakError
from ich.learn.checkpoint import Checkpoint
from ich.learn.unseen import check_start, in_sample_patients, unseen_split
from ich.store.several import open_stores
from ich.store.split import training_split
from ich.store.store import Store


def start_that_saw(patients, *, sources=("made",)):
    return {"is_known": True, "sources": list(sources), "train_patients": patients, "chosen_patients": []}


def net_that_saw(patients, *, sources=("made",), start=None):
    facts = {"sources": list(sources), "train_patients": patients, "fold": 0, "pretrained": start}
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


def test_patients_whom_the_slice_nets_starting_weights_have_seen_are_left_out(store):
    unseen = unseen_split(net_that_saw(["p4"], start=start_that_saw(["p5"])), store, fold=0)

    assert unseen.split.train_patients == {"p6", "p7"}


def test_a_net_whose_starting_weights_saw_a_validation_patient_is_refused(store):
    with pytest.raises(LeakError, match="found 1 of its training patients"):
        unseen_split(net_that_saw(["p4"], start=start_that_saw(["p2"])), store, fold=0)


def test_starting_weights_of_another_data_set_are_asked_for_it_alone(store):
    net = net_that_saw(["c1"], sources=["ctich"], start=start_that_saw(["p4"]))

    assert in_sample_patients(net, store, studies=["s4", "s5"]) == ["p4"]


def test_starting_weights_must_not_know_the_validation_fold(store):
    split = training_split(store, fold=0)

    with pytest.raises(LeakError, match=r"data\.fold=0: .*found 1 of 2 among .*model\.net\.weights=none"):
        check_start(start_that_saw(["p2", "p4"]), store, split=split, fold=0)


@pytest.mark.parametrize(
    "start",
    [None, start_that_saw(["p4", "p5"]), start_that_saw(["p2"], sources=["elsewhere"])],
    ids=["random", "other patients", "other data set"],
)
def test_starting_weights_that_know_others_may_be_used(start, store):
    check_start(start, store, split=training_split(store, fold=0), fold=0)
