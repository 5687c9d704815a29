"""Tests of the tiny backbone."""

import torch

from ich.nets.tiny import TinyBackbone


def test_the_tiny_backbone_is_tiny():
    n_parameters = sum(parameter.numel() for parameter in TinyBackbone().parameters())

    assert 250_000 < n_parameters < 400_000


def test_mean_and_maximum_of_the_last_map_are_pooled():
    backbone = TinyBackbone(1).eval()
    x = torch.randn(2, 1, 96, 64)

    pooled = backbone(x)

    last = backbone.stage(backbone.stem(x))
    assert last.shape[-2:] == (6, 4)
    torch.testing.assert_close(pooled, torch.cat([last.mean((2, 3)), last.amax((2, 3))], dim=1))
    assert pooled.shape[1] == backbone.num_features
