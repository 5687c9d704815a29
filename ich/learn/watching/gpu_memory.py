"""The most memory that each epoch took on a GPU, as a row of the training's log."""

from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

GIBIBYTE = 2**30


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
