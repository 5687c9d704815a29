"""Trainings of two processes and of two runs, as typed."""

import json

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def training(road):
    """What the trainings of the road share."""
    return ["data=phantom", f"store.path={road.store}", "model=tiny", "trainer.max_epochs=1", "trainer.gpus=0"]


def test_two_processes_train_one_run_and_leave_one_result(command, training, tmp_path):
    done = command("train", *training, "trainer.processes=2", "run=two")

    assert done.returncode == 0, done.stderr
    assert "CPU, 2 processes" in done.stdout
    result = json.loads((tmp_path / "two" / "result.json").read_text())
    assert (tmp_path / "two" / result["best"]).is_file()
    assert result["best_log_loss"] > 0


def test_a_sweep_has_one_folder_with_a_run_for_each_job(command, training, tmp_path):
    done = command("train", "-m", *training, "seed=0,1")

    assert done.returncode == 0, done.stderr
    assert sorted(path.parent.parent.name for path in tmp_path.glob("runs/sweeps/*/*/*/checkpoints/best.ckpt")) == [
        "0",
        "1",
    ]


def test_sequence_nets_over_fewer_validation_studies_than_processes_end(command, road, tmp_path):
    done = command(
        "train",
        "data=phantom",
        f"store.path={road.store}",
        "model=lstm",
        "model.net.hidden=8",
        f"cnn={road.folder / 'a'}",
        "trainer.max_epochs=1",
        "trainer.gpus=0",
        "trainer.processes=8",
        "run=eight",
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "eight" / "ensemble.ckpt").is_file()
