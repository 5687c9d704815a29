"""What a job of a sweep does and records, without a training."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from ich.commands.configuration.config import config_folder
from ich.commands.run_folders.files import write_config
from ich.commands.run_folders.lock import RANK_LOCK, held
from ich.commands.sweeps import sweep
from ich.commands.sweeps.job_record import JobRecord, write_record
from ich.commands.sweeps.sweep import JobFailedError, run_job
from ich.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USER

RESULT = json.dumps({"seconds": 7.0, "best_log_loss": 0.25, "metrics": {}})


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Does job 3 of a sweep, whose work is what is handed in."""
    folder = tmp_path / "3"
    hydra = OmegaConf.create(
        {
            "runtime": {"output_dir": str(folder)},
            "overrides": {"task": ["seed=1"]},
            "sweep": {"dir": str(tmp_path)},
            "job": {"num": 3},
            "launcher": {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"},
        }
    )
    monkeypatch.setattr(HydraConfig, "get", lambda: hydra)

    def do(work, *typed):
        monkeypatch.setattr(sweep, "task_of", lambda command: work)
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            composed = compose("train", ["model=tiny", "trainer.gpus=0", *typed])
        objective = run_job("train", composed, side_by_side=False, sweep_process=os.getpid(), start="now")
        return SimpleNamespace(objective=objective, record=json.loads((folder / "job.json").read_text()))

    do.folder = folder
    return do


def finish(config):
    write_config(config, Path(config.run))
    (Path(config.run) / "result.json").write_text(RESULT)
    return EXIT_OK


def refuse(config):
    raise AssertionError("it is trained again")


@pytest.mark.parametrize("left", ["nothing", "a failure"])
def test_a_finished_training_is_done_whatever_its_record_says(left, job):
    job(finish)
    if left == "nothing":
        (job.folder / "job.json").unlink()
    else:
        (job.folder / "job.json").write_text("{}")

    again = job(refuse)

    assert again.objective == 0.25
    assert (again.record["code"], again.record["seconds"]) == (0, 7.0)


def test_a_finished_training_of_another_configuration_keeps_its_record(job):
    before = job(finish).record

    with pytest.raises(JobFailedError, match="found a finished run of another") as failed:
        job(refuse, "seed=5")

    assert failed.value.code == EXIT_USER
    assert json.loads((job.folder / "job.json").read_text()) == before


def test_a_training_that_another_process_still_does_keeps_its_record(job):
    write_config(OmegaConf.create({"run": "3"}), job.folder)
    (job.folder / "job.json").write_text("as it was")

    with held(job.folder, RANK_LOCK), pytest.raises(JobFailedError, match="found a training at work in it") as failed:
        job(refuse)

    assert failed.value.code == EXIT_USER
    assert (job.folder / "job.json").read_text() == "as it was"


def test_a_job_that_failed_fails_the_sweep_whatever_the_clock_of_its_file_server_says(tmp_path, monkeypatch):
    def failed(command, arguments, *, side_by_side, start):
        write_record(tmp_path / "0", JobRecord(0, ("seed=0",), EXIT_USER, "no", 1.0, start=start))
        os.utime(tmp_path / "0" / "job.json", (1000, 1000))

    monkeypatch.setattr(sweep, "_hand_to_hydra", failed)

    assert sweep.sweep("prepare", ["-m", "data=phantom", f"hydra.sweep.dir={tmp_path}"]) == EXIT_USER


def test_ctrl_c_is_recorded_as_a_stop(job):
    def interrupted(config):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(interrupted)

    record = json.loads((job.folder / "job.json").read_text())
    assert (record["code"], record["sentence"]) == (EXIT_INTERRUPTED, "it was stopped before its end")


def test_a_run_that_is_left_to_be_started_by_hand_is_not_done(job):
    def leave(config):
        write_config(config, Path(config.run))
        return EXIT_OK

    assert "waits" in job(leave).record["sentence"]
    assert job(finish).record["sentence"] == ""
