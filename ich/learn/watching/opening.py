"""What is said and measured of a training as it runs: the net and its steps at the start, the GPU's memory an epoch."""

import logging
import math
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

logger = logging.getLogger(__name__)
GIBIBYTE = 2**30


class OpeningLine(Callback):
    """Logs one line before the first step: parameters, steps, and the batch as it is shared out."""

    def __init__(self, *, unit: str) -> None:
        """Say what a batch is made of.

        Args:
            unit: slices or studies.
        """
        self.unit = unit

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log it from rank zero."""
        if not trainer.is_global_zero:
            return
        parameters = list(pl_module.parameters())
        n_trained = sum(one.numel() for one in parameters if one.requires_grad)
        n_frozen = sum(one.numel() for one in parameters if not one.requires_grad)
        logger.info(
            "%s parameters%s; %d steps an epoch, %s",
            f"{n_trained:,}",
            f" and {n_frozen:,} frozen" if n_frozen else "",
            math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches),
            self._batch(trainer.datamodule.batch_size, trainer.world_size)  # type: ignore[attr-defined]
            + (f", {trainer.accumulate_grad_batches} a step" if trainer.accumulate_grad_batches > 1 else ""),
        )

    def _batch(self, size: int, processes: int) -> str:
        shared = f" ({processes} x {size // processes})" if processes > 1 else ""
        return f"batches of {size} {self.unit}{shared}"


class PeakMemory(Protocol):
    """Counts the most memory that was taken on a device."""

    def reset(self, device: torch.device) -> None:
        """Begin to count."""
        ...

    def peak(self, device: torch.device) -> int | None:
        """Bytes since then; None for a device whose memory nobody counts."""
        ...


class CudaMemory:
    """Torch's own count of what its tensors take on a GPU."""

    def reset(self, device: torch.device) -> None:
        """Begin to count."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def peak(self, device: torch.device) -> int | None:
        """Bytes since then; None on a CPU."""
        return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


class GpuMemory(Callback):
    """Logs the most memory that an epoch took on this process's GPU."""

    def __init__(self, memory: PeakMemory | None = None) -> None:
        """Say who counts it.

        Args:
            memory: torch by default.
        """
        self.memory = CudaMemory() if memory is None else memory

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to measure."""
        self.memory.reset(pl_module.device)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log it with the epoch's last step."""
        taken = self.memory.peak(pl_module.device) if trainer.is_last_batch else None
        if taken is not None:
            pl_module.log("train/gpu_memory_gib", taken / GIBIBYTE, on_step=False, on_epoch=True, batch_size=1)
