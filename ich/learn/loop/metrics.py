"""Validation scores from gathered rows: the same on one process and on many."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torchmetrics import Metric

from ich.errors import DIVERGED_WAYS, Diverged
from ich.labels import LABELS
from ich.metrics.confusion import sensitivity, specificity
from ich.metrics.log_loss import weighted_log_loss
from ich.metrics.probability import probability_of
from ich.metrics.ranking import average_precision, roc_auc
from ich.metrics.value import Value

LABEL_SCORES: dict[str, Callable[..., Value]] = {  # each is logged for each label
    "auc": roc_auc,
    "average_precision": average_precision,
    "sensitivity": sensitivity,  # at a probability of one half, like the next
    "specificity": specificity,
}


class Rows(NamedTuple):
    """Answers by row number: int64 (N,), float64 logits (N, L), float32 labels (N, L) with nan where unknown."""

    rows: np.ndarray
    logits: np.ndarray
    labels: np.ndarray


def slice_scores(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """Log loss, and each of LABEL_SCORES for each label, of slices.

    Args:
        labels: (N, L) of 0, 1 and nan for unknown.
        logits: (N, L).

    Returns:
        `log_loss`, and `auc_<label>` and so on for each of LABEL_SCORES; what can't be measured is left out.
    """
    probabilities = probability_of(logits)
    scores = {"log_loss": weighted_log_loss(labels, probabilities)}
    for name, function in LABEL_SCORES.items():
        for number, label in enumerate(LABELS):
            value = function(labels[:, number], probabilities[:, number]).value
            scores[f"{name}_{label}"] = np.nan if value is None else value
    return {name: float(value) for name, value in scores.items() if not np.isnan(value)}


class RowScores(Metric):
    """Keeps each process's rows and gathers them once, when the scores are asked for.

    A mean over processes would weigh uneven shards wrongly, and ranks can't be averaged at all.
    """

    full_state_update = False
    rows: list[Tensor]
    logits: list[Tensor]
    labels: list[Tensor]

    def __init__(self) -> None:
        super().__init__(sync_on_compute=False)  # gathered by us: shards are uneven, and may be empty
        self.latest: Rows | None = None  # what the scores were last computed from, for whoever looks on
        for name in Rows._fields:
            self.add_state(name, default=[], dist_reduce_fx=None)

    def update(self, rows: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Keep a batch: row numbers int64 (N,), logits (N, L), labels (N, L) with nan where unknown."""
        self.rows.append(rows.detach())
        self.logits.append(logits.detach().float())
        self.labels.append(labels.detach().float())

    def compute(self) -> dict[str, float]:
        """`slice_scores` of all processes' rows.

        Raises:
            Diverged: an answer is nan or infinite.
        """
        self.latest = self.gathered()
        _check_finite(self.latest.logits)
        return slice_scores(self.latest.labels, self.latest.logits) if len(self.latest.rows) else {}

    def gathered(self) -> Rows:
        """All processes' rows, ordered by row number, each once; every process must call this."""
        own = tuple(_joined(getattr(self, name)) for name in Rows._fields)
        parts: list = [own]
        if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
            parts = [None] * dist.get_world_size()
            dist.all_gather_object(parts, own)
        filled = [part for part in parts if len(part[0])] or [own]
        rows, logits, labels = (np.concatenate(of_all) for of_all in zip(*filled, strict=True))
        order = np.unique(rows, return_index=True)[1]
        return Rows(rows[order], logits[order].astype(np.float64), labels[order])


def _check_finite(logits: np.ndarray) -> None:
    finite = np.isfinite(logits).all(axis=-1)
    if not finite.all():
        raise Diverged(
            f"validation: expected finite logits, found nan or infinity for {(~finite).sum():,} of {len(finite):,} "
            f"slices; {DIVERGED_WAYS}"
        )


def _joined(batches: list[Tensor]) -> np.ndarray:
    return torch.cat(batches).cpu().numpy() if batches else np.empty(0)
