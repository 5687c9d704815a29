"""Signals reach every process that a command started, and each of them once."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ich.commands.processes import stat_of
from ich.commands.training.children import Children, watched_children

SLEEP = ["sleep", "60"]


@pytest.fixture
def children():
    made = Children()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def test_a_signal_while_a_process_is_started_reaches_that_process_too():
    def start():
        process = subprocess.Popen(SLEEP)
        os.kill(os.getpid(), signal.SIGTERM)  # before anybody knows this process
        return process

    with watched_children() as children:
        children.start(start)
        assert children.processes[0].wait(timeout=10) == -signal.SIGTERM


def test_who_was_told_is_not_told_again(children, monkeypatch):
    told = []
    monkeypatch.setattr(subprocess.Popen, "terminate", lambda process: told.append(process))
    for _ in range(2):
        children.start(lambda: subprocess.Popen(SLEEP))

    children.hand_on(signal.SIGTERM)
    children.hand_on(signal.SIGTERM)
    children.start(lambda: subprocess.Popen(SLEEP))

    assert told == children.processes


def test_a_second_ctrl_c_ends_them_at_once(children, capsys):
    stubborn = subprocess.Popen(["sh", "-c", "trap '' TERM; echo; exec sleep 60"], stdout=subprocess.PIPE)
    stubborn.stdout.readline()  # it listens no more
    children.start(lambda: stubborn)

    children.hand_on(signal.SIGINT)
    assert stubborn.poll() is None
    children.hand_on(signal.SIGINT)

    assert stubborn.wait(timeout=10) == -signal.SIGKILL
    assert "Ctrl-C again" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="who started whom stands in /proc")
def test_a_second_ctrl_c_ends_the_ranks_of_an_agent_too(children):
    rank = "echo $$; exec sleep 60"
    script = f"trap '' TERM; setsid sh -c '{rank}' & wait"  # an agent waits for its ranks, which note SIGTERM only
    agent = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
    number = int(agent.stdout.readline())
    children.start(lambda: agent)

    children.hand_on(signal.SIGINT)
    children.hand_on(signal.SIGINT)

    assert agent.wait(timeout=10) < 0
    begun = time.monotonic()
    while (stat_of(number) or "Z")[0] != "Z" and time.monotonic() - begun < 10:
        time.sleep(0.02)
    assert (stat_of(number) or "Z")[0] == "Z"


def test_an_error_ends_what_was_started():
    process = subprocess.Popen(SLEEP)

    def fail():
        with watched_children() as children:
            children.start(lambda: process)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert process.wait(timeout=10) == -signal.SIGTERM
