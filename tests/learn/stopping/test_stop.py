"""How a process notes that it is to end."""

import os
import signal
import subprocess
import sys

import pytest

from ich.learn.stopping.stop import Stopped, StopRequest
from ich.progress import quiet


@pytest.fixture
def request_of_this_process():
    before = signal.getsignal(signal.SIGTERM)
    yield StopRequest.listen()
    signal.signal(signal.SIGTERM, before)


def test_without_a_signal_nobody_is_asked_to_stop(request_of_this_process):
    assert not request_of_this_process.asked


def test_a_signal_is_noted_and_ends_nothing(request_of_this_process):
    os.kill(os.getpid(), signal.SIGTERM)

    assert request_of_this_process.asked


def test_work_ends_before_its_next_piece(request_of_this_process):
    items = iter(request_of_this_process.between(quiet)(range(5), total=5, description="work"))
    assert [next(items), next(items)] == [0, 1]

    request_of_this_process.note()

    with pytest.raises(Stopped):
        next(items)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word for it is Linux's")
@pytest.mark.parametrize(("parent", "code"), [("os.getppid()", 0), ("os.getppid() + 1", -signal.SIGTERM), ("None", 0)])
def test_a_process_whose_parent_was_gone_before_it_could_ask_ends_at_once(parent, code):
    words = f"import os; from ich.learn.stopping.stop import end_with_parent; end_with_parent({parent})"

    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == code
