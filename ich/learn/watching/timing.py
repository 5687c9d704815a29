"""Where the time of a training goes: the parts of Lightning's loop, measured without what is nested in them."""

import re
import time
from dataclasses import dataclass

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.profilers import Profiler

# Parts of a training by the names of Lightning's actions, the first that fits; all that fits none is OTHER.
PARTS = (
    ("waiting for the loader", r"train_dataloader_next$"),
    ("to the device", r"batch_to_device$"),
    ("forward and loss", r"\.training_step$"),
    ("backward", r"\.backward$"),
    ("validation", r"validation|val_next$"),
    ("optimizer", r"optimizer_step$|zero_grad|configure_gradient_clipping"),
    ("checkpoints", r"save_checkpoint"),
)
OTHER = "the loop, logging, callbacks"
STEP = re.compile(r"\.training_step$")


@dataclass
class _Running:
    """An action that was begun."""

    name: str
    start: float
    nested: float = 0.0  # seconds of the actions within it


class PartTimes(Profiler):
    """Adds up the seconds of each part; a GPU is waited for at a part's ends, so that work counts where it belongs."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[str, float] = {}
        self.n_steps = 0
        self._running: list[_Running] = []

    def start(self, action_name: str) -> None:
        """Begin an action."""
        self._running.append(_Running(action_name, _now()))

    def stop(self, action_name: str) -> None:
        """End the action that was begun last; another one of this name is none of ours."""
        if not self._running or self._running[-1].name != action_name:
            return
        ended = self._running.pop()
        whole = _now() - ended.start
        if self._running:
            self._running[-1].nested += whole
        part = _part_of(action_name)
        self.seconds[part] = self.seconds.get(part, 0.0) + whole - ended.nested
        self.n_steps += bool(STEP.search(action_name))

    def forget(self) -> None:
        """Count from here, as if what is running had just begun."""
        self.seconds, self.n_steps = {}, 0
        for running in self._running:
            running.start, running.nested = _now(), 0.0

    def summary(self) -> str:
        """Nothing for Lightning to print: whoever asked for the times shows them."""
        return ""

    def rows(self) -> dict[str, float]:
        """Seconds by part, in the order of PARTS."""
        return {part: self.seconds[part] for part in (*(name for name, _ in PARTS), OTHER) if part in self.seconds}


class FromSecondEpoch(Callback):
    """Lets the first epoch, in which libraries try out and compile, not count, where there is a second."""

    def __init__(self, times: PartTimes) -> None:
        self.times = times

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        if trainer.current_epoch == 1:
            self.times.forget()


def _part_of(action: str) -> str:
    return next((part for part, pattern in PARTS if re.search(pattern, action)), OTHER)


def _now() -> float:
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter()
