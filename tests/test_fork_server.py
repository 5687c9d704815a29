"""The server that workers are forked from; each test in a program of its own, for a process has one server."""

import signal
import subprocess
import sys

import pytest

from ich.fork_server import uninterrupted

MASKS = """
import signal
from functools import partial
from ich.fork_server import fork_server

blocked = partial(signal.pthread_sigmask, signal.SIG_BLOCK)
if __name__ == "__main__":
    context = fork_server(kept_from=[signal.{name}])
    pool = context.Pool(1)
    print(*(signal.{name} in mask for mask in (pool.apply(blocked, ((),)), blocked(()))), flush=True)
    pool.close()  # not ended by SIGTERM, to which it is deaf
    pool.join()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_is_kept_from_workers_but_not_from_their_parent(name):
    told = subprocess.run(
        [sys.executable, "-c", MASKS.format(name=name)], capture_output=True, text=True, timeout=120, check=False
    )

    assert told.stdout.split() == ["True", "False"], told.stderr


def test_ctrl_c_waits_until_the_workers_are_started():
    done = []

    def start():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
