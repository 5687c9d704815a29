"""What a stage leaves at its end, and in which order."""

import json
import logging
from types import SimpleNamespace

from ich.commands.run_folders.files import RESULT_FILE
from ich.commands.training import stages


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
