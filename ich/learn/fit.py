"""Fits a net: the slice stage, the sequence stage, and what a sequence net says about studies."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from torch import nn

from ich.data.slices import SliceDataModule
from ich.data.statistics import measure_window_statistics
from ich.data.studies import FeatureReader, StudyDataModule
from ich.learn.checkpoint import Checkpoint
from ich.learn.components import fit_input
from ich.learn.facts import plain, sequence_facts, slice_facts
from ich.learn.loop.module import NetModule, Recipe
from ich.learn.loop.overfit import PREVALENCE_SCORE, FewBatches, unhindered, without_dropout, without_smoothing
from ich.learn.loop.sequence_module import SequenceModule
from ich.learn.loop.slice_module import SliceModule
from ich.learn.loop.trainer import TrainingSettings, make_trainer, quiet_lightning
from ich.learn.run_files import CHECKPOINTS
from ich.learn.stopping.keeping import USUAL_KEEPING, BestAndLast, Keeping
from ich.learn.stopping.randomness import RandomStates
from ich.learn.stopping.resume import PRECISION, EarlierRows, read_stopped, remove_unfinished
from ich.learn.watching.epoch_line import EpochLines
from ich.learn.watching.progress_bar import TrainingBar
from ich.learn.watching.timing import FromSecondEpoch, PartTimes

MOST_MEASURED = 300  # training studies that a window's mean and std are measured on; more change the third digit


@dataclass(frozen=True)
class FitResult:
    """What a training left: its checkpoints, the scores of the epoch whose net is `best`, and how fast it was."""

    best: Path
    last: Path
    metrics: dict[str, float]
    best_log_loss: float | None
    best_epoch: int
    seconds: float
    slices_per_second: float
    part_seconds: dict[str, float] | None = None  # where the time went, if that was measured
    timed_steps: int = 0  # training steps that this time is of


@dataclass(frozen=True)
class Watching:
    """Who looks on while a net learns."""

    callbacks: Sequence[Callback] = ()
    loggers: Sequence[Logger] | None = None  # None: metrics.csv in the run folder
    show_bar: bool | None = None  # None: where stderr is a terminal
    bar_row: int = 0  # of the terminal, for trainings side by side


def fit_slices(
    run: Path,
    data: SliceDataModule,
    *,
    net: Mapping[str, Any],
    recipe: Recipe,
    settings: TrainingSettings,
    watching: Watching = Watching(),
    keeping: Keeping = USUAL_KEEPING,
) -> FitResult:
    """Train a slice net on the slices of a store; a run that was stopped goes on from its last checkpoint.

    Args:
        run: the run's folder; `checkpoints/` and `metrics.csv` are written there.
        data: training and validation slices.
        net: build arguments; windows without mean and std are measured on training studies, evenly spread.
        recipe: loss, optimizer and schedule.
        settings: the loop's numbers; their seed is set before the net is made.
        watching: further callbacks and loggers.
        keeping: how often the training is written down, and who may end it early.

    Raises:
        Stopped: somebody asked for it; the run goes on when it is trained again.
        CheckpointError: the run was stopped on other data, or within an epoch on other processes.
    """
    _begin(settings)
    arguments = plain(net)
    measured_on = data.split.train[:: 1 + len(data.split.train) // MOST_MEASURED]
    arguments["windows"] = measure_window_statistics(data.store, measured_on, windows=arguments["windows"])
    module = SliceModule(
        arguments,
        recipe=recipe,
        facts=slice_facts(data, weights=arguments.get("weights")),
        channels_last=settings.channels_last,
    )
    if settings.compile:
        module.net.compile()
    return _fit(run, module, data=data, settings=settings, watching=watching, keeping=keeping)


def fit_sequence(
    run: Path,
    data: StudyDataModule,
    *,
    net: Mapping[str, Any],
    cnn: Checkpoint,
    recipe: Recipe,
    settings: TrainingSettings,
    watching: Watching = Watching(),
    keeping: Keeping = USUAL_KEEPING,
) -> FitResult:
    """Train a sequence net on the features of a slice net; a run that was stopped goes on from its last checkpoint.

    Args:
        run: the run's folder; `checkpoints/` and `metrics.csv` are written there.
        data: training and validation studies over a feature reader.
        net: build arguments; `n_features` is taken from the features.
        cnn: the slice net that gave the features.
        recipe: loss, optimizer and schedule.
        settings: the loop's numbers; their seed is set before the net is made.
        watching: further callbacks and loggers.
        keeping: how often the training is written down, and who may end it early.

    Raises:
        Stopped: somebody asked for it; the run goes on when it is trained again.
        CheckpointError: the run was stopped on other data, or within an epoch on other processes.
    """
    _begin(settings)
    module = SequenceModule(
        {**plain(net), "n_features": data.features.n_features},
        recipe=recipe,
        facts=sequence_facts(data, cnn=cnn),
    )
    fit_input(module.net, data.features, studies=data.split.train)
    return _fit(run, module, data=data, settings=settings, watching=watching, keeping=keeping)


def predict_studies(
    net: nn.Module, features: FeatureReader, *, studies: Sequence[str], device: torch.device | str = "cpu"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What a sequence net says about studies, one at a time, in float32.

    Returns:
        For each study its slice logits (S, L) and study logits (L,), float32.
    """
    net = net.to(device).eval()
    answers = {}
    with torch.inference_mode():
        for study in studies:
            values = torch.from_numpy(features.read(study)).to(device)[None]  # (1, S, F)
            mask = torch.ones(values.shape[:2], dtype=torch.bool, device=device)
            slice_logits, study_logits = net(values, mask)
            answers[study] = (slice_logits[0].float().cpu().numpy(), study_logits[0].float().cpu().numpy())
    return answers


