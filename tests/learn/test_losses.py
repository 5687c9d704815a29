import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ich.errors import ConfigError
from ich.labels import LABEL_WEIGHTS
from ich.learn.losses import WeightedBCE, WeightedFocal
from ich.metrics.log_loss import weighted_log_loss


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(5, 6, generator=torch.Generator().manual_seed(0)) * 3


@pytest.fixture
def labels() -> torch.Tensor:
    return (torch.rand(5, 6, generator=torch.Generator().manual_seed(1)) < 0.4).float()


def test_loss_equals_the_weighted_log_loss_of_the_challenge(logits, labels):
    loss = WeightedBCE(LABEL_WEIGHTS)(logits, labels)

    assert loss.item() == pytest.approx(weighted_log_loss(labels.numpy(), logits.sigmoid().numpy()), rel=1e-5)


def test_loss_by_hand():
    logits = torch.zeros(1, 6)
    labels = torch.tensor([[0, 0, 0, 0, 0, 1.0]])
    logits[0, 5] = np.log(3)  # probability 3/4 for any, 1/2 for the others

    loss = WeightedBCE([1, 1, 1, 1, 1, 2])(logits, labels)

    assert loss.item() == pytest.approx((5 * np.log(2) + 2 * np.log(4 / 3)) / 7)


@pytest.mark.parametrize("kind", [WeightedBCE, WeightedFocal])
def test_unknown_labels_change_nothing(kind, logits, labels):
    loss = kind(LABEL_WEIGHTS)
    with_unknown = torch.cat([labels, torch.full((2, 6), torch.nan)])
    answers = torch.cat([logits, torch.randn(2, 6)]).requires_grad_()

    value = loss(answers, with_unknown)
    value.backward()

    assert value.item() == pytest.approx(loss(logits, labels).item())
    assert answers.grad is not None
    assert (answers.grad[5:] == 0).all()


@pytest.mark.parametrize("kind", [WeightedBCE, WeightedFocal])
def test_nothing_known_gives_zero_loss_and_zero_gradient(kind, logits):
    answers = logits.requires_grad_()

    loss = kind(LABEL_WEIGHTS)(answers, torch.full((5, 6), torch.nan))
    loss.backward()

    assert loss.item() == 0
    assert (answers.grad == 0).all()


def test_smoothing_draws_labels_towards_a_half(logits, labels):
    loss = WeightedBCE([1] * 6, label_smoothing=0.2)(logits, labels)

    assert loss.item() == pytest.approx(F.binary_cross_entropy_with_logits(logits, labels * 0.8 + 0.1).item())


def test_padded_studies_count_slices_only(logits, labels):
    loss = WeightedBCE(LABEL_WEIGHTS)
    padded = torch.full((2, 4, 6), torch.nan)
    padded[0], padded[1, :1] = labels[:4], labels[4:]
    answers = torch.zeros(2, 4, 6)
    answers[0], answers[1, :1] = logits[:4], logits[4:]

    assert loss(answers, padded).item() == pytest.approx(loss(logits, labels).item())


@pytest.mark.parametrize(
    "weights", [[1.0] * 5, [1, 1, 1, 1, 1, -1], [0.0] * 6], ids=["five", "a negative one", "all zero"]
)
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(ConfigError, match=r"loss.weights=.*expected 6 weights of 0 or more"):
        WeightedBCE(weights)


def test_smoothing_of_one_is_refused():
    with pytest.raises(ConfigError, match="expected 0 to below 1"):
        WeightedBCE([1] * 6, label_smoothing=1.0)


def test_focal_loss_by_hand():
    logits = torch.zeros(1, 6)
    labels = torch.tensor([[0, 0, 0, 0, 0, 1.0]])
    logits[0, 5] = np.log(3)  # probability 3/4 for any, 1/2 for the others

    loss = WeightedFocal([1, 1, 1, 1, 1, 2], gamma=2.0, alpha=0.25)(logits, labels)

    negatives, positive = 0.75 * 0.5**2 * np.log(2), 0.25 * 0.25**2 * np.log(4 / 3)  # Lin et al., equation 5
    assert loss.item() == pytest.approx((5 * negatives + 2 * positive) / 7)


def test_focal_loss_without_its_power_is_cross_entropy(logits, labels):
    focal = WeightedFocal(LABEL_WEIGHTS, label_smoothing=0.1, gamma=0.0)(logits, labels)

    assert focal.item() == pytest.approx(WeightedBCE(LABEL_WEIGHTS, label_smoothing=0.1)(logits, labels).item())


def test_focal_loss_of_smoothed_labels_is_least_at_the_smoothed_label():
    labels = torch.ones(1, 6)
    focal = WeightedFocal([1] * 6, label_smoothing=0.2)

    values = [focal(torch.logit(torch.full((1, 6), share)), labels).item() for share in (0.8, 0.9, 0.95)]

    assert min(values) == values[1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("name", "value"), [("gamma", -1.0), ("alpha", 0.0), ("alpha", 1.0)])
def test_focal_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=rf"loss\.{name}={value}: expected"):
        WeightedFocal([1] * 6, **{name: value})
