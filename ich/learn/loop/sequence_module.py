"""The LightningModule of the sequence stage."""

from collections.abc import Mapping
from typing import Any

import torch

from ich.learn.loop.module import Answers, Batch, NetModule, Recipe
from ich.nets.build import build


class SequenceModule(NetModule):
    """Trains a sequence net on batches of studies, given as the features of their slices."""

    def __init__(self, net: Mapping[str, Any], *, recipe: Recipe, facts: Mapping[str, Any]) -> None:
        """Build the net; it starts at the training prevalence, and its input is still to be fitted to features.

        Args:
            net: plain build arguments of `ich.nets.build.build`, with `n_features`.
            recipe: loss, optimizer and schedule.
            facts: as for NetModule; `net` is taken from the net that was built.
        """
        made: Any = build(net)
        made.set_prevalence(torch.tensor(facts["prevalence"]))
        super().__init__(made, recipe=recipe, facts={**facts, "net": made.arguments})

    def answers(self, batch: Batch) -> Answers:
        """Slice logits of a batch {"features": (B, S, F), "mask", "rows": (B, S), "labels": (B, S, L)}, unpadded."""
        mask = batch["mask"]
        slice_logits, _ = self.net(batch["features"], mask)
        return Answers(slice_logits[mask], batch["labels"][mask], batch["rows"][mask])  # (N, L), (N, L), (N,)

    def n_slices(self, batch: Batch) -> int:
        """Slices in a batch, padding left out."""
        return int(batch["mask"].sum())
