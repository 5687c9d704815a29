"""What becomes of a process that hangs when its parent is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ich.commands.training import orphan
from ich.commands.training.orphan import PATIENCE

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the watch looks into /proc")
# Deaf to SIGTERM, and no other thread of it gets its turn: the interpreter's lock is kept over the whole sleep.
HANGS = """
import ctypes, os, signal, sys
from ich.commands.training.orphan import end_after_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_after_parent(os.getppid(), *map(int, sys.argv[2:]), seconds=float(sys.argv[1]))
print(os.getpid(), flush=True)
ctypes.PyDLL(None).sleep(60)
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
ENDS = "from ich.commands.training.orphan import end_after_parent; end_after_parent(seconds=60)"


def is_there(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def watch_of(process):
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


@pytest.fixture
def hanging():
    """A parent and its child that hangs, with the seconds it is given."""
    parents = []

    def started(seconds):
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, HANGS, str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        parents.append(parent)
        return parent, int(parent.stdout.readline())

    yield started
    for parent in parents:
        parent.kill()
        parent.wait()


def gone_after(process, most):
    begun = time.monotonic()
    while is_there(process) and time.monotonic() - begun < most:
        time.sleep(0.02)
    return time.monotonic() - begun


def test_who_hangs_is_given_time_for_a_checkpoint_and_gone_within_half_a_minute():
    assert 20 <= PATIENCE <= 30 - 5  # 5: what the kernel and loader workers may take then


def test_who_hangs_is_killed_some_seconds_after_its_parent(hanging):
    parent, process = hanging(0.5)
    watch = watch_of(process)

    parent.kill()
    seconds = gone_after(process, 20)

    assert 0.5 <= seconds < 20
    assert gone_after(watch, 5) < 5


def test_the_end_of_its_agents_parent_counts_too():
    agent = f"import os, sys; sys.argv.append(str(os.getppid())); {PARENT}"
    command = subprocess.Popen(
        [sys.executable, "-c", PARENT, agent, HANGS, "0.5"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    process = int(command.stdout.readline())

    command.kill()
    command.wait()

    assert gone_after(process, 20) < 20


def test_who_hangs_is_let_alone_while_its_parent_is_there(hanging):
    _, process = hanging(0.0)
    os.kill(watch_of(process), signal.SIGTERM)  # as a terminal's whole group gets it

    time.sleep(1.2)

    assert is_there(process)


def test_where_the_kernel_tells_nothing_of_processes_nobody_is_watched(monkeypatch):
    monkeypatch.setattr(orphan, "parent_of", lambda process: None)  # as where /proc is not mounted
    watches = []
    monkeypatch.setattr(os, "fork", lambda: watches.append("a watch that sees no parent") or 1)

    orphan.end_after_parent(os.getppid())

    assert watches == []


def test_the_watch_ends_with_its_process():
    words = f"{ENDS}; import os; print(open(f'/proc/{{os.getpid()}}/task/{{os.getpid()}}/children').read())"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)

    assert gone_after(int(done.stdout), 5) < 5
