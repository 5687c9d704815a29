"""Losses on logits of the six labels; an unknown label (nan) never counts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ich.errors import ConfigError
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
    known = ~labels.isnan()
    target = torch.where(known, labels, torch.zeros_like(labels))
    target = target * (1 - label_smoothing) + label_smoothing / 2
    # float32 whatever the precision of the net: bf16 has three digits.
    cross_entropy = F.binary_cross_entropy_with_logits(logits.float(), target.float(), reduction="none")  # (..., L)
    weight = weights * known
    return (weight * cross_entropy).sum() / weight.sum().clamp_min(torch.finfo(torch.float32).tiny)


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
            raise ConfigError(f"loss.label_smoothing={label_smoothing}: expected 0 to below 1; 0 is none")
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", torch.tensor(list(weights), dtype=torch.float32), persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of float (..., 6) logits against (..., 6) labels, nan where unknown; a scalar."""
        return masked_weighted_bce(logits, labels, weights=self.weights, label_smoothing=self.label_smoothing)
