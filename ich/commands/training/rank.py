"""One process of a training: reads a run folder's configuration, trains, and leaves its result as a file.

python -m ich.commands.training.rank RUN config=HASH, alone or under torchrun; `ich.commands.training.launch` starts it.
A run that was stopped goes on from its last checkpoint.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from ich.commands.run_folders.lock import RANK_LOCK, held
from ich.commands.terminal import BAR_ENVIRONMENT, BesideBars, bar, bar_row, say
from ich.commands.training.failure import write_error, write_failure
from ich.errors import EXIT_FAILED, EXIT_OK, EXIT_STOPPED, EXIT_USER, IchError
from ich.learn.stopping.stop import PARENT_ENVIRONMENT, Stopped, StopRequest, end_with_parent

if TYPE_CHECKING:
    from ich.commands.training.watching import Watcher
    from ich.learn.features import FeatureCache
    from ich.learn.fit import FitResult
    from ich.progress import Progress

VALIDATION_FILE = "validation.parquet"

logger = logging.getLogger("ich")


def main(run: Path, typed: Sequence[str]) -> int:
    """Train a run folder and return the exit code.

    Args:
        run: the folder.
        typed: what lets this process take it: `config=HASH` or `trust=true`.
    """
    stop = StopRequest.listen()  # first of all: torch takes seconds to load
    end_with_parent(_parent())
    _log_into(run)
    try:
        with held(run, RANK_LOCK) if _rank() == 0 else nullcontext():
            _train(run, typed, stop=stop)
    except Stopped:
        _leave_group()
        return EXIT_STOPPED
    except IchError as error:
        write_error(run, str(error))
        _say_if_alone(f"error: {error}")
        return EXIT_USER
    except Exception as error:
        logger.exception("the training failed")
        sentence = _sentence(error)
        write_failure(run, f"rank {_rank()} met {type(error).__name__}: {sentence}")
        _say_if_alone(f"{type(error).__name__}: {sentence}; its traceback stands in {run / 'run.log'}")
        return EXIT_FAILED
    return EXIT_OK


def _train(run: Path, typed: Sequence[str], *, stop: StopRequest) -> None:
    from ich.commands.run_folders.runs import CONFIG_FILE, RESULT_FILE
    from ich.commands.run_folders.trust import check_rank

    check_rank(run, typed)
    config = OmegaConf.load(run / CONFIG_FILE)
    assert isinstance(config, DictConfig)
    train_stage = train_slices if config.model.stage == "slice" else train_sequence
    had_result = (run / RESULT_FILE).is_file()
    try:
        train_stage(config, run, stop=stop)
    except Exception as error:
        if had_result or not (run / RESULT_FILE).is_file():
            raise
        _say_complete(error)  # what failed was the end of watching


def train_slices(config: DictConfig, run: Path, *, stop: StopRequest) -> None:
    """The slice stage of a run folder."""
    from ich.commands.run_folders.runs import open_training_stores
    from ich.commands.training.settings import (
        make_augment,
        make_callbacks,
        make_recipe,
        make_sampling,
        training_settings,
    )
    from ich.commands.training.watching import watched
    from ich.data.slices import SliceDataModule
    from ich.dicom.geometry.neighbours import Neighbours
    from ich.learn.fit import Watching, fit_slices
    from ich.learn.stopping.keeping import Keeping

    settings, reason = training_settings(config)
    data = SliceDataModule(
        open_training_stores(config),
        fold=config.data.fold,
        leave_out=list(config.data.leave_out),
        batch_size=config.data.batch_size,
        workers=config.data.workers,
        augment=make_augment(config),
        sampling=make_sampling(config),
        neighbours=Neighbours(config.model.net.neighbours, config.model.net.get("neighbour_mm")),
        seed=config.seed,
        processes=settings.devices.n_processes,
    )
    _say(f"{settings.devices}; {reason}")
    with watched(config, run, store=data.store, rank=_rank()) as watcher:
        result = fit_slices(
            run,
            data,
            net=_plain(config.model.net),
            recipe=make_recipe(config),
            settings=settings,
            keeping=Keeping(minutes=config.trainer.checkpoint_minutes, stop=stop),
            watching=Watching(
                callbacks=[*make_callbacks(config), *watcher.callbacks], loggers=watcher.loggers, bar_row=bar_row()
            ),
        )
        _finish(run, result, watcher=watcher)


def train_sequence(config: DictConfig, run: Path, *, stop: StopRequest) -> None:
    """One pair of the sequence stage: features of its CNN, then the sequence net, then its validation scores."""
    from ich.commands.run_folders.runs import open_training_stores
    from ich.commands.training.settings import make_callbacks, make_recipe, training_settings
    from ich.commands.training.watching import watched
    from ich.data.studies import StudyDataModule
    from ich.learn.checkpoint import read_checkpoint
    from ich.learn.fit import Watching, fit_sequence
    from ich.learn.stopping.keeping import Keeping
    from ich.learn.unseen import unseen_split

    settings, reason = training_settings(config)
    store = open_training_stores(config)
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
    _say(f"{settings.devices}; {reason}")
    with watched(config, run, store=store, rank=_rank()) as watcher:
        result = fit_sequence(
            run,
            data,
            net=_plain(config.model.net),
            cnn=cnn,
            recipe=make_recipe(config),
            settings=settings,
            keeping=Keeping(minutes=config.trainer.checkpoint_minutes, stop=stop),
            watching=Watching(
                callbacks=[*make_callbacks(config), *watcher.callbacks], loggers=watcher.loggers, bar_row=bar_row()
            ),
        )
        _finish(
            run,
            result,
            watcher=watcher,
            write_more=lambda: _write_validation(
                run, result.best, store=store, features=features, studies=unseen.split.validation
            ),
        )


def _features(
    config: DictConfig, store: Any, *, studies: list[str], settings: Any, progress: "Progress"
) -> "FeatureCache":
    """Features of the pair's slice net, each rank beginning at its own share."""
    from ich.learn.features import FeatureCache

    return FeatureCache.extract(
        Path(config.cnn),
        store,
        studies=studies,
        folder=Path(config.paths.features),
        batch_size=config.data.batch_size,
        device=settings.devices.torch_device,
        share=(_rank(), settings.devices.n_processes),
        progress=progress,
    )


