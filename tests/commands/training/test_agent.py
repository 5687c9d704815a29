"""The one exit code that those of the ranks amount to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ich.commands.training.agent import Ended, code_after_stop, code_of
from ich.commands.training.failure import failure_of, write_failure


def ended(codes):
    """Ranks that ended in the same second."""
    return {rank: Ended(code, second=1000) for rank, code in codes.items()}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({0: 75, 1: 75}, 75),
        ({0: 75, 1: -15}, 75),
        ({0: 75, 1: 2}, 2),
        ({0: 75, 1: 1}, 1),
        ({0: 75, 1: -9}, 1),
        ({0: -15, 1: 2}, 2),
        ({0: 1, 1: -15}, 1),
        ({0: 1, 1: -9}, 1),
    ],
)
def test_codes_of_ranks(codes, expected, tmp_path):
    assert code_of(tmp_path, ended(codes)) == expected


def test_a_killed_rank_is_named(tmp_path):
    write_failure(tmp_path, "rank 0 met RuntimeError: connection closed by peer")

    code_of(tmp_path, ended({0: 1, 1: -9}))

    assert failure_of(tmp_path).startswith("rank 1 was killed by signal 9")


def test_a_rank_that_the_agent_ended_after_another_failed_is_no_reason(tmp_path):
    write_failure(tmp_path, "rank 1 met ValueError: odd")

    assert code_of(tmp_path, {1: Ended(1, second=1000), 0: Ended(-9, second=1030)}) == 1
    assert failure_of(tmp_path) == "rank 1 met ValueError: odd"


@pytest.mark.parametrize(
    ("left", "expected"), [([], 75), (["failure.txt"], 1), (["error.txt"], 2), (["result.json"], 0)]
)
def test_ranks_that_were_told_to_end_may_fail_or_be_done(left, expected, tmp_path):
    for name in left:
        (tmp_path / name).write_text("no space left on device")

    assert code_after_stop(tmp_path) == expected


RANK = """#!/bin/sh
case $RANK in
  0) trap 'exit 75' TERM; touch listens; while :; do sleep 0.1; done;;
  1) while ! [ -e listens ]; do sleep 0.1; done; LAST;;
esac
"""
AGENT = """
import sys
from pathlib import Path
from ich.commands.training.agent import main
sys.executable = "./rank"  # what the agent starts
sys.exit(main(Path(), "", processes=2, nodes=1, endpoint="localhost:0"))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("last", "code", "why"),
    [
        ("exit 2", 2, None),
        ("exit 1", 1, None),
        ("kill -9 $$", 1, "rank 1 was killed by signal 9"),
        ("exit 75", 75, None),
    ],
)
def test_what_torchs_agent_makes_of_the_others_is_no_outcome(last, code, why, tmp_path):
    (tmp_path / "rank").write_text(RANK.replace("LAST", last))
    (tmp_path / "rank").chmod(0o755)
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": os.environ["PATH"]}

    done = subprocess.run([sys.executable, "-c", AGENT], cwd=tmp_path, env=environment, timeout=120, check=False)

    assert done.returncode == code
    assert (failure_of(tmp_path) or "").startswith(why or "")
    assert (failure_of(tmp_path) is None) is (why is None)
