"""What a process of a training leaves, also where something fails at its end."""

import json
import logging
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from ich.commands.run_folders.runs import RESULT_FILE
from ich.commands.training import rank
from ich.commands.training.failure import failure_of
from ich.commands.training.launch import trust_of
from ich.learn.fit import FitResult


@pytest.fixture
def result(tmp_path):
    checkpoints = tmp_path / "checkpoints"
    return FitResult(
        best=checkpoints / "best.ckpt",
        last=checkpoints / "last.ckpt",
        metrics={},
        best_log_loss=0.5,
        best_epoch=0,
        seconds=1.0,
        slices_per_second=1.0,
    )


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder, and a process that is as it was afterwards."""
    OmegaConf.save({"model": {"stage": "slice"}}, tmp_path / "config.yaml")
    monkeypatch.setattr(rank, "end_with_parent", lambda _: None)
    monkeypatch.setattr(rank.StopRequest, "listen", classmethod(lambda cls: cls()))
    kept = list(rank.logger.handlers), rank.logger.level, rank.logger.propagate
    yield tmp_path
    rank.logger.handlers, rank.logger.propagate = kept[0], kept[2]
    rank.logger.setLevel(kept[1])


def broken(*_):
    raise ConnectionError("W&B can't\nbe reached")


def test_the_result_is_written_before_the_report_which_may_fail(tmp_path, result, capsys, caplog):
    seen = []

    def report(best):
        seen.append((tmp_path / RESULT_FILE).is_file())
        broken()

    rank._finish(tmp_path, result, watcher=SimpleNamespace(report=report), write_more=lambda: seen.append("more"))

    assert seen == ["more", True]
    assert json.loads((tmp_path / RESULT_FILE).read_text())["best"] == "checkpoints/best.ckpt"
    assert "complete, but not its report: ConnectionError: W&B can't be reached;" in capsys.readouterr().out
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_a_training_that_is_complete_when_its_watching_fails_is_no_failure(run, result, monkeypatch, capsys):
    def train(config, folder, *, stop):
        rank._write_result(folder, result)
        broken()

    monkeypatch.setattr(rank, "train_slices", train)

    assert rank.main(run, [trust_of(run)]) == 0
    assert failure_of(run) is None
    assert "complete, but not its report" in capsys.readouterr().out


def test_a_training_that_fails_before_its_result_is_a_failure(run, monkeypatch):
    monkeypatch.setattr(rank, "train_slices", lambda *_, **__: broken())

    assert rank.main(run, [trust_of(run)]) == 1
    assert failure_of(run) == "rank 0 met ConnectionError: W&B can't be reached"
