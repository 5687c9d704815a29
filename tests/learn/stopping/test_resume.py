"""Trainings that are stopped anywhere and go on as if nothing had been."""

import copy
import dataclasses
import resource
import shutil
import signal

import pandas as pd
import pytest
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from ich.data.augment import Light
from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.errors import CheckpointError
from ich.learn.averaging import AveragedWeights
from ich.learn.checkpoint import read_checkpoint, read_plain
from ich.learn.fit import Watching, fit_sequence, fit_slices
from ich.learn.hardware import precision
from ich.learn.hardware.devices import Devices
from ich.learn.stopping.keeping import USUAL_KEEPING, Keeping
from ich.learn.stopping.resume import precision_of, read_stopped, remove_unfinished
from ich.learn.stopping.stop import Stopped, StopRequest
from tests.checkpoints import differences


class Ask(Callback):
    """Asks for a stop at a step's end, or in a validation (then after its first batch)."""

    def __init__(self, request, *, step, in_validation=False):
        self.request, self.step, self.in_validation = request, step, in_validation

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.step and not self.in_validation:
            self.request.note()

    def on_validation_batch_end(self, trainer, *_):
        if trainer.global_step == self.step and self.in_validation:
            self.request.note()


class Crash(Callback):
    """Ends the training without a word, as a kill does, at the start of a step or of an epoch's end."""

    def __init__(self, *, step, at_epoch_end=False):
        self.step, self.at_epoch_end = step, at_epoch_end

    def on_train_batch_start(self, trainer, *_):
        if trainer.global_step == self.step and not self.at_epoch_end:
            raise ZeroDivisionError

    def on_validation_end(self, trainer, *_):
        if trainer.global_step == self.step and self.at_epoch_end:
            raise ZeroDivisionError


@pytest.fixture(scope="module")
def train(store, recipe, settings, net):
    """Trains three epochs with everything that draws or keeps a state: dropout, augmentation, weight averaging."""

    def run(folder, *callbacks, keeping=USUAL_KEEPING, averaged=True, workers=0, accumulate=1, limit=None):
        data = SliceDataModule(
            store.path, fold=0, leave_out=[2], batch_size=6, workers=workers, augment=Light(), seed=1
        )
        ema = [AveragedWeights(decay=0.7)] if averaged else []
        return fit_slices(
            folder,
            data,
            net={**net, "drop_rate": 0.5},
            recipe=dataclasses.replace(recipe, loss=copy.deepcopy(recipe.loss)),  # a stop may leave it in evaluation
            settings=dataclasses.replace(settings, max_epochs=3, accumulate=accumulate, limit_batches=limit),
            watching=Watching(callbacks=[*ema, *callbacks], show_bar=False),
            keeping=keeping,
        )

    return run


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """The same training without a stop."""
    folder = tmp_path_factory.mktemp("whole")
    return train(folder), folder


def assert_as_if_nothing_had_been(run, whole_run):
    for name in ("best.ckpt", "last.ckpt"):
        one, other = (read_plain(folder / "checkpoints" / name) for folder in (run, whole_run))
        assert differences(one, other) == [], name
    one, other = (pd.read_csv(folder / "metrics.csv") for folder in (run, whole_run))
    measured = [column for column in other.columns if "per_second" not in column]
    pd.testing.assert_frame_equal(one[measured], other[measured])


def test_a_stopped_training_goes_on_in_its_precision_whatever_the_probe_says(train, tmp_path, monkeypatch):
    request, run = StopRequest(), tmp_path / "run"
    with pytest.raises(Stopped):
        train(run, Ask(request, step=1), keeping=Keeping(stop=request))
    monkeypatch.setattr(precision, "cpu_has_bf16", lambda: "amx_bf16")
    monkeypatch.setattr(precision, "bf16_ratio", lambda: 0.1)

    kept = precision_of(run / "checkpoints" / "last.ckpt")

    assert precision.choose_precision("auto", Devices("cpu", 1, "auto"))[0] == "bf16-mixed"
    assert precision.choose_precision("auto", Devices("cpu", 1, "auto"), kept=kept)[0] == "32-true"


