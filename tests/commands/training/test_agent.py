"""The one exit code that those of the ranks amount to."""

import pytest

from ich.commands.training.agent import code_after_stop, code_of
from ich.commands.training.failure import failure_of


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({0: 75, 1: 75}, 75),
        ({0: 75, 1: -15}, 75),
        ({0: -15, 1: 2}, 2),
        ({0: 1, 1: -15}, 1),
        ({0: 1, 1: -9}, 1),
    ],
)
def test_codes_of_ranks(codes, expected, tmp_path):
    assert code_of(tmp_path, codes) == expected


def test_a_killed_rank_is_named(tmp_path):
    code_of(tmp_path, {0: 1, 1: -9})

    assert failure_of(tmp_path).startswith("rank 1 was killed by signal 9")


@pytest.mark.parametrize(
    ("left", "expected"), [([], 75), (["failure.txt"], 1), (["error.txt"], 2), (["result.json"], 0)]
)
def test_ranks_that_were_told_to_end_may_fail_or_be_done(left, expected, tmp_path):
    for name in left:
        (tmp_path / name).write_text("no space left on device")

    assert code_after_stop(tmp_path) == expected
