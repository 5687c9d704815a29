"""What processes leave for the command to say."""

from pathlib import Path

import pytest

from ich.commands.training.failure import (
    ERROR_FILE,
    FAILURE_FILE,
    error_of,
    failure_of,
    forget,
    write_error,
    write_failure,
)


def test_the_first_failure_counts(tmp_path):
    write_failure(tmp_path, "rank 1 met ValueError: odd")
    write_failure(tmp_path, "rank 0 met RuntimeError: connection closed by peer")

    assert failure_of(tmp_path) == "rank 1 met ValueError: odd"


def test_a_kill_counts_more_than_what_others_met_of_it(tmp_path):
    write_failure(tmp_path, "rank 0 met RuntimeError: connection closed by peer")
    write_failure(tmp_path, "rank 1 was killed by signal 9", instead=True)

    assert failure_of(tmp_path) == "rank 1 was killed by signal 9"


def test_a_new_start_forgets_what_an_earlier_one_left(tmp_path):
    write_failure(tmp_path, "rank 1 met ValueError: odd")
    write_error(tmp_path, "store.path=nowhere: expected store.json")

    forget(tmp_path)

    assert (error_of(tmp_path), failure_of(tmp_path)) == (None, None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_on_a_full_disk_the_sentence_goes_to_standard_error(tmp_path, capsys):
    for name in (ERROR_FILE, FAILURE_FILE):
        (tmp_path / name).symlink_to("/dev/full")

    write_error(tmp_path, "store.path=s: expected room, found none")
    write_failure(tmp_path, "rank 0 met OSError: no space left", instead=True)

    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("store.path=s: expected room, found none (error.txt can't be written: No space left")
    assert said[1].startswith("rank 0 met OSError: no space left (failure.txt can't be written")
