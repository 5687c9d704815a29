"""Tests of class activation maps, against the grad-cam package."""

import numpy as np
import pytest
import torch
from torch import nn

from ich.errors import ConfigError
from ich.nets.cam import METHODS, maps


@pytest.fixture(scope="module")
def resnet():
    import timm

    torch.manual_seed(0)
    return timm.create_model("test_resnet", pretrained=False, num_classes=6).eval()


@pytest.fixture(scope="module")
def images():
    return torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def _score(logits):
    return logits[:, 1].sum()


def _scaled(heat):
    heat = heat - heat.min(axis=(1, 2), keepdims=True)
    return heat / (1e-7 + heat.max(axis=(1, 2), keepdims=True))


@pytest.mark.parametrize(
    ("method", "theirs"),
    [("gradcam", "GradCAM"), ("gradcam++", "GradCAMPlusPlus"), ("hirescam", "HiResCAM"), ("layercam", "LayerCAM")],
)
def test_maps_are_those_of_the_grad_cam_package(resnet, images, method, theirs):
    pytorch_grad_cam = pytest.importorskip("pytorch_grad_cam")  # 1.5.x
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with getattr(pytorch_grad_cam, theirs)(model=resnet, target_layers=[resnet.layer3]) as package:
        expected = package(images.clone(), targets=[ClassifierOutputTarget(1)] * 2)  # (B, 96, 96), scaled

    heat = maps(resnet, resnet.layer3, x=images, score=_score, method=method)
    large = torch.nn.functional.interpolate(heat[:, None], size=(96, 96), mode="bilinear")[:, 0]

    assert heat.max() > 0
    for ours, theirs_map in zip(_scaled(large.numpy()), expected, strict=True):
        assert np.corrcoef(ours.ravel(), theirs_map.ravel())[0, 1] > 0.999


def test_maps_work_inside_inference_mode(resnet, images):
    expected = maps(resnet, resnet.layer3, x=images, score=_score)

    with torch.inference_mode():
        inside = maps(resnet, resnet.layer3, x=images * 1, score=_score)

    torch.testing.assert_close(inside, expected)


def test_maps_of_a_frozen_net_are_the_same(resnet, images):
    expected = maps(resnet, resnet.layer3, x=images, score=_score)

    resnet.requires_grad_(False)
    frozen = maps(resnet, resnet.layer3, x=images, score=_score)
    resnet.requires_grad_(True)

    torch.testing.assert_close(frozen, expected)


@pytest.mark.parametrize("method", METHODS)
def test_an_in_place_relu_behind_the_layer_changes_nothing(images, method):
    torch.manual_seed(1)
    layer = nn.Conv2d(3, 4, 3)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6))

    in_place = maps(nn.Sequential(layer, nn.ReLU(inplace=True), head), layer, x=images, score=_score, method=method)
    apart = maps(nn.Sequential(layer, nn.ReLU(), head), layer, x=images, score=_score, method=method)

    torch.testing.assert_close(in_place, apart)


def test_the_slice_net_explains_int16_hu(tiny_net, slices):
    heat = maps(tiny_net, tiny_net.cam_layer, x=slices, score=lambda logits: logits[:, 5].sum())

    assert heat.shape == (3, 4, 4)
    assert heat.dtype == torch.float32


def test_the_hook_is_gone_afterwards_even_after_an_error(tiny_net, slices):
    with pytest.raises(IndexError):
        maps(tiny_net, tiny_net.cam_layer, x=slices, score=lambda logits: logits[:, 99].sum())

    assert not tiny_net.cam_layer._forward_hooks


def test_an_unknown_method_lists_the_known_ones(tiny_net, slices):
    with pytest.raises(ConfigError, match=r"method=scorecam: expected one of gradcam, gradcam\+\+"):
        maps(tiny_net, tiny_net.cam_layer, x=slices, score=_score, method="scorecam")
