"""Lightning's Trainer as we use it: quiet, one road for every number of processes, plain checkpoints."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, ProgressBar
from pytorch_lightning.loggers import CSVLogger, Logger
from pytorch_lightning.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from pytorch_lightning.profilers import Profiler

from ich.errors import out_of_range
from ich.learn.checkpoint import PlainCheckpointIO
from ich.learn.hardware.devices import Devices
from ich.learn.hardware.precision import PRECISIONS

# Lightning's advice that a user of ours can do nothing about, and advertisements, by the logger they come from.
CHATTY_LOGGERS = (
    "pytorch_lightning.utilities.rank_zero",  # devices (we say them ourselves), tips for its products
    "lightning_fabric.utilities.seed",  # "Seed set to"
    "lightning.fabric.utilities.seed",
    "pytorch_lightning.accelerators.cuda",
    "lightning_fabric.utilities.distributed",  # "Initializing distributed", once a rank
)
QUIET_WARNINGS = (
    r".*does not have many workers.*",  # the number of workers follows the cores we may use
    r".*smaller than the logging interval.*",  # short epochs are fine: each ends with a row of its own
    r".*Experiment logs directory .* exists and is not empty.*",  # the run folder holds config.yaml already
    r".*`isinstance\(treespec, LeafSpec\)` is deprecated.*",  # Lightning with torch 2.9 and newer
    r".*It is recommended to use `self\.log.*sync_dist=True.*",  # scores come from gathered rows, the same on each rank
    r".*resuming from a checkpoint that ended before the epoch ended.*",  # our sampler knows where it stood
    r".*Detected call of `lr_scheduler\.step\(\)` before `optimizer\.step\(\)`.*",  # a first step skipped by the scaler
)

CHOICES = ("best", "last")
HIGHEST_SEED = 2**32 - 1  # of NumPy's older generator, which Lightning seeds too
COUNTS = ("max_epochs", "log_every_n_steps", "threads", "accumulate", "limit_batches", "overfit_batches")


@dataclass(frozen=True)
class TrainingSettings:
    """The training loop's numbers."""

    devices: Devices
    precision: str  # as choose_precision gives it, never "auto"
    max_epochs: int
    seed: int = 0
    gradient_clip: float | None = None  # largest norm of the gradient
    threads: int | None = None  # torch threads a process; None leaves them
    log_every_n_steps: int = 50
    accumulate: int = 1  # batches whose gradients make one step
    channels_last: bool = True  # the memory format of a slice net; on CPU and on tensor cores the faster one
    compile: bool = False  # let torch.compile make one program of a slice net
    limit_batches: int | None = None  # batches an epoch a process takes, of training and of validation; None: all
    overfit_batches: int | None = None  # train and validate on so many batches only, again and again
    choose: str = "best"  # which net is kept: of the lowest validation log loss, or of the last epoch
    profile: bool = False  # measure where the time goes, waiting for the device at each part

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS[1:]:
            raise out_of_range("trainer.precision", self.precision, expected=f"one of {', '.join(PRECISIONS[1:])}")
        if self.choose not in CHOICES:
            raise out_of_range("trainer.choose", self.choose, expected=f"one of {', '.join(CHOICES)}")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise out_of_range("seed", self.seed, expected=f"0 to {HIGHEST_SEED}")
        for name in COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise out_of_range(f"trainer.{name}", value, expected="1 or more")
        if self.gradient_clip is not None and self.gradient_clip <= 0:
            raise out_of_range(
                "trainer.gradient_clip", self.gradient_clip, expected="a norm above 0", advice="null is no clipping"
            )


def make_trainer(
    run: Path,
    *,
    settings: TrainingSettings,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] | None = None,
    profiler: Profiler | None = None,
) -> pl.Trainer:
    """A Trainer that writes into a run folder.

    Args:
        run: the run's folder.
        settings: the loop's numbers.
        callbacks: Lightning callbacks; one of them keeps the checkpoints, and one may be a progress bar.
        loggers: Lightning loggers; None: `metrics.csv` in the run folder.
        profiler: measures the parts of the loop; None: nobody does.
    """
    devices = settings.devices
    with quiet_lightning():
        return pl.Trainer(
            default_root_dir=run,
            accelerator=devices.accelerator,
            devices=devices.devices,
            num_nodes=devices.nodes,
            strategy=devices.strategy,
            precision=settings.precision,  # type: ignore[arg-type]
            max_epochs=settings.max_epochs,
            gradient_clip_val=settings.gradient_clip,
            accumulate_grad_batches=settings.accumulate,
            limit_train_batches=settings.limit_batches,
            limit_val_batches=settings.limit_batches,
            profiler=profiler,
            log_every_n_steps=settings.log_every_n_steps,
            callbacks=list(callbacks),
            logger=[csv_logger(run)] if loggers is None else list(loggers),
            plugins=_plugins(devices),
            enable_progress_bar=any(isinstance(one, ProgressBar) for one in callbacks),
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # our samplers shard by rank, validation without padding
        )


def csv_logger(run: Path) -> CSVLogger:
    """Writes `metrics.csv` into the run folder, each row at once."""
    return CSVLogger(run, name="", version="", flush_logs_every_n_steps=1)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's advice and advertisements away, by listed logger and message, while this lasts."""
    levels = {name: logging.getLogger(name).level for name in CHATTY_LOGGERS}
    with warnings.catch_warnings():
        for pattern in QUIET_WARNINGS:
            warnings.filterwarnings("ignore", message=pattern)
        for name in CHATTY_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def _plugins(devices: Devices) -> list[Any]:
    """Our checkpoint writer; and a single process stays one, even inside a cluster's job of several tasks."""
    alone = devices.strategy == "auto" and not TorchElasticEnvironment.detect()
    return [PlainCheckpointIO(), *([LightningEnvironment()] if alone else [])]