def test_who_is_asked_in_the_middle_of_an_accumulated_step_finishes_it_first(train, tmp_path):
    request, run = StopRequest(), tmp_path / "run"

    with pytest.raises(Stopped):
        train(run, Ask(request, step=0), keeping=Keeping(stop=request), accumulate=2)  # after the first of two batches

    stopped = read_stopped(run / "checkpoints" / "last.ckpt")
    assert (stopped.n_batches, stopped.n_steps) == (2, 1)
    train(run, accumulate=2)
    train(tmp_path / "whole", accumulate=2)
    assert_as_if_nothing_had_been(run, tmp_path / "whole")


@pytest.mark.parametrize(
    ("step", "in_validation"),
    [  # 3 steps an epoch
        *((step, False) for step in (1, 3)),
        *(pytest.param(step, False, marks=pytest.mark.slow) for step in (2, 4, 6, 8, 9)),
        (3, True),
        *(pytest.param(step, True, marks=pytest.mark.slow) for step in (6, 9)),
    ],
)
def test_a_training_that_was_asked_to_stop_goes_on_exactly(step, in_validation, train, whole, tmp_path):
    request, run = StopRequest(), tmp_path / "run"
    with pytest.raises(Stopped):
        train(run, Ask(request, step=step, in_validation=in_validation), keeping=Keeping(stop=request))
    assert read_stopped(run / "checkpoints" / "last.ckpt").n_steps == step

    result = train(run)

    assert_as_if_nothing_had_been(run, whole[1])
    assert (result.metrics, result.best_epoch) == (whole[0].metrics, whole[0].best_epoch)


