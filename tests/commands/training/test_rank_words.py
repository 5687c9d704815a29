"""Where the words of a training's process go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SPEAKS = """
import sys
from pathlib import Path
from ich.commands.training.rank_words import log_into, say_if_alone
terminal = log_into(Path(sys.argv[1]))
print("a library's words", file=sys.stderr)
say_if_alone("error: no such thing", terminal)
"""


@pytest.fixture
def speak(tmp_path):
    """What a process with these variables shows on standard error."""

    def run(**environment):
        inherited = {key: value for key, value in os.environ.items() if key != "ICH_BAR_POSITION"}
        words = [sys.executable, "-c", SPEAKS, str(tmp_path)]
        return subprocess.run(
            words, cwd=ROOT, env={**inherited, **environment}, capture_output=True, text=True, check=True
        ).stderr

    return run


def test_under_torchrun_one_process_on_each_machine_says_the_error(speak, tmp_path):
    assert speak(RANK="0", LOCAL_RANK="0") == "a library's words\nerror: no such thing\n"
    assert speak(RANK="4", LOCAL_RANK="0") == "error: no such thing\n"
    assert speak(RANK="5", LOCAL_RANK="1") == ""
    assert (tmp_path / "rank-4.log").read_text() == "a library's words\n"


def test_where_a_command_waits_it_says_the_error(speak):
    assert speak(RANK="0", LOCAL_RANK="0", ICH_BAR_POSITION="0") == "a library's words\n"
