import dataclasses
import time

import pytest

from ich.data.slices import SliceDataModule
from ich.learn.fit import fit_slices
from ich.learn.watching.timing import OTHER, PartTimes


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def passes(seconds):
        now[0] += seconds

    return passes


def test_what_is_nested_counts_once(clock):
    times = PartTimes()
    with times.profile("[LightningModule]SliceModule.optimizer_step"):
        clock(1)
        with times.profile("[Strategy]DDPStrategy.training_step"):
            clock(5)
        with times.profile("[Strategy]DDPStrategy.backward"):
            clock(7)
        clock(2)

    assert times.rows() == {"forward and loss": 5, "backward": 7, "optimizer": 3}
    assert times.n_steps == 1


def test_after_forgetting_it_counts_anew_also_what_is_running(clock):
    times = PartTimes()
    with times.profile("run_training_epoch"):
        with times.profile("[_TrainingEpochLoop].train_dataloader_next"):
            clock(3)
        clock(1)
        times.forget()
        clock(2)

    assert times.rows() == {OTHER: 2}


def test_parts_of_a_training_add_up_to_its_second_epoch(store, net, recipe, settings, unwatched, tmp_path):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    timed = dataclasses.replace(settings, max_epochs=2, profile=True)

    result = fit_slices(tmp_path, data, net=net, recipe=recipe, settings=timed, watching=unwatched)

    assert result.timed_steps == 3  # of one epoch
    assert {"waiting for the loader", "forward and loss", "backward", "optimizer", "validation", "checkpoints"} <= set(
        result.part_seconds
    )
    assert min(result.part_seconds.values()) >= 0
    assert 0.2 * result.seconds < sum(result.part_seconds.values()) < 0.9 * result.seconds