@pytest.mark.parametrize("step", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_training_of_a_few_batches_an_epoch_goes_on_exactly(step, train, tmp_path):
    request, run = StopRequest(), tmp_path / "run"
    with pytest.raises(Stopped):
        train(run, Ask(request, step=step), keeping=Keeping(stop=request), limit=2)  # of three

    train(run, limit=2)

    train(tmp_path / "whole", limit=2)
    assert_as_if_nothing_had_been(run, tmp_path / "whole")


@pytest.mark.parametrize(
    ("minutes", "at_epoch_end"),
    [
        pytest.param(0.0, False, id="each step-step"),
        pytest.param(0.0, True, id="each step-epoch's end", marks=pytest.mark.slow),
        pytest.param(15.0, False, id="each epoch-step", marks=pytest.mark.slow),
        pytest.param(15.0, True, id="each epoch-epoch's end"),
    ],
)
def test_a_training_that_was_killed_goes_on_exactly(minutes, at_epoch_end, train, whole, tmp_path):
    run = tmp_path / "run"
    step = 6 if at_epoch_end else 5
    with pytest.raises(ZeroDivisionError):
        train(run, Crash(step=step, at_epoch_end=at_epoch_end), keeping=Keeping(minutes=minutes))

    train(run)

    assert_as_if_nothing_had_been(run, whole[1])


def test_a_full_disk_ends_the_training_in_one_line_and_leaves_the_last_checkpoint(train, whole, tmp_path):
    class Fill(Callback):
        """No file may grow beyond a part of a checkpoint from the second epoch on, as on a full disk."""

        def on_train_epoch_start(self, trainer, *_):
            if trainer.current_epoch == 1:
                resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(CheckpointError, match=r"last\.ckpt: .*; the one before is untouched: free some space"):
            train(tmp_path / "run", Fill())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    stopped = read_stopped(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert stopped is not None
    assert stopped.n_steps == 3

    train(tmp_path / "run")

    assert_as_if_nothing_had_been(tmp_path / "run", whole[1])


def test_it_can_be_stopped_as_often_as_one_likes(train, whole, tmp_path):
    for step in range(1, 9):
        request = StopRequest()
        with pytest.raises(Stopped):
            train(tmp_path / "run", Ask(request, step=step), keeping=Keeping(stop=request))

    train(tmp_path / "run")

    assert_as_if_nothing_had_been(tmp_path / "run", whole[1])


def test_a_training_that_had_ended_but_for_its_result_says_it_again(train, whole, tmp_path):
    again = train(shutil.copytree(whole[1], tmp_path / "run"))

    assert (again.metrics, again.best_log_loss) == (whole[0].metrics, whole[0].best_log_loss)
    assert again.slices_per_second == whole[0].slices_per_second


@pytest.mark.slow
def test_loader_workers_change_nothing(train, whole, tmp_path):
    request = StopRequest()
    with pytest.raises(Stopped):
        train(tmp_path / "run", Ask(request, step=4), keeping=Keeping(stop=request), workers=2)

    train(tmp_path / "run", workers=2)

    assert_as_if_nothing_had_been(tmp_path / "run", whole[1])


def test_a_sequence_net_goes_on_too(cnn_run, features, store, recipe, settings, tmp_path):
    def run(name, *callbacks, keeping=USUAL_KEEPING):
        data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=1)
        lstm = {"_target_": "ich.nets.sequence.SliceLSTM", "hidden": 8, "layers": 2, "dropout": 0.5}
        return fit_sequence(
            tmp_path / name,
            data,
            net=lstm,
            cnn=read_checkpoint(cnn_run[0]),
            recipe=dataclasses.replace(recipe, loss=copy.deepcopy(recipe.loss)),
            settings=dataclasses.replace(settings, max_epochs=3),
            watching=Watching(callbacks=callbacks, show_bar=False),
            keeping=keeping,
        )

    request = StopRequest()
    with pytest.raises(Stopped):
        run("run", Ask(request, step=3), keeping=Keeping(stop=request))
    run("run")
    run("whole")

    assert_as_if_nothing_had_been(tmp_path / "run", tmp_path / "whole")


def test_a_run_without_a_checkpoint_begins(tmp_path):
    assert read_stopped(tmp_path / "last.ckpt") is None


def test_a_best_checkpoint_is_nothing_to_go_on_with(cnn_run):
    with pytest.raises(CheckpointError, match="expected what a stopped training needs"):
        read_stopped(cnn_run[1].best)


@pytest.mark.parametrize(
    ("changed", "processes", "sentence"),
    [
        ({"store_hash": "other"}, 1, "the store or its split changed"),
        ({"split_hash": "other"}, 1, "the store or its split changed"),
        ({}, 2, "expected 1 processes as before the stop, which was within an epoch, found 2"),
    ],
)
def test_other_data_or_processes_are_refused(changed, processes, sentence, train, tmp_path):
    request = StopRequest()
    with pytest.raises(Stopped):
        train(tmp_path, Ask(request, step=2), keeping=Keeping(stop=request), averaged=False)
    stopped = read_stopped(tmp_path / "checkpoints" / "last.ckpt")

    with pytest.raises(CheckpointError, match=sentence):
        stopped.check({**stopped.facts, **changed}, processes=processes)


def test_processes_may_change_at_an_epochs_end(cnn_run):
    stopped = read_stopped(cnn_run[1].last)

    assert stopped.check(stopped.facts, processes=2) is None


def test_what_a_kill_left_beside_a_checkpoint_is_removed(tmp_path):
    for name in (".last.ckpt.123.tmp", "last.ckpt"):
        (tmp_path / name).touch()

    remove_unfinished(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_lightning_handles_no_signal(train, tmp_path):
    class Look(Callback):
        def on_train_batch_start(self, trainer: pl.Trainer, *_):
            seen.append(signal.getsignal(signal.SIGTERM))

    seen: list = []
    before = signal.getsignal(signal.SIGTERM)

    train(tmp_path, Look())

    assert set(seen) == {before}
