"""The LightningModule of the slice stage."""

from collections.abc import Mapping
from typing import Any

import torch

from ich.data.mixup import PARTNER, SHARE
from ich.learn.loop.module import Answers, Batch, NetModule, Recipe
from ich.nets.build import build

FRESH_HEAD = (None, "none", "hub")  # weights that leave the head as it was made; a run's weights bring their own


class SliceModule(NetModule):
    """Trains a slice net on batches of slices in HU."""

    def __init__(
        self,
        net: Mapping[str, Any],
        *,
        recipe: Recipe,
        facts: Mapping[str, Any],
        channels_last: bool = True,
    ) -> None:
        """Build the net; a fresh head starts at the training prevalence.

        Args:
            net: plain build arguments of `ich.nets.build.build`.
            recipe: loss, optimizer and schedule.
            facts: as for NetModule; `net` and `windows` are taken from the net that was built.
            channels_last: the memory format of its tensors.
        """
        made: Any = build(net)
        if net.get("weights") in FRESH_HEAD:
            made.set_prevalence(torch.tensor(facts["prevalence"]))
        if channels_last:
            made.to(memory_format=torch.channels_last)
        said = {**facts, "net": made.arguments, "windows": made.arguments["windows"]}
        super().__init__(made, recipe=recipe, facts=said)

    def answers(self, batch: Batch) -> Answers:
        """Logits of a batch {"hu": int16 (B, n, R, C), "labels": (B, L), "row": (B,)}, mixed where it says so."""
        logits = self.net(batch["hu"], batch.get(PARTNER), batch.get(SHARE))
        return Answers(logits, batch["labels"], batch["row"])

    def n_slices(self, batch: Batch) -> int:
        """Slices in a batch."""
        return len(batch["row"])
