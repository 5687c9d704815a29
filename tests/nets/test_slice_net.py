"""Tests of the slice net."""

import json

import pytest
import torch

from ich.errors import ConfigError
from ich.labels import LABELS
from ich.nets.slice_net import SliceNet


@pytest.mark.parametrize("backbone", ["tiny", "test_resnet", "test_efficientnet"])
def test_every_backbone_pools_what_it_says_and_scores_six_labels(windows, slices, backbone):
    net = SliceNet(backbone, windows).eval()

    pooled, logits = net.features(slices)

    assert pooled.shape == (3, net.n_features)
    assert logits.shape == (3, len(LABELS))
    torch.testing.assert_close(net(slices), logits)


def test_neighbours_come_in_as_channels(windows, slices):
    net = SliceNet("tiny", windows, neighbours=1).eval()

    logits = net(slices.permute(1, 0, 2, 3))  # (1, 3, R, C)

    assert logits.shape == (1, len(LABELS))
    assert net.backbone.stem[0].in_channels == 9


def test_a_net_with_neighbours_refuses_a_slice_alone(windows, slices):
    with pytest.raises(ValueError, match=r"expected shape \(B, 3, R, C\), found \(3, 1, 64, 64\)"):
        SliceNet("tiny", windows, neighbours=1)(slices)


def test_size_is_what_the_backbone_sees(windows, slices):
    net = SliceNet("tiny", windows, size=32).eval()
    seen = []
    net.backbone.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].shape))

    net(slices)

    assert seen == [(3, 3, 32, 32)]


def test_an_untrained_net_can_answer_the_prevalence(tiny_net, slices):
    prevalence = torch.tensor([0.01, 0.05, 0.04, 0.05, 0.06, 0.14])
    torch.nn.init.zeros_(tiny_net.head.weight)

    tiny_net.set_prevalence(prevalence)

    torch.testing.assert_close(tiny_net(slices).sigmoid(), prevalence.expand(3, 6))


def test_a_label_without_positives_starts_at_a_finite_logit(tiny_net):
    tiny_net.set_prevalence(torch.tensor([0.0, 0.05, 0.04, 0.05, 0.06, float("nan")]))

    assert torch.isfinite(tiny_net.head.bias).all()


def test_build_arguments_are_plain_values_that_ask_for_no_weights(windows, tmp_path):
    torch.save(SliceNet("tiny", windows).state_dict(), tmp_path / "weights.pt")

    net = SliceNet("tiny", windows, weights=str(tmp_path / "weights.pt"), size=64)

    assert json.loads(json.dumps(net.arguments)) == net.arguments
    assert net.arguments["weights"] is None


def test_logits_keep_their_digits_under_bf16(windows, slices):
    net = SliceNet("tiny", windows).eval()

    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        pooled, logits = net.features(slices)

    assert pooled.dtype == logits.dtype == torch.float32
    torch.testing.assert_close(logits, net.head(pooled))


def test_the_slice_net_trains_under_bf16(windows, slices):
    net = SliceNet("tiny", windows, size=32).to(memory_format=torch.channels_last).train()

    with torch.autocast("cpu", torch.bfloat16):
        net(slices).float().square().mean().backward()

    assert all(torch.isfinite(parameter.grad).all() for parameter in net.parameters())


def test_a_misspelt_backbone_gets_the_nearest_name(windows):
    with pytest.raises(ConfigError, match=r"model\.net\.backbone=seresnext50_32x4: .*did you mean seresnext50_32x4d"):
        SliceNet("seresnext50_32x4", windows)


def test_negative_neighbours_are_refused(windows):
    with pytest.raises(ConfigError, match=r"neighbours=-1"):
        SliceNet("tiny", windows, neighbours=-1)


def test_mixtures_are_made_of_windows_and_not_of_hu(windows, slices):
    net = SliceNet("tiny", windows).eval()
    partner, share = torch.arange(len(slices)).flip(0), torch.tensor(0.3)
    seen = []
    net.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))

    net(slices, partner, share)
    net(slices)

    mixed, plain = seen
    torch.testing.assert_close(mixed, 0.3 * plain + 0.7 * plain.flip(0))


def test_a_net_says_how_far_apart_its_neighbours_are(windows):
    net = SliceNet("tiny", windows, neighbours=2, neighbour_mm=5.0)

    assert (net.arguments["neighbours"], net.arguments["neighbour_mm"]) == (2, 5.0)
    assert net.neighbours.n_images == 5
