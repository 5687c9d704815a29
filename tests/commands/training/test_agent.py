"""The one exit code that those of the ranks amount to."""

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