def _begin(settings: TrainingSettings) -> None:
    """Each rank sets the seed and its threads for itself, before the net is made."""
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    with quiet_lightning():
        pl.seed_everything(settings.seed, workers=True)


def _fit(
    run: Path,
    module: NetModule,
    *,
    data: SliceDataModule | StudyDataModule,
    settings: TrainingSettings,
    watching: Watching,
    keeping: Keeping,
) -> FitResult:
    module.facts["chosen"] = settings.choose  # whether the validation fold had a say in which net this is
    module.facts[PRECISION] = settings.precision  # to go on in, whatever a later probe says
    kept, lines = BestAndLast(run / CHECKPOINTS, keeping=keeping, choose=settings.choose), EpochLines()
    few = None
    if settings.overfit_batches is not None:
        few, settings = FewBatches(data, settings.overfit_batches), unhindered(settings)
        without_dropout(module.net)
        module.loss = without_smoothing(module.loss)
    times = PartTimes() if settings.profile else None
    stopped = read_stopped(kept.last_path)
    going_on: list[Callback] = []
    if stopped is not None:
        stopped.check(module.facts, processes=settings.devices.n_processes)
        (few or data).resume_after(stopped.n_batches, limit=settings.limit_batches)
        going_on = [EarlierRows(run, stopped)]
    trainer = make_trainer(
        run,
        settings=settings,
        callbacks=[lines, RandomStates(), *going_on, *watching.callbacks, kept, *_bar(watching), *_counting(times)],
        loggers=watching.loggers,
        profiler=times,
    )
    if trainer.is_global_zero:
        remove_unfinished(kept.last_path.parent)
    with quiet_lightning():
        trainer.fit(module, datamodule=few or data, ckpt_path=None if stopped is None else stopped.checkpoint)
    return _result(kept, lines, few=few, times=times)


def _bar(watching: Watching) -> list[Callback]:
    shown = sys.stderr.isatty() if watching.show_bar is None else watching.show_bar
    return [TrainingBar(row=watching.bar_row)] if shown else []


def _counting(times: PartTimes | None) -> list[Callback]:
    return [] if times is None else [FromSecondEpoch(times)]


def _result(kept: BestAndLast, lines: EpochLines, *, few: FewBatches | None, times: PartTimes | None) -> FitResult:
    """What a training left; every process must call this."""
    return FitResult(
        best=kept.best_path,
        last=kept.last_path,
        metrics=kept.scores if few is None else {**kept.scores, PREVALENCE_SCORE: few.prevalence_log_loss()},
        best_log_loss=kept.best_score,
        best_epoch=kept.best_epoch or 0,
        seconds=kept.seconds,
        slices_per_second=lines.slices_per_second or 0.0,
        part_seconds=None if times is None else times.rows(),
        timed_steps=0 if times is None else times.n_steps,
    )
