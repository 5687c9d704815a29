"""Which slices count as the worst, and how they are drawn."""

import numpy as np
import pytest
import torch

from ich.labels import LABELS
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.learn.loop.metrics import Rows
from ich.learn.watching.worst_slices import HEAT_COLOUR, WorstSlice, show_slices, worst_slices


@pytest.fixture
def answers() -> Rows:
    """Four slices: right, unsure, wrong about epidural, and one of which nothing is known."""
    labels = np.zeros((4, len(LABELS)), dtype=np.float32)
    labels[2, 0] = 1
    labels[3] = np.nan
    logits = np.full((4, len(LABELS)), -6.0)
    logits[1] = 0
    return Rows(np.array([10, 11, 12, 13]), logits, labels)


def test_the_slice_that_cost_most_comes_first(answers):
    assert [one.row for one in worst_slices(answers, 3)] == [12, 11, 10]


def test_a_slice_of_which_nothing_is_known_is_never_among_them(answers):
    assert len(worst_slices(answers, 99)) == 3


def test_the_label_that_cost_most_is_named_with_all_probabilities_and_truths(answers):
    (worst,) = worst_slices(answers, 1)

    assert worst.label == LABELS[0]
    assert worst.truth == (1, 0, 0, 0, 0, 0)
    assert worst.probabilities == pytest.approx([1 / (1 + np.exp(6))] * len(LABELS))


def test_an_unknown_label_has_no_truth(answers):
    answers.labels[2, 1] = np.nan

    assert worst_slices(answers, 1)[0].truth[1] is None


@pytest.fixture
def slice_net(cnn_run):
    return load_net(read_checkpoint(cnn_run[0], kind="slice"))


def shown(store, net, label="any"):
    none = (0.0,) * len(LABELS)
    ((picture, heated),) = show_slices([WorstSlice(12, 1.0, label, none, none)], store, net=net)
    return picture, heated


def test_the_picture_is_the_slice_in_the_first_window(store, slice_net):
    picture, _ = shown(store, slice_net)
    slices = store.slices.iloc[12]
    hu = store.read_slice(slices["study"], int(slices["index"]))

    assert (picture == (np.clip(hu / 80, 0, 1) * 255).astype(np.uint8)[..., None]).all()  # brain: 0 to 80 HU


def test_heat_is_laid_over_the_same_picture(store, slice_net):
    with torch.no_grad():
        slice_net.head.weight.abs_()  # so that something speaks for the label
        slice_net.head.bias.fill_(9)  # and the probability is 1

    picture, heated = shown(store, slice_net)

    assert heated.shape == picture.shape
    towards = (heated.astype(int) - picture) * np.sign(HEAT_COLOUR - picture)
    assert towards.max() > 50
    assert towards.min() >= -1  # rounding


def test_a_slice_without_suspicion_stays_as_it_is(store, slice_net):
    with torch.no_grad():
        slice_net.head.bias.fill_(-30)

    picture, heated = shown(store, slice_net)

    assert np.abs(heated.astype(int) - picture).max() <= 1
