"""Losses on logits of the six labels; an unknown label (nan) never counts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ich.errors import ConfigError, out_of_range
from ich.labels import LABELS


def masked_weighted_bce(logits: Tensor, labels: Tensor, *, weights: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Binary cross-entropy over the known labels, each label with its weight.

    With all labels known this is the challenge's weighted log loss: sum(w * bce) / sum(w), averaged over slices.

    Args:
        logits: float (..., L).
        labels: float (..., L) in 0..1, nan where unknown.
        weights: float (L,), relative to each other.
        label_smoothing: how far a label is drawn towards one half, 0..1.

    Returns:
        A scalar; zero, with a gradient of zero, where no label is known.
    """
    target, known = _targets(labels, label_smoothing)
    # float32 whatever the precision of the net: bf16 has three digits.
    cross_entropy = F.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")  # (..., L)
    return _weighted_mean(cross_entropy, weights * known)


def masked_weighted_focal(
    logits: Tensor,
    labels: Tensor,
    *,
    weights: Tensor,
    gamma: float = 2.0,
    alpha: float | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Focal loss over the known labels: cross-entropy times the distance of the answer from its label to a power.

    Written for labels between 0 and 1 too, as smoothing and mixup make them: the distance is |label - probability|,
    which for labels of 0 and 1 is one minus the probability of the truth.

    Args:
        logits: float (..., L).
        labels: float (..., L) in 0..1, nan where unknown.
        weights: float (L,), relative to each other.
        gamma: the power, 0 or more; 0 is plain cross-entropy.
        alpha: share that positives weigh, negatives weigh the rest; None: all alike.
        label_smoothing: how far a label is drawn towards one half, 0..1.

    Returns:
        A scalar; zero, with a gradient of zero, where no label is known.

    Source: Lin et al., arXiv 1708.02002, equation 5; for soft labels Li et al., arXiv 2006.04388, equation 5.
    """
    target, known = _targets(labels, label_smoothing)
    logits = logits.float()
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")  # (..., L)
    losses = (target - logits.sigmoid()).abs() ** gamma * cross_entropy
    if alpha is not None:
        losses = losses * (alpha * target + (1 - alpha) * (1 - target))
    return _weighted_mean(losses, weights * known)


class WeightedBCE(nn.Module):
    """Multi-label binary cross-entropy with a weight a label, as the challenge scores (`any` counts twice)."""

    weights: Tensor

    def __init__(self, weights: Sequence[float], label_smoothing: float = 0.0) -> None:
        """Check and keep the weights.

        Args:
            weights: one for each of the six labels, in their order; 0 or more, relative to each other.
            label_smoothing: 0 (none) to below 1.

        Raises:
            ConfigError: not six weights, a negative one, none above zero, or smoothing out of range.
        """
        super().__init__()
        if len(weights) != len(LABELS) or min(weights) < 0 or max(weights) == 0:
            raise ConfigError(
                f"loss.weights={list(weights)}: expected {len(LABELS)} weights of 0 or more ({', '.join(LABELS)}), "
                f"found {len(weights)}; give one a label"
            )
        if not 0 <= label_smoothing < 1:
            raise out_of_range("loss.label_smoothing", label_smoothing, expected="0 to below 1", advice="0 is none")
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", torch.tensor(list(weights), dtype=torch.float32), persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of float (..., 6) logits against (..., 6) labels, nan where unknown; a scalar."""
        return masked_weighted_bce(logits, labels, weights=self.weights, label_smoothing=self.label_smoothing)


class WeightedFocal(WeightedBCE):
    """Focal loss with a weight a label: what the net knows already counts little, so that rare positives are heard."""

    def __init__(
        self,
        weights: Sequence[float],
        label_smoothing: float = 0.0,
        *,
        gamma: float = 2.0,
        alpha: float | None = None,
    ) -> None:
        """Check and keep the numbers.

        Args:
            weights: as for WeightedBCE.
            label_smoothing: as for WeightedBCE.
            gamma: how little a label counts that is answered well already, 0 (as others) or more.
            alpha: share that positives weigh, between 0 and 1; None: as negatives.

        Raises:
            ConfigError: as WeightedBCE, and for gamma and alpha out of range.
        """
        super().__init__(weights, label_smoothing)
        if gamma < 0:
            raise out_of_range("loss.gamma", gamma, expected="0 or more", advice="0 is plain cross-entropy")
        if alpha is not None and not 0 < alpha < 1:
            raise out_of_range(
                "loss.alpha", alpha, expected="between 0 and 1", advice="null weighs positives and negatives alike"
            )
        self.gamma, self.alpha = gamma, alpha

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of float (..., 6) logits against (..., 6) labels, nan where unknown; a scalar."""
        return masked_weighted_focal(
            logits,
            labels,
            weights=self.weights,
            gamma=self.gamma,
            alpha=self.alpha,
            label_smoothing=self.label_smoothing,
        )


def _targets(labels: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Smoothed labels in float32 with 0 for unknown ones before smoothing, and bool of those known; (..., L) each."""
    known = ~labels.isnan()
    target = torch.where(known, labels, torch.zeros_like(labels)).float()
    return target * (1 - label_smoothing) + label_smoothing / 2, known


def _weighted_mean(losses: Tensor, weights: Tensor) -> Tensor:
    """Mean of (..., L) losses by their weights, 0 where these are all 0."""
    return (weights * losses).sum() / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)
