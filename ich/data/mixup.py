"""Mixup: which slices of a batch are mixed with which, and what their labels become."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

PARTNER, SHARE = "mix_partner", "mix_share"


def mixed(batch: Mapping[str, Tensor], *, alpha: float, seed: Sequence[int]) -> dict[str, Tensor]:
    """Mix the labels of a batch, and say how its slices are to be mixed once they went through the windows.

    Mixing HU before the windows would give a picture that no mixture of the windows' values is: the net mixes them
    (`ich.nets.slice_net.SliceNet.forward`). One share for the whole batch, a partner for each slice.

    Args:
        batch: with "labels" float32 (B, L), nan for unknown.
        alpha: of the Beta distribution of the share, above 0; small values leave most batches nearly alone.
        seed: what the outcome depends on, and nothing else.

    Returns:
        The batch with mixed labels (nan where either was nan), "mix_partner" int64 (B,) and "mix_share" float32 ().

    Source: Zhang et al., ICLR 2018, arXiv 1710.09412.
    """
    rng = np.random.default_rng(seed)
    share = torch.tensor(rng.beta(alpha, alpha), dtype=torch.float32)
    partner = torch.from_numpy(rng.permutation(len(batch["labels"])))
    labels = share * batch["labels"] + (1 - share) * batch["labels"][partner]  # (B, L)
    return {**batch, "labels": labels, PARTNER: partner, SHARE: share}
