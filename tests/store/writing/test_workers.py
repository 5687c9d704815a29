"""One worker, one order at a time."""

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ich.store.writing.workers import Budget, Done, Failed, Lost, Order, Worker

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc; run it on Linux")
BUDGET = Budget(seconds=5.0, memory=1 << 28)


class Stubborn(Exception):
    """An error that doesn't survive being sent: what it is made from isn't kept."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(f"{sentence} ({code})")


def raise_stubborn(item: object) -> None:
    raise Stubborn(7, "it failed")


def process_number(item: object) -> int:
    return os.getpid()


def memory_limit(item: object) -> int:
    return resource.getrlimit(resource.RLIMIT_AS)[0]


def end_soon(item: object) -> None:
    """Die idle: after the answer."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()


def unsendable(item: object) -> object:
    return lambda: None


def where_errors_go(item: object) -> str:
    return str(Path("/proc/self/fd/2").readlink())


@pytest.fixture
def worker():
    one = Worker()
    yield one
    one.stop()


def told(worker: Worker, function, item: object = None, budget: Budget = BUDGET):
    worker.give(Order(function, item, budget))
    return worker.outcome()


def test_a_worker_is_another_process_and_stays_the_same_one(worker):
    first, second = told(worker, process_number), told(worker, process_number)

    assert first == second
    assert first.value != os.getpid()


def test_a_lost_worker_is_replaced(worker):
    before = told(worker, process_number)

    lost = told(worker, os._exit, 3)

    assert lost == Lost("decoder_crashed")
    assert isinstance(told(worker, process_number), Done)
    assert told(worker, process_number) != before


def test_a_worker_that_died_between_two_orders_is_found_lost_with_the_next(worker):
    told(worker, end_soon)
    worker._process.join()

    assert told(worker, process_number) == Lost("decoder_crashed")
    assert isinstance(told(worker, process_number), Done)


def test_an_error_that_can_not_be_sent_comes_back_in_the_same_words(worker):
    failed = told(worker, raise_stubborn)

    assert isinstance(failed, Failed)
    assert str(failed.error) == "Stubborn: it failed (7)"


def test_a_result_that_can_not_be_sent_is_an_error_and_no_loss(worker):
    assert isinstance(told(worker, unsendable), Failed)


@LINUX
def test_memory_is_limited_by_what_is_mapped_and_the_order(worker):
    small = told(worker, memory_limit).value
    large = told(worker, memory_limit, budget=Budget(5.0, BUDGET.memory + 4096)).value

    assert large - small == 4096
    assert small > BUDGET.memory


@LINUX
def test_what_libraries_write_about_damaged_files_stays_off_the_terminal(worker):
    assert told(worker, where_errors_go) == Done(os.devnull)


CTRL_C = """
import signal
from functools import partial
from ich.store.writing.workers import Budget, Order, Worker

blocked = partial(signal.pthread_sigmask, signal.SIG_BLOCK)
worker = Worker()
worker.give(Order(blocked, (), Budget(seconds=60.0, memory=1 << 28)))
print(signal.SIGINT in worker.outcome().value, signal.SIGINT in blocked(()))
worker.stop()
"""


def test_ctrl_c_is_kept_from_a_worker_and_the_server_it_is_forked_from_but_not_from_us():
    # a program of its own: here another test may have started the server, of which a process has one
    told_of = subprocess.run([sys.executable, "-c", CTRL_C], capture_output=True, text=True, timeout=120)

    assert told_of.stdout.split() == ["True", "False"], told_of.stderr