def _write_validation(run: Path, checkpoint: Path, *, store: Any, features: Any, studies: tuple[str, ...]) -> None:
    """What the pair says about the validation slices, for whoever joins pairs into an ensemble."""
    from ich.commands.predictions.scoring import logit_table
    from ich.learn.checkpoint import load_net, read_checkpoint
    from ich.learn.fit import predict_studies

    net = load_net(read_checkpoint(checkpoint, kind="sequence"))
    answers = predict_studies(net, features, studies=studies)
    table = logit_table(store, {study: {"ensemble": logits} for study, (logits, _) in answers.items()})
    table.to_parquet(run / VALIDATION_FILE, index=False)


def _finish(
    run: Path, result: "FitResult", *, watcher: "Watcher", write_more: Callable[[], None] | None = None
) -> None:
    """Leave what a training gave, its result last of all; only then report, for which nobody's training fails."""
    _leave_group()
    if _rank() == 0:
        if write_more is not None:
            write_more()
        _write_result(run, result)
    try:
        watcher.report(result.best)
    except Exception as error:
        _say_complete(error)


def _say_complete(error: Exception) -> None:
    logger.exception("the report failed")
    _say(f"complete, but not its report: {type(error).__name__}: {_sentence(error)}; its traceback stands in run.log")


def _write_result(run: Path, result: "FitResult") -> None:
    from ich.commands.run_folders.runs import RESULT_FILE
    from ich.store.files import write_text

    content = {
        key: str(value.relative_to(run)) if isinstance(value, Path) else value for key, value in asdict(result).items()
    }
    write_text(run / RESULT_FILE, json.dumps(content, indent=1))


def _say(text: str) -> None:
    if _rank() == 0:
        say("train", text)


def _say_if_alone(text: str) -> None:
    """Tell the user where no command of ours waits to do it: under their own torchrun."""
    if BAR_ENVIRONMENT not in os.environ and _rank() == 0:
        print(text, file=sys.stderr)


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _parent() -> int | None:
    """Who started this process; None: the user's own torchrun."""
    number = os.environ.get(PARENT_ENVIRONMENT)
    return None if number is None else int(number)


def _plain(node: DictConfig) -> dict[str, Any]:
    plain = OmegaConf.to_container(node, resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _log_into(run: Path) -> None:
    """`run.log` gets everything of ours; the terminal what a person waits for, from rank zero.

    What libraries of the other ranks print goes into a file of their own.
    """
    if _rank() > 0:
        with (run / f"rank-{_rank()}.log").open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
    logger.setLevel(logging.INFO)
    log = logging.FileHandler(run / "run.log", encoding="utf-8")
    log.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s %(name)s rank {_rank()}: %(message)s"))
    logger.addHandler(log)
    if _rank() == 0:
        terminal = BesideBars(sys.stdout)
        terminal.setFormatter(logging.Formatter("%(asctime)s  train    %(message)s", datefmt="%H:%M:%S"))
        terminal.addFilter(lambda record: record.levelno < logging.ERROR)  # the command says what failed, once
        logger.addHandler(terminal)
    logger.propagate = False


def _leave_group() -> None:
    """Ranks that succeeded end together; one that goes first can take the others' tear-down with it.

    A rank that failed must not wait here: the others would wait for it in their next step, and all of them for ever.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
