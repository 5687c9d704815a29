"""What a stage leaves at its end, and in which order."""

import json
import logging
import os
from types import SimpleNamespace

from ich.commands.configuration.config import compose_checked
from ich.commands.run_folders.files import RESULT_FILE
from ich.commands.training import stages
from ich.learn.hardware.devices import Devices


def test_the_result_is_written_before_the_report_which_may_fail(tmp_path, result, capsys, caplog):
    seen = []

    def report(best):
        seen.append((tmp_path / RESULT_FILE).is_file())
        raise ConnectionError("W&B can't\nbe reached")

    stages.finish(tmp_path, result, watcher=SimpleNamespace(report=report), write_more=seen.append)

    assert seen == [result.best, True]
    assert json.loads((tmp_path / RESULT_FILE).read_text())["best"] == "checkpoints/best.ckpt"
    assert "complete, but not its report: ConnectionError: W&B can't be reached;" in capsys.readouterr().out
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_the_loader_workers_of_a_machine_go_by_its_own_processes(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)))
    config = compose_checked("train", ["model=tiny", "data=phantom", "data.batch_size=64"])
    one, four = (Devices("gpu", list(range(8)), "ddp", nodes) for nodes in (1, 4))

    workers = [stages.slice_data(config, "store", devices=devices).workers for devices in (one, four)]

    assert workers == [7, 7]
