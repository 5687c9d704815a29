"""Sweeps as typed: every launcher and sweeper with two processes a job, folds, shards, a job that was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from ich.errors import EXIT_INTERRUPTED, EXIT_STOPPED
from ich.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # eight jobs import torch, each for itself

ROOT = Path(__file__).parents[2]
HEADS = [
    "data=phantom",
    "data.n_studies=10",
    "data.scanner.size=32",
    "data.scanner.n_slices=[6,6]",
    "data.prevalence.subdural=0.9",
    "store.size=32",
    "store.test_share=0",
    "store.n_folds=2",
]
LAUNCHERS = {
    "basic": ("hydra", ["seed=0,1"]),
    "optuna": (
        "hydra_plugins.hydra_optuna_sweeper",
        [
            "hydra/sweeper=optuna",
            "hydra.sweeper.n_trials=2",
            "hydra.sweeper.n_jobs=1",
            "optimizer.lr=interval(1e-4,1e-2)",
        ],
    ),
    "joblib": (
        "hydra_plugins.hydra_joblib_launcher",
        ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=0,1"],
    ),
    "submitit": ("hydra_plugins.hydra_submitit_launcher", ["cluster=local", "seed=0,1"]),
}
DIVERGES = "1e30"  # a rate at which no net stays finite
STOPPED = {
    "basic": [],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "submitit": ["cluster=local"],
}
WORKERS = {"joblib": "popen_loky_posix", "submitit": "submitit.core._submit"}
SHARDED = {
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "submitit": ["cluster=local"],
}


def needs(launcher):
    pytest.importorskip(LAUNCHERS[launcher][0], reason="pip install 'ich[sweep]'")


def processes_in(folder: Path, word: str) -> list[int]:
    """Processes that work in a folder and have a word in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "cwd").readlink() == folder and word.encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue  # it ended while we looked
    return found


def start(command: str, *overrides: str, folder: Path, of_a_terminal: bool = False) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with (folder / "first.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, str(ROOT / f"{command}.py"), *overrides],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=of_a_terminal,  # whose Ctrl-C reaches all processes of the command
        )


