"""Whom starting weights had seen stays a fact of every net that comes of them."""

import pytest
import torch

from ich.learn.checkpoint import assert_plain
from ich.learn.seen import (
    chosen_patients,
    is_start_unknown,
    joined_starts,
    seen_patients,
    seen_sources,
    start_of,
)
from tests.ensemble.tiny import cnn_checkpoint, write_checkpoint


def heir_of(weights, tmp_path, **facts):
    """File of a net on patient p9 of another data set that started from these weights."""
    known = {"train_patients": ["p9"], "validation_patients": ["p8"], "sources": ["ctich"], **facts}
    return str(write_checkpoint(cnn_checkpoint(pretrained=start_of(weights), **known), tmp_path / "heir.ckpt"))


@pytest.fixture
def first(tmp_path):
    """File of a net that saw the made patients p1 and p2 and was chosen on p3."""
    return str(write_checkpoint(cnn_checkpoint(), tmp_path / "first.ckpt"))


@pytest.mark.parametrize("weights", [None, "none"])
def test_random_weights_have_seen_nothing(weights):
    assert start_of(weights) is None


def test_a_checkpoint_says_whom_it_has_seen(first):
    start = start_of(first)

    assert_plain(start)
    assert start == {
        "origins": ["checkpoint"],
        "is_known": True,
        "sources": ["phantom"],
        "train_patients": ["p1", "p2"],
        "chosen_patients": ["p3"],
    }


def test_the_last_weights_were_chosen_on_nobody(tmp_path):
    last = write_checkpoint(cnn_checkpoint(chosen="last"), tmp_path / "last.ckpt")

    assert start_of(str(last))["chosen_patients"] == []


def test_a_run_folder_means_its_chosen_net(tmp_path):
    write_checkpoint(cnn_checkpoint(), tmp_path / "checkpoints" / "best.ckpt")

    assert start_of(str(tmp_path))["train_patients"] == ["p1", "p2"]


def test_what_was_seen_goes_on_from_heir_to_heir(first, tmp_path):
    start = start_of(heir_of(first, tmp_path))

    assert start["train_patients"] == ["p1", "p2", "p9"]
    assert start["chosen_patients"] == ["p3", "p8"]
    assert start["sources"] == ["ctich", "phantom"]


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
def test_of_a_file_without_our_facts_nothing_is_known(name, tmp_path):
    torch.save({"backbone.weight": torch.zeros(2)}, tmp_path / name)

    start = start_of(str(tmp_path / name))

    assert (start["origins"], start["is_known"], start["train_patients"]) == (["file"], False, [])


def test_an_heir_of_an_unknown_file_stays_unknown(tmp_path):
    torch.save({"backbone.weight": torch.zeros(2)}, tmp_path / "weights.pt")

    assert not start_of(heir_of(str(tmp_path / "weights.pt"), tmp_path))["is_known"]


def test_a_published_backbone_has_seen_no_patient():
    start = start_of("hub")

    assert (start["origins"], start["is_known"], start["train_patients"]) == (["hub"], True, [])


def test_a_checkpoint_of_before_the_fact_started_from_random_weights():
    facts = cnn_checkpoint().facts
    assert "pretrained" not in facts

    assert (seen_patients(facts), seen_sources(facts)) == ({"p1", "p2"}, {"phantom"})
    assert not chosen_patients(facts)
    assert not is_start_unknown(facts)


def test_starts_of_several_nets_are_joined(first, tmp_path):
    torch.save({"backbone.weight": torch.zeros(2)}, tmp_path / "weights.pt")

    joined = joined_starts([None, start_of(first), start_of(str(tmp_path / "weights.pt"))])

    assert (joined["origins"], joined["is_known"]) == (["checkpoint", "file"], False)
    assert joined["train_patients"] == ["p1", "p2"]


def test_random_starts_are_joined_to_none():
    assert joined_starts([None, None]) is None
