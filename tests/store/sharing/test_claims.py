"""Claims on shared pieces of work."""

import time

from ich.store.sharing.claims import Claims

SHORT = 0.2  # seconds


def test_a_claim_keeps_others_away_until_it_is_let_go(tmp_path):
    one, other = Claims(), Claims()

    with one.take(tmp_path / "part.claim") as ours, other.take(tmp_path / "part.claim") as theirs:
        assert (ours, theirs) == (True, False)
    with other.take(tmp_path / "part.claim") as theirs:
        assert theirs


def test_a_claim_that_nobody_renews_is_taken_over(tmp_path):
    (tmp_path / "part.claim").touch()
    claims = Claims(SHORT)

    with claims.take(tmp_path / "part.claim") as at_first_sight:
        assert not at_first_sight
    time.sleep(2 * SHORT)
    with claims.take(tmp_path / "part.claim") as later:
        assert later


def test_a_claim_that_is_renewed_is_never_taken_over(tmp_path):
    one, other = Claims(SHORT), Claims(SHORT)

    with one.take(tmp_path / "part.claim"):
        for _ in range(6):
            with other.take(tmp_path / "part.claim") as theirs:
                assert not theirs
            time.sleep(SHORT / 2)


def test_a_claim_is_let_go_when_the_work_fails(tmp_path):
    try:
        with Claims().take(tmp_path / "part.claim"):
            raise OSError("no space left on device")
    except OSError:
        pass

    assert not (tmp_path / "part.claim").exists()
