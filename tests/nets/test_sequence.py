"""Tests of every sequence net in the table."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.errors import ConfigError
from ich.nets.sequence import SEQUENCE_NETS

F = 13  # seven pooled features and the slice net's six logits
FURTHER = {"ComponentLSTM": {"components": 4}}  # arguments that the others don't take


def _make(name):
    torch.manual_seed(0)
    return SEQUENCE_NETS[name](F, hidden=5, layers=2, **FURTHER.get(name, {})).eval()


def _study(n_slices, seed=0):
    return torch.randn(n_slices, F, generator=torch.Generator().manual_seed(seed))


def _padded(studies, length, filler=0.0):
    features = torch.full((len(studies), length, F), filler)
    mask = torch.zeros(len(studies), length, dtype=torch.bool)
    for number, study in enumerate(studies):
        features[number, : len(study)] = study
        mask[number, : len(study)] = True
    return features, mask


@pytest.mark.parametrize("name", SEQUENCE_NETS)
@settings(max_examples=25, deadline=None)
@given(
    n_slices=st.integers(1, 12),
    neighbours=st.lists(st.integers(1, 15), max_size=3),
    extra=st.integers(0, 5),
    filler=st.sampled_from([0.0, 1e3, -7.0]),
)
def test_padding_and_batch_neighbours_change_no_logit(name, n_slices, neighbours, extra, filler):
    net, study = _make(name), _study(n_slices)
    others = [_study(length, seed=1 + length) for length in neighbours]
    alone_slices, alone_study = net(*_padded([study], n_slices))

    length = max([n_slices, *neighbours]) + extra
    slice_logits, study_logits = net(*_padded([study, *others], length, filler))

    torch.testing.assert_close(slice_logits[0, :n_slices], alone_slices[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(study_logits[0], alone_study[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", SEQUENCE_NETS)
def test_the_study_is_the_maximum_over_its_own_slices(name):
    net = _make(name)
    studies = [_study(4), _study(9, seed=3)]

    slice_logits, study_logits = net(*_padded(studies, 11))

    assert slice_logits.shape == (2, 11, 6)
    for number, study in enumerate(studies):
        torch.testing.assert_close(study_logits[number], slice_logits[number, : len(study)].amax(0))
    assert (slice_logits[0, 4:] == 0).all()


@pytest.mark.parametrize("name", SEQUENCE_NETS)
def test_a_slice_hears_of_the_slices_before_and_behind(name):
    net, study = _make(name), _study(5)
    changed = study.clone()
    changed[[0, 4]] += 3

    logits, _ = net(study[None], torch.ones(1, 5, dtype=torch.bool))
    other_logits, _ = net(changed[None], torch.ones(1, 5, dtype=torch.bool))

    assert not torch.allclose(logits[0, 2], other_logits[0, 2])


def test_standardisation_travels_with_the_weights():
    name = "SliceLSTM"
    net, again = _make(name), _make(name)
    mean, std = torch.arange(F) * 1.0, torch.full((F,), 2.0)
    net.set_standardisation(mean, std)

    again.load_state_dict(net.state_dict())

    mask = torch.ones(1, 3, dtype=torch.bool)
    study = _study(3)[None]
    torch.testing.assert_close(again(study * 2 + mean, mask)[1], _make(name)(study, mask)[1])


def test_a_feature_that_never_varied_does_not_blow_up():
    net = _make("SliceLSTM")
    net.set_standardisation(torch.zeros(F), torch.zeros(F))

    slice_logits, _ = net(_study(3)[None], torch.ones(1, 3, dtype=torch.bool))

    assert slice_logits.abs().max() < 10


@pytest.mark.parametrize("name", SEQUENCE_NETS)
def test_an_untrained_sequence_net_can_answer_the_prevalence(name):
    net, prevalence = _make(name), torch.tensor([0.01, 0.05, 0.04, 0.05, 0.06, 0.14])
    torch.nn.init.zeros_(net.head.weight)

    net.set_prevalence(prevalence)

    slice_logits, _ = net(_study(3)[None], torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(slice_logits[0].sigmoid(), prevalence.expand(3, 6))


def test_components_travel_with_the_weights_and_are_all_that_is_seen_of_pooled_features():
    net, again = _make("ComponentLSTM"), _make("ComponentLSTM")
    mean, axes = torch.arange(7) * 1.0, torch.eye(7)[[6, 0, 1, 2]]
    net.set_components(mean, axes)
    again.load_state_dict(net.state_dict())
    mask, study = torch.ones(1, 3, dtype=torch.bool), _study(3)[None]
    elsewhere = study.clone()
    elsewhere[..., 3:6] += 5  # along none of the axes

    torch.testing.assert_close(again(elsewhere, mask)[0], net(study, mask)[0])


def test_probabilities_reach_the_head_without_the_lstm():
    net, mask = _make("ComponentLSTM"), torch.ones(1, 3, dtype=torch.bool)
    torch.nn.init.zeros_(net.head.weight)
    torch.nn.init.zeros_(net.head.bias)
    with torch.no_grad():
        net.head.weight[:, -6:] = torch.eye(6)
    study = _study(3)[None]

    slice_logits, _ = net(study, mask)

    torch.testing.assert_close(slice_logits, study[..., -6:].sigmoid())


@pytest.mark.parametrize("components", [0, 8])
def test_more_components_than_pooled_features_are_refused(components):
    with pytest.raises(ConfigError, match=rf"model\.net\.components={components}: expected 1 to 7"):
        SEQUENCE_NETS["ComponentLSTM"](F, components=components)
