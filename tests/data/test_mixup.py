"""Tests of mixed labels."""

import numpy as np
import pytest
import torch

from ich.data.mixup import PARTNER, SHARE, mixed

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
