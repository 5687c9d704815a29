"""Fixtures of the nets: the three usual windows and small nets over them."""

import pytest
import torch

from ich.nets.slice_net import SliceNet

WINDOWS = {
    "brain": {"centre": 40, "width": 80, "mean": 0.1738, "std": 0.3161},
    "subdural": {"centre": 80, "width": 200, "mean": 0.1433, "std": 0.2850},
    "soft": {"centre": 40, "width": 380, "mean": 0.1970, "std": 0.3111},
}


@pytest.fixture
def windows():
    return {name: dict(facts) for name, facts in WINDOWS.items()}


@pytest.fixture
def tiny_net(windows):
    torch.manual_seed(0)
    return SliceNet("tiny", windows).eval()


@pytest.fixture
def slices():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(-1024, 400, (3, 1, 64, 64), dtype=torch.int16, generator=generator)
