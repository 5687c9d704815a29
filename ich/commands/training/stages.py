"""The two stages as one process trains them: data and net of a run folder's configuration, their fit, their result."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.configuration.plain import plain_dict
from ich.commands.predictions.scoring import logit_table
from ich.commands.run_folders.files import RESULT_FILE, VALIDATION_FILE
from ich.commands.stores import open_training_stores
from ich.commands.terminal import bar, bar_row
from ich.commands.training.process import leave_group, rank
from ich.commands.training.rank_words import say_complete, say_once
from ich.commands.training.settings import make_augment, make_callbacks, make_recipe, make_sampling, training_settings
from ich.commands.training.watching import Watcher, watched
from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.dicom.geometry.neighbours import Neighbours
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.learn.features import FeatureCache
from ich.learn.fit import FitResult, Watching, fit_sequence, fit_slices, predict_studies
from ich.learn.hardware.devices import Devices
from ich.learn.loop.trainer import TrainingSettings
from ich.learn.stopping.keeping import Keeping
from ich.learn.stopping.stop import StopRequest
from ich.learn.unseen import unseen_split
from ich.progress import Progress
from ich.store.files import write_text
from ich.store.store import Store


def train_slices(config: DictConfig, run: Path, *, stop: StopRequest) -> None:
    """The slice stage of a run folder."""
    settings = _settings(config, run)
    data = slice_data(config, open_training_stores(config), devices=settings.devices)
    _fit_watched(config, run, partial(fit_slices, run, data), store=data.store, settings=settings, stop=stop)


def slice_data(config: DictConfig, store: Store, *, devices: Devices) -> SliceDataModule:
    """The slices that the slice stage learns from and is validated on.

    Args:
        config: of the training.
        store: one, or several as one.
        devices: how many processes share the slices, on how many machines.
    """
    return SliceDataModule(
        store,
        fold=config.data.fold,
        leave_out=list(config.data.leave_out),
        batch_size=config.data.batch_size,
        workers=config.data.workers,
        augment=make_augment(config),
        sampling=make_sampling(config),
        neighbours=Neighbours(config.model.net.neighbours, config.model.net.get("neighbour_mm")),
        seed=config.seed,
        processes=devices.n_processes,
        nodes=devices.nodes,
    )


def train_sequence(config: DictConfig, run: Path, *, stop: StopRequest) -> None:
    """One pair of the sequence stage: features of its CNN, then the sequence net, then its validation scores."""
    settings, store = _settings(config, run), open_training_stores(config)
    cnn = read_checkpoint(Path(config.cnn), kind="slice")
    unseen = unseen_split(cnn, store, fold=config.data.fold, leave_out=list(config.data.leave_out))
    studies = [*unseen.split.train, *unseen.split.validation]
    features = _features(config, store, studies=studies, settings=settings, progress=stop.between(bar))
    data = StudyDataModule(
        features,
        store,
        fold=config.data.fold,
        leave_out=unseen.leave_out,
        batch_size=config.data.studies_per_batch,
        seed=config.seed,
        processes=settings.devices.n_processes,
    )
    _fit_watched(
        config,
        run,
        partial(fit_sequence, run, data, cnn=cnn),
        store=store,
        settings=settings,
        stop=stop,
        write_more=partial(_write_validation, run, store, features=features, studies=unseen.split.validation),
    )


def _settings(config: DictConfig, run: Path) -> TrainingSettings:
    settings, reason = training_settings(config, run=run)
    say_once(f"{settings.devices}; {reason}")
    return settings


def _fit_watched(
    config: DictConfig,
    run: Path,
    fit: Callable[..., FitResult],
    *,
    store: Store,
    settings: TrainingSettings,
    stop: StopRequest,
    write_more: Callable[[Path], None] | None = None,
) -> None:
    """Fit a net while its loggers look on, and leave its result."""
    with watched(config, run, store=store, rank=rank()) as watcher:
        callbacks = [*make_callbacks(config), *watcher.callbacks]
        result = fit(
            net=plain_dict(config.model.net),
            recipe=make_recipe(config),
            settings=settings,
            keeping=Keeping(minutes=config.trainer.checkpoint_minutes, stop=stop),
            watching=Watching(callbacks=callbacks, loggers=watcher.loggers, bar_row=bar_row()),
        )
        finish(run, result, watcher=watcher, write_more=write_more)


def _features(
    config: DictConfig, store: Store, *, studies: Sequence[str], settings: TrainingSettings, progress: Progress
) -> FeatureCache:
    """Features of the pair's slice net, each rank beginning at its own share."""
    return FeatureCache.extract(
        Path(config.cnn),
        store,
        studies=studies,
        folder=Path(config.paths.features),
        batch_size=config.data.batch_size,
        device=settings.devices.torch_device,
        share=(rank(), settings.devices.n_processes),
        progress=progress,
    )


def _write_validation(
    run: Path, store: Store, checkpoint: Path, *, features: FeatureCache, studies: Sequence[str]
) -> None:
    """What the pair says about the validation slices, for whoever joins pairs into an ensemble."""
    net = load_net(read_checkpoint(checkpoint, kind="sequence"))
    answers = predict_studies(net, features, studies=studies)
    table = logit_table(store, {study: {"ensemble": logits} for study, (logits, _) in answers.items()})
    table.to_parquet(run / VALIDATION_FILE, index=False)


def finish(run: Path, result: FitResult, *, watcher: Watcher, write_more: Callable[[Path], None] | None = None) -> None:
    """Leave what a training gave, its result last of all; only then report, for which nobody's training fails.

    Args:
        run: the run's folder.
        result: what the fit gave.
        watcher: reports.
        write_more: writes what else the run leaves, from its best checkpoint.
    """
    leave_group()
    if rank() == 0:
        if write_more is not None:
            write_more(result.best)
        write_result(run, result)
    try:
        watcher.report(result.best)
    except Exception as error:
        say_complete(error)


def write_result(run: Path, result: FitResult) -> None:
    """Write `result.json`, paths as seen from the run's folder."""
    content = {
        key: str(value.relative_to(run)) if isinstance(value, Path) else value for key, value in asdict(result).items()
    }
    write_text(run / RESULT_FILE, json.dumps(content, indent=1))
