"""Tests of where weights come from: the hub's cache, a file, a run."""

import os
import subprocess
import sys

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from ich.errors import ConfigError, DataError
from ich.nets.slice_net import SliceNet
from ich.nets.weights import fetch_published

BACKBONE = "test_resnet.r160_in1k"
REPOSITORY = "models--timm--test_resnet.r160_in1k"


@pytest.fixture(scope="module")
def published():
    """What a published file holds: three channels in, a thousand classes out."""
    torch.manual_seed(7)
    return timm.create_model("test_resnet", pretrained=False).state_dict()


@pytest.fixture
def hub_home(tmp_path, published):
    """A cache in the hub's own layout."""
    folder = tmp_path / "hub" / REPOSITORY
    (folder / "snapshots" / "0123abc").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0123abc")
    save_file(published, folder / "snapshots" / "0123abc" / "model.safetensors")
    return tmp_path


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def test_published_weights_come_from_the_hubs_cache(windows, hub_home, published, monkeypatch, offline):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub_home / "hub"))

    net = SliceNet(BACKBONE, windows, weights="hub")

    torch.testing.assert_close(net.backbone.layer4.state_dict(), _below("layer4.", published))


def test_a_hub_that_can_not_be_reached_names_the_two_ways_out(windows, tmp_path, monkeypatch, offline):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(DataError, match=r"model\.net\.weights=hub: expected timm/test_resnet") as raised:
        SliceNet(BACKBONE, windows, weights="hub")

    assert "model.net.weights=FILE" in str(raised.value)
    assert "model.net.weights=none" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_weights_that_lie_in_the_cache_are_not_asked_for_again(hub_home, monkeypatch, offline):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub_home / "hub"))

    assert fetch_published(BACKBONE) is None  # offline: asking would raise


def test_weights_that_can_not_be_fetched_name_the_two_ways_out(tmp_path, monkeypatch, offline):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(DataError, match=r"hub's cache or on the hub.*weights=FILE.*weights=none"):
        fetch_published(BACKBONE)


def test_a_misspelt_backbone_is_named_before_the_hub_is_asked():
    with pytest.raises(ConfigError, match=r"model\.net\.backbone=resnest18: .* did you mean resne"):
        fetch_published("resnest18")


def test_a_backbone_without_published_weights_is_not_asked_for():
    with pytest.raises(ConfigError, match="found tiny without"):
        fetch_published("tiny")


@pytest.mark.slow
def test_the_hubs_own_switches_are_honoured(hub_home):
    program = (
        "from ich.nets.slice_net import SliceNet\n"
        "window = {'centre': 40, 'width': 80, 'mean': 0.2, 'std': 0.3}\n"
        f"SliceNet('{BACKBONE}', {{'a': window, 'b': window, 'c': window}}, weights='hub')\n"
    )
    environment = {**os.environ, "HF_HOME": str(hub_home), "HF_HUB_OFFLINE": "1"}

    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_tiny_backbone_has_nothing_on_the_hub(windows):
    with pytest.raises(ConfigError, match=r"model\.net\.weights=hub: .* found tiny without"):
        SliceNet("tiny", windows, weights="hub")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_of_weights_is_taken_without_its_classifier(windows, tmp_path, published, suffix):
    path = tmp_path / f"weights{suffix}"
    save_file(published, path) if suffix == ".safetensors" else torch.save({"state_dict": published}, path)

    net = SliceNet("test_resnet", windows, weights=str(path))

    torch.testing.assert_close(net.backbone.layer4.state_dict(), _below("layer4.", published))
    assert net.head.out_features == 6


def test_the_first_convolution_is_adapted_to_the_channels(windows, tmp_path, published):
    save_file(published, tmp_path / "weights.safetensors")

    net = SliceNet("test_resnet", windows, weights=str(tmp_path / "weights.safetensors"), neighbours=1)

    first = next(module for module in net.backbone.modules() if isinstance(module, nn.Conv2d))
    original = published["conv1.0.weight"] if "conv1.0.weight" in published else published["conv1.weight"]
    assert first.in_channels == 9
    torch.testing.assert_close(first.weight, original.repeat(1, 3, 1, 1) / 3)


def test_a_checkpoint_of_a_run_brings_its_head(windows, tmp_path):
    trained = SliceNet("tiny", windows)
    (tmp_path / "checkpoints").mkdir()
    state = {f"net.{name}": value for name, value in trained.state_dict().items()}
    torch.save({"state_dict": {**state, "loss.weights": torch.ones(6)}}, tmp_path / "checkpoints" / "best.ckpt")

    net = SliceNet("tiny", windows, weights=str(tmp_path))

    torch.testing.assert_close(net.state_dict(), trained.state_dict())


def test_a_checkpoint_of_another_net_is_refused(windows, tmp_path):
    torch.save(SliceNet("tiny", windows, neighbours=1).state_dict(), tmp_path / "weights.pt")

    with pytest.raises(DataError, match=r"expected the tensors of this net, found others \(size mismatch"):
        SliceNet("tiny", windows, weights=str(tmp_path / "weights.pt"))


def test_weights_of_another_backbone_are_refused(windows, tmp_path, published):
    save_file(published, tmp_path / "weights.safetensors")

    with pytest.raises(DataError, match=r"expected the tensors of this backbone, found \d+% of them by name"):
        SliceNet("test_efficientnet", windows, weights=str(tmp_path / "weights.safetensors"))


class _Harmful:
    def __reduce__(self):
        return (os.getcwd, ())


@pytest.mark.parametrize("content", ["pickle", "text", "empty"])
def test_a_file_that_is_no_file_of_tensors_is_refused_unopened(windows, tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save({"model": _Harmful()}, path) if content == "pickle" else path.write_text(
        "" if content == "empty" else "hi"
    )

    with pytest.raises(DataError, match=r"expected safetensors or a torch state dict"):
        SliceNet("tiny", windows, weights=str(path))


def test_an_absent_file_is_named(windows):
    with pytest.raises(DataError, match=r"model\.net\.weights=nowhere\.pth: expected a file of weights, found none"):
        SliceNet("tiny", windows, weights="nowhere.pth")


def _below(prefix, state):
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
