"""What only a GPU can show: half precision, compiled nets, memory, going on, several devices; typed as a user would."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ich.errors import EXIT_STOPPED
from ich.learn.checkpoint import read_plain

from .test_resume import LAST, start, stop, wait_for_step

N_GPUS = torch.cuda.device_count()
TWO_GPUS = pytest.mark.skipif(N_GPUS < 2, reason="needs two GPUs; run it on a machine that has them")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.slow,
    pytest.mark.skipif(N_GPUS < 1, reason="needs a GPU; run it on a machine that has one"),
    pytest.mark.timeout(600),  # compiling takes minutes
]


@pytest.fixture
def options(road) -> list[str]:
    """A slice net on the road's heads."""
    heads = ["data=phantom", f"store.path={road.store}", "data.batch_size=16"]
    return [*heads, "model=tiny", "model.net.size=64", "model.net.drop_rate=0.3", "trainer.max_epochs=2", "run=run"]


@pytest.fixture
def train(options, command, tmp_path):
    """Trains it and gives the run's folder."""

    def typed(*more: str, gpus: int = 1) -> Path:
        done = command("train", *options, f"trainer.gpus={gpus}", *more)
        assert done.returncode == 0, done.stderr
        return tmp_path / "run"

    return typed


def epoch_losses(run: Path) -> pd.Series:
    return pd.read_csv(run / "metrics.csv")["train/epoch_loss"].dropna()


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
@pytest.mark.parametrize("compiled", ["false", "true"])
def test_a_slice_net_learns_in_half_precision_and_channels_last(precision, compiled, train):
    if precision == "bf16-mixed" and not torch.cuda.is_bf16_supported():
        pytest.skip("needs a GPU that computes in bfloat16; run it on one of 2020 or later")

    run = train(f"trainer.precision={precision}", f"trainer.compile={compiled}", "trainer.channels_last=true")

    assert (epoch_losses(run) < 1).all()  # nan is not
    weights = read_plain(run / "checkpoints" / "best.ckpt")["state_dict"].values()
    assert all(one.isfinite().all() for one in weights)
    assert {one.dtype for one in weights if one.is_floating_point()} == {torch.float32}


def test_memory_is_in_the_history_of_each_epoch(train):
    run = train("logger=wandb")

    taken = pd.read_csv(run / "metrics.csv")["train/gpu_memory_gib"].dropna()
    assert len(taken) == 2
    assert (taken > 0).all()
    summary = next((run / "wandb").glob("offline-run-*/*.wandb")).read_bytes()
    assert b"train/gpu_memory_gib" in summary


def test_a_stopped_training_goes_on(options, command, tmp_path):
    words = [*options, "trainer.gpus=1", "trainer.checkpoint_minutes=0", "logger=none"]
    process = start(tmp_path, *words)
    wait_for_step(tmp_path / "run", 3, process)
    assert stop(tmp_path / "run", "SIGTERM", process).code == EXIT_STOPPED
    state = read_plain(tmp_path / "run" / LAST)["callbacks"]["RandomStates"]["ranks"][0]
    assert state["cuda"] is not None

    done = command("train", "resume=run")
    whole = command("train", *words, "run=whole")

    assert done.returncode == whole.returncode == 0, done.stderr + whole.stderr
    # not bit for bit: sums on a GPU come in any order
    np.testing.assert_allclose(epoch_losses(tmp_path / "run"), epoch_losses(tmp_path / "whole"), rtol=0.05)


@TWO_GPUS
def test_two_gpus_share_a_batch_and_are_validated_as_one(train):
    run = train("trainer.precision=32-true", gpus=2)

    last = read_plain(run / LAST)
    assert len(last["callbacks"]["RandomStates"]["ranks"]) == 2
    assert (epoch_losses(run) < 1).all()
    assert json.loads((run / "result.json").read_text())["metrics"]["log_loss"] < 1
