"""A head that starts at the training prevalence, so that the first steps don't go into learning how rare blood is."""

import torch
from torch import Tensor, nn

RAREST = 1e-4  # a label without a training positive starts at this probability, not at minus infinity


def set_bias_to_prevalence(head: nn.Linear, prevalence: Tensor) -> None:
    """Set the bias of a linear head to the logits of the prevalence.

    Args:
        head: last layer, one output a label.
        prevalence: (L,) share of positives in training, 0..1; nan where nothing is known is taken as a half.
    """
    share = torch.as_tensor(prevalence, dtype=head.bias.dtype).nan_to_num(nan=0.5).clamp(RAREST, 1 - RAREST)
    with torch.no_grad():
        head.bias.copy_(torch.logit(share))
