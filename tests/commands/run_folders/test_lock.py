"""One writer a run folder."""

import subprocess
import sys
import time

import pytest

from ich.commands.run_folders.lock import COMMAND_LOCK, RANK_LOCK, check_free, held
from ich.errors import ConfigError


def test_a_second_writer_is_told_that_there_is_one(tmp_path):
    with (
        held(tmp_path, COMMAND_LOCK),
        pytest.raises(ConfigError, match="expected a run that nobody trains"),
        held(tmp_path, COMMAND_LOCK),
    ):
        pass


@pytest.mark.parametrize("name", [COMMAND_LOCK, RANK_LOCK])
def test_a_run_is_free_when_neither_command_nor_ranks_hold_it(name, tmp_path):
    check_free(tmp_path)

    with held(tmp_path, name), pytest.raises(ConfigError, match="found a training at work in it"):
        check_free(tmp_path)

    check_free(tmp_path)


def test_a_killed_holder_leaves_no_lock(tmp_path):
    code = (
        "import sys, time, pathlib; from ich.commands.run_folders.lock import held\n"
        "with held(pathlib.Path(sys.argv[1]), 'lock'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "held"
        with pytest.raises(ConfigError):
            check_free(tmp_path)
        process.kill()

    time.sleep(0.01)
    check_free(tmp_path)
