"""What both LightningModules share: one net, its loss and optimizer, validation from rows, facts in the checkpoint."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytorch_lightning as pl
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer

from ich.learn.averaging import averaged_state
from ich.learn.checkpoint import FACTS_KEY, assert_plain
from ich.learn.loop.metrics import RowScores
from ich.learn.schedules import Schedule

Batch = Mapping[str, Tensor]


class Answers(NamedTuple):
    """What a net said about the slices of a batch: logits (N, L), labels (N, L) with nan, row numbers int64 (N,)."""

    logits: Tensor
    labels: Tensor
    rows: Tensor


@dataclass(frozen=True)
class Recipe:
    """How a net learns.

    Attributes:
        loss: logits (..., L) and labels with nan to a scalar.
        optimizer: makes an optimizer of parameters.
        schedule: one of `ich.learn.schedules`, its own numbers bound.
    """

    loss: nn.Module
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer]
    schedule: Schedule


class NetModule(pl.LightningModule):
    """Trains one net; a subclass says how the net answers a batch."""

    def __init__(self, net: nn.Module, *, recipe: Recipe, facts: Mapping[str, Any]) -> None:
        """Keep the parts.

        Args:
            net: the net as it starts.
            recipe: loss, optimizer and schedule.
            facts: plain JSON values that every checkpoint carries.
        """
        super().__init__()
        assert_plain(dict(facts))
        self.net = net
        self.loss = recipe.loss
        self.facts = dict(facts)
        self.validation = RowScores()
        self.scores: dict[str, float] = {}
        self._optimizer, self._schedule = recipe.optimizer, recipe.schedule

    def answers(self, batch: Batch) -> Answers:
        """The net's answers to a batch, one row a slice."""
        raise NotImplementedError

    def n_slices(self, batch: Batch) -> int:
        """Slices in a batch."""
        raise NotImplementedError

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of a batch."""
        answers = self.answers(batch)
        loss = self.loss(answers.logits, answers.labels)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(answers.rows))
        self.log("train/lr", self.trainer.optimizers[0].param_groups[0]["lr"], batch_size=len(answers.rows))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep a batch's rows."""
        answers = self.answers(batch)
        self.validation.update(answers.rows, answers.logits, answers.labels)

    def on_validation_epoch_end(self) -> None:
        """Score all rows of all processes, the same on each."""
        self.scores = self.validation.compute()
        self.validation.reset()
        self.log_dict({f"val/{name}": value for name, value in self.scores.items()}, batch_size=1)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer, and its schedule stepped once a batch."""
        optimizer = self._optimizer(parameter for parameter in self.net.parameters() if parameter.requires_grad)
        total_steps = int(self.trainer.estimated_stepping_batches)
        steps_per_epoch = max(1, total_steps // max(1, self.trainer.max_epochs or 1))
        scheduler = self._schedule(optimizer, total_steps=total_steps, steps_per_epoch=steps_per_epoch)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let the checkpoint say what it is; where weights are averaged, its net is the average.

        Lightning asks callbacks only for checkpoints that a training can go on from, so that `best.ckpt` would hold the
        last step's weights beside the average's score.
        """
        checkpoint[FACTS_KEY] = self.facts
        averaged = averaged_state(self.trainer)
        if averaged is not None:
            checkpoint["state_dict"] = averaged
