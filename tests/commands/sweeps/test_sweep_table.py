import pandas as pd
import pytest
from omegaconf import OmegaConf

from ich.commands.sweeps.job_record import BEGUN, WAITS, JobRecord, write_record
from ich.commands.sweeps.sweep_table import read_frame, say_sweep, sweep_frame, write_frame


def record(number, *, lr, code=0, **scores):
    return JobRecord(number, ("model=tiny", f"optimizer.lr={lr}"), code, "", 1.25, scores)


def test_the_best_job_stands_first_and_a_failed_one_last():
    records = [record(0, lr=1e-3, log_loss=0.3), record(1, lr=1e-2, code=2), record(2, lr=1e-4, log_loss=0.1)]

    frame = sweep_frame(records)

    assert frame["job"].tolist() == [2, 0, 1]
    assert frame["state"].tolist() == ["done", "done", "failed (2)"]


def test_only_options_that_differ_have_a_column():
    frame = sweep_frame([record(0, lr=1e-3, log_loss=0.3), record(1, lr=1e-4, log_loss=0.2)])

    assert list(frame.columns) == ["job", "state", "optimizer.lr", "log_loss", "seconds"]


def test_further_scores_follow():
    frame = sweep_frame([record(0, lr=1, log_loss=0.3, auc_any=0.9)])

    assert frame["auc_any"].tolist() == [0.9]


def test_a_run_that_waits_and_one_that_was_stopped_are_called_so():
    frame = sweep_frame([JobRecord(0, ("seed=0",), 0, WAITS, 1.0), JobRecord(1, ("seed=1",), 130, "", 1.0)])

    assert frame["state"].tolist() == ["waits", "stopped"]


def test_a_stopped_sweep_has_a_row_for_each_job_and_says_how_it_ended(tmp_path, capsys):
    write_record(tmp_path / "0", JobRecord(0, ("seed=0",), 0, "", 1.0, {"log_loss": 0.3}))
    write_record(tmp_path / "1", JobRecord(1, ("seed=1",), 1, BEGUN, 0.0))

    frame = read_frame(tmp_path, planned=[["seed=0"], ["seed=1"], ["seed=2"]])
    write_frame(tmp_path, frame)
    say_sweep("train", tmp_path, frame=frame, stopped=True)

    assert pd.read_csv(tmp_path / "sweep.csv")["state"].tolist() == ["done", "begun", "not begun"]
    assert "the same command with this hydra.sweep.dir" in capsys.readouterr().out


def test_no_job_is_an_empty_table_and_no_file(tmp_path):
    frame = read_frame(tmp_path)
    write_frame(tmp_path, frame)

    assert frame.empty
    assert not (tmp_path / "sweep.csv").exists()


@pytest.mark.parametrize(("code", "told"), [(0, "subset=out_of_fold"), (1, "the same command again")])
def test_folds_are_scored_together_only_when_all_have_ended_well(code, told, tmp_path, capsys):
    for fold, one in enumerate((0, code)):
        job = JobRecord(fold, (f"data.fold={fold}",), one, "", 1.0, {} if one else {"log_loss": 0.3})
        write_record(tmp_path / str(fold), job)
        config = {"data": {"name": "phantom"}, "store": {"path": "p"}, "paths": {"stores": "stores"}}
        OmegaConf.save(config, tmp_path / str(fold) / "config.yaml")

    say_sweep("train", tmp_path, frame=read_frame(tmp_path))

    said = capsys.readouterr().out
    assert told in said
    assert ("out_of_fold" in said) is (code == 0)


@pytest.mark.parametrize(("typed", "n_told"), [("model=tiny", 1), ("debug=fast", 0)])
def test_a_sweep_that_looks_for_a_fault_recommends_no_net(typed, n_told, tmp_path, capsys):
    folder = tmp_path / "my sweep"
    write_record(folder / "0", JobRecord(0, ("seed=0",), 0, "", 1.0, {"log_loss": 0.3}))
    config = {"data": {"name": "phantom"}, "store": {"path": None}, "paths": {"stores": "stores"}}
    OmegaConf.save({**config, "started": {"typed": ["seed=0", typed]}}, folder / "0" / "config.yaml")

    say_sweep("train", folder, frame=read_frame(folder))

    line = f"python evaluate.py 'checkpoint={folder / '0'}' data=phantom"
    assert capsys.readouterr().out.count(line) == n_told
