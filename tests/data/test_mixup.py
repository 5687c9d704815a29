"""Tests of mixed slices: labels, and what the net sees."""

import numpy as np
import pytest
import torch

from ich.data.augment import Light, Unchanged
from ich.data.mixup import PARTNER, SHARE, mixed
from ich.data.slices import SliceDataset

LABELS = torch.tensor([[0.0, 1.0], [1.0, 1.0], [float("nan"), 0.0]])


def _mixed(seed=(0,), alpha=0.4):
    return mixed({"labels": LABELS}, alpha=alpha, seed=seed)


def test_labels_are_mixed_as_the_slices_will_be_and_unknown_stays_unknown():
    batch = _mixed(seed=(1,))

    partner, share = batch[PARTNER], batch[SHARE].item()
    for row in range(3):
        for label in range(2):
            both = LABELS[row, label].item(), LABELS[partner[row], label].item()
            expected = share * both[0] + (1 - share) * both[1]
            assert batch["labels"][row, label].item() == pytest.approx(expected, nan_ok=True)


def test_the_mixture_depends_on_its_seed_alone():
    torch.manual_seed(0)
    first = _mixed(seed=(3, 4))
    torch.manual_seed(1)
    again, other = _mixed(seed=(3, 4)), _mixed(seed=(3, 5))

    assert torch.equal(first[SHARE], again[SHARE])
    assert not torch.equal(first[SHARE], other[SHARE])


def test_shares_follow_beta():
    shares = np.array([_mixed(seed=(number,), alpha=0.4)[SHARE].item() for number in range(2000)])

    assert shares.mean() == pytest.approx(0.5, abs=0.04)
    assert shares.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), abs=0.01)  # variance of Beta(a, a)


def test_a_training_batch_is_mixed_by_seed_epoch_and_rows_and_hu_stay_as_they_are(store):
    dataset = SliceDataset(store, ["b", "d"], augment=Unchanged(mixup=0.4))
    plain = SliceDataset(store, ["b", "d"])

    items = [(2, 1), (8, 1), (3, 1)]
    batch, again = dataset.__getitems__(items), dataset.__getitems__(items)

    assert torch.equal(batch["hu"], plain.__getitems__(items)["hu"])
    assert all(torch.equal(batch[name], again[name]) for name in (PARTNER, SHARE))
    assert not torch.equal(batch[SHARE], dataset.__getitems__([(2, 2), (8, 2), (3, 2)])[SHARE])


@pytest.mark.parametrize("augment", [None, Light()], ids=["none", "light"])
def test_without_mixup_a_batch_says_nothing_of_it(store, augment):
    assert set(SliceDataset(store, ["b"], augment=augment)[0]) == {"hu", "labels", "row"}