def kill_a_worker(parent: subprocess.Popen, *, launcher: str, folder: Path, when) -> None:
    """Kill the first worker there is once `when` is true, as the kernel kills one that takes too much memory."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and parent.poll() is None:
        workers = processes_in(folder, WORKERS[launcher])
        if workers and when():
            os.kill(max(workers), signal.SIGKILL)  # the last one started is not at its end yet
            return
        time.sleep(0.02)
    pytest.fail(f"no worker to kill: {(folder / 'first.log').read_text()}")


@pytest.fixture
def store(command, tmp_path):
    """A tiny store of two folds with nobody kept apart, in the folder where commands are typed."""
    done = command("prepare", *HEADS, "data.root=heads", "store.path=store", "processes=0", "data.processes=1")
    assert done.returncode == 0, done.stderr
    return tmp_path / "store"


@pytest.fixture
def training(store):
    """What the trainings share: two processes each."""
    return [
        "data=phantom",
        f"store.path={store}",
        "model=tiny",
        "trainer.max_epochs=1",
        "trainer.gpus=0",
        "trainer.threads=1",
        "trainer.precision=32-true",
        "logger=none",
    ]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_a_job_make_one_folder_one_table_and_leave_nobody_behind(launcher, command, training, tmp_path):
    needs(launcher)
    swept = [*training, "trainer.processes=2"]

    done = command("train", "-m", *swept, *LAUNCHERS[launcher][1])

    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = tmp_path.glob("runs/sweeps/*/*")
    jobs = [OmegaConf.load(folder / name / "config.yaml") for name in ("0", "1")]
    table = pd.read_csv(folder / "sweep.csv")
    assert table["log_loss"].is_monotonic_increasing
    assert sorted(table["job"]) == [0, 1]
    assert jobs[0].seed + 10 * jobs[0].optimizer.lr != jobs[1].seed + 10 * jobs[1].optimizer.lr
    assert processes_in(tmp_path, "ich.commands") == []

    again = command("train", *swept, "run=again", f"seed={jobs[1].seed}", f"optimizer.lr={jobs[1].optimizer.lr}")

    assert again.returncode == 0, again.stderr
    losses = [
        json.loads((place / "result.json").read_text())["best_log_loss"] for place in (folder / "1", tmp_path / "again")
    ]
    assert losses[0] == losses[1]  # no rank had another job's options


def test_a_failed_job_does_not_keep_the_others_from_their_end(command, training, tmp_path):
    done = command("train", "-m", *training, f"optimizer.lr={DIVERGES},1e-3", "hydra.sweep.dir=swept")

    assert done.returncode == 2
    assert "lower optimizer.lr" in done.stderr
    assert pd.read_csv(tmp_path / "swept" / "sweep.csv")["state"].tolist() == ["done", "failed (2)"]


def test_what_a_later_job_would_fail_at_keeps_the_first_from_starting(command, training, tmp_path):
    done = command("train", "-m", *training, "data.fold=0,7", "hydra.sweep.dir=swept")

    assert done.returncode == 2
    assert "error: data.fold=7: expected a fold of" in done.stderr
    assert not (tmp_path / "swept").exists()


def test_a_search_outlives_its_failed_runs_and_begins_in_a_new_folder(command, training, tmp_path):
    needs("optuna")
    typed = [*training, "sweep=search", "hydra.sweeper.n_trials=2", "hydra.sweep.dir=swept"]

    failed = command("train", *typed, f"optimizer.lr=interval({DIVERGES},1e31)")

    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert pd.read_csv(tmp_path / "swept" / "sweep.csv")["state"].tolist() == ["failed (2)"] * 2
    before = (tmp_path / "swept" / "0" / "job.json").read_bytes()

    again = command("train", *typed)

    assert again.returncode == 2
    assert "expected a new folder for a search" in again.stderr
    assert (tmp_path / "swept" / "0" / "job.json").read_bytes() == before


@pytest.mark.parametrize(
    ("launcher", "how"), [("basic", "Ctrl-C"), ("joblib", "Ctrl-C"), ("joblib", "SIGTERM"), ("submitit", "SIGTERM")]
)
def test_a_sweep_that_is_stopped_leaves_a_table_of_all_its_runs_and_nobody_behind(launcher, how, training, tmp_path):
    needs(launcher)
    options = [*training, "trainer.max_epochs=400,401,402", "hydra.sweep.dir=swept", *STOPPED[launcher]]
    sweep = start("train", "-m", *options, folder=tmp_path, of_a_terminal=True)
    last = tmp_path / "swept/0/checkpoints/last.ckpt"
    deadline = time.monotonic() + 250
    while not last.is_file() and sweep.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)

    os.killpg(sweep.pid, signal.SIGINT) if how == "Ctrl-C" else sweep.terminate()

    assert sweep.wait(timeout=100) == (EXIT_INTERRUPTED if how == "Ctrl-C" else EXIT_STOPPED)
    table = pd.read_csv(tmp_path / "swept/sweep.csv").set_index("job").sort_index()
    assert table["trainer.max_epochs"].tolist() == [400, 401, 402]
    assert table.loc[0, "state"] == "stopped"
    assert set(table["state"]) <= {"stopped", "not begun"}
    assert processes_in(tmp_path, "ich.commands") == []


def test_nothing_is_left_of_a_sweep_half_a_minute_after_it_was_killed(training, tmp_path):
    needs("joblib")
    options = [*training, "trainer.max_epochs=400,401", "hydra.sweep.dir=swept", *STOPPED["joblib"]]
    sweep = start("train", "-m", *options, folder=tmp_path)
    last = [tmp_path / "swept" / number / "checkpoints/last.ckpt" for number in "01"]
    deadline = time.monotonic() + 200
    while not all(file.is_file() for file in last) and sweep.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)

    sweep.kill()
    sweep.wait()

    deadline = time.monotonic() + 30
    while processes_in(tmp_path, "python") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_in(tmp_path, "python") == []
    records = [json.loads((tmp_path / "swept" / number / "job.json").read_text()) for number in "01"]
    assert [record["code"] for record in records] == [EXIT_STOPPED] * 2


def test_a_sweep_over_folds_is_scored_once_on_patients_that_each_training_left_out(command, training, store, tmp_path):
    swept = command("train", *training, "sweep=folds", "data.fold=0,1", "hydra.sweep.dir=swept")
    assert swept.returncode == 0, swept.stderr
    assert "subset=out_of_fold" in swept.stdout.splitlines()[-1]

    done = command(
        "evaluate", "data=phantom", "store.path=store", "checkpoint=swept", "subset=out_of_fold", "n_resamples=20"
    )

    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "swept/evaluation/store-out_of_fold/predictions.parquet")
    studies = Store.open(store).studies
    assert sorted(rows["study"].unique()) == sorted(studies["study"])
    assert len(rows) == studies["n_slices"].sum()
    folds = rows["study"].map(studies.set_index("study")["fold"])
    assert rows.groupby(folds)["prevalence_any"].nunique().tolist() == [1, 1]  # each fold's own training


def test_a_sweep_that_is_typed_again_leaves_finished_jobs_alone(command, training, tmp_path):
    first = command("train", "-m", *training, "seed=0", "hydra.sweep.dir=swept")
    assert first.returncode == 0, first.stderr
    weights = (tmp_path / "swept/0/checkpoints/best.ckpt").read_bytes()

    again = command("train", "-m", *training, "seed=0", "hydra.sweep.dir=swept")

    assert again.returncode == 0, again.stderr
    assert "swept/0 is done" in again.stdout
    assert (tmp_path / "swept/0/checkpoints/best.ckpt").read_bytes() == weights


@pytest.mark.parametrize("launcher", SHARDED)
def test_eight_shards_of_a_preparation_of_which_one_was_killed_make_the_store_of_one_run(
    launcher, command, store, tmp_path
):
    needs(launcher)
    typed = [*HEADS, "data.root=heads", "store.path=sharded", "processes=0", "shard=range(8)", "shards=8"]
    first = start("prepare", "-m", *typed, *SHARDED[launcher], folder=tmp_path)
    kill_a_worker(first, launcher=launcher, folder=tmp_path, when=lambda: (tmp_path / "sharded").is_dir())
    assert first.wait(timeout=250) != 0

    again = command("prepare", "-m", *typed, *SHARDED[launcher])

    assert again.returncode == 0, again.stdout + again.stderr
    assert Store.open(tmp_path / "sharded").hash == Store.open(store).hash


@pytest.mark.parametrize("launcher", SHARDED)
def test_eight_shards_of_a_prediction_of_which_one_was_killed_make_the_worklist_of_one_run(
    launcher, command, training, tmp_path
):
    needs(launcher)
    trained = command("train", *training, "run=net")
    assert trained.returncode == 0, trained.stderr
    typed = ["checkpoint=net", "input=heads/dicom", "heat_maps=false", "gpus=0"]
    alone = command("predict", *typed, "output=alone")
    assert alone.returncode == 0, alone.stderr
    shards = [*typed, "output=sharded", "shard=range(8)", "shards=8", *SHARDED[launcher]]
    first = start("predict", "-m", *shards, folder=tmp_path)
    kill_a_worker(first, launcher=launcher, folder=tmp_path, when=lambda: any((tmp_path / "sharded").glob("study-*")))
    assert first.wait(timeout=250) != 0

    again = command("predict", "-m", *shards)

    assert again.returncode == 0, again.stdout + again.stderr
    for name in ("worklist.csv", "not_used.csv"):
        assert (tmp_path / "sharded" / name).read_text() == (tmp_path / "alone" / name).read_text()
