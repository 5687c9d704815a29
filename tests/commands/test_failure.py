"""What processes leave for the command to say."""

from ich.commands.failure import error_of, failure_of, forget, write_error, write_failure


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
