"""Weight averaging: a moving average of the net's weights, which is what is validated and kept."""

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ich.errors import out_of_range

MODULE_PREFIX = "module."  # of the averaged module's tensors within torch's AveragedModel


class AveragedWeights(WeightAveraging):
    """Exponential moving average of weights and buffers, on Lightning's callback.

    Lightning's own EMAWeightAveraging keeps a long memory from the first step on: after 300 steps of decay 0.999 three
    quarters of the average are still the weights before training. Here step n keeps at most (1 + n) / (10 + n).

    Source: the `num_updates` of TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, decay: float = 0.999, *, start_step: int = 0) -> None:
        """Say how long the average remembers.

        Args:
            decay: share of the average that a step keeps, 0 to below 1.
            start_step: optimizer steps before averaging begins; until then the average is the net itself.

        Raises:
            ConfigError: a number out of range.
        """
        if not 0 <= decay < 1:
            raise out_of_range(
                "callbacks.ema.decay", decay, expected="0 to below 1", advice="0.999 remembers a thousand steps"
            )
        if start_step < 0:
            raise out_of_range(
                "callbacks.ema.start_step", start_step, expected="0 or more steps", advice="0 averages at once"
            )
        super().__init__(multi_avg_fn=shrinking_average(decay, start_step=start_step))
        self.decay, self.start_step = decay, start_step

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Bring the average, which was made before the net had its device, to where the net is."""
        if self._average_model is not None:
            self._average_model.to(pl_module.device)

    def averaged_state(self) -> dict[str, Tensor] | None:
        """The averaged tensors by the module's own names; None outside a training."""
        if self._average_model is None:
            return None
        state = self._average_model.state_dict()
        return {
            name.removeprefix(MODULE_PREFIX): tensor for name, tensor in state.items() if name.startswith(MODULE_PREFIX)
        }


def shrinking_average(decay: float, *, start_step: int) -> Callable[[Any, Any, Tensor | int], None]:
    """What draws averaged tensors towards the net's after each step, as torch's `AveragedModel` asks for it.

    Args:
        decay: share of the average that a step keeps in the long run.
        start_step: steps before averaging begins; until then the average is the net itself.
    """

    @torch.no_grad()
    def average(averaged: Any, current: Any, n_averaged: Tensor | int) -> None:
        """Take tensors of one device and type."""
        if not torch.is_floating_point(averaged[0]):  # counters, as batch norm's: the latest
            for kept, latest in zip(averaged, current, strict=True):
                kept.copy_(latest)
            return
        step = int(n_averaged) - start_step
        share = min(decay, (1 + step) / (10 + step)) if step > 0 else 0.0
        get_ema_multi_avg_fn(share)(averaged, current, n_averaged)

    return average


def averaged_state(trainer: pl.Trainer) -> dict[str, Tensor] | None:
    """The averaged tensors of a training that averages its weights, else None."""
    kept = [callback for callback in trainer.callbacks if isinstance(callback, AveragedWeights)]  # type: ignore[attr-defined]
    return kept[0].averaged_state() if kept else None
