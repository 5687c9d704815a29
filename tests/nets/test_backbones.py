"""Tests of the backbones by name."""

import pytest
import torch
from torch import nn

from ich.errors import ConfigError
from ich.nets.backbones import cam_layer_name, make_backbone


@pytest.mark.parametrize(
    ("name", "side"), [("tiny", 4), ("test_resnet", 2), ("test_efficientnet", 2), ("resnet10t", 2)]
)
def test_the_layer_for_maps_gives_a_map(name, side):
    backbone = make_backbone(name, 3).eval()
    shapes = []
    backbone.get_submodule(cam_layer_name(backbone)).register_forward_hook(
        lambda _module, _inputs, output: shapes.append(output.shape)
    )

    backbone(torch.zeros(1, 3, 64, 64))

    assert [(len(shape), shape[-2:]) for shape in shapes] == [(4, (side, side))]


def test_an_unknown_tag_of_weights_is_refused():
    with pytest.raises(ConfigError, match=r"model\.net\.backbone=resnet18\.nonsense: expected a tag"):
        make_backbone("resnet18.nonsense", 3)


def test_a_net_without_stages_has_no_layer_for_maps():
    with pytest.raises(ConfigError, match="names its stages"):
        cam_layer_name(nn.Flatten())
