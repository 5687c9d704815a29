"""A sweep that is stopped tells its jobs in other processes, and nobody else's."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from ich.commands.processes import stat_of
from ich.commands.sweeps.job_record import BEGUN, JobRecord, write_record
from ich.commands.sweeps.stopping import SWEEP_ENVIRONMENT, end_jobs, stopped_with_jobs
from ich.errors import EXIT_STOPPED

RECORD = JobRecord(0, ("seed=0",), 1, BEGUN, 0.0)


@pytest.fixture
def job(tmp_path):
    """Starts a process that does a job of the sweep in a folder, and says so in its record."""
    processes = []

    def start(sweep):
        environment = {**os.environ, SWEEP_ENVIRONMENT: str(sweep)}
        processes.append(subprocess.Popen(["sleep", "60"], env=environment))
        write_record(tmp_path / "0", replace(RECORD, process=processes[-1].pid))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_job_in_another_process_is_told_to_end(job, tmp_path):
    process = job(tmp_path)

    end_jobs(tmp_path, patience=0.3)

    assert process.wait(timeout=10) == -signal.SIGTERM


def test_a_process_that_has_the_number_of_a_job_by_chance_is_left_alone(job, tmp_path):
    process = job(tmp_path / "another")

    end_jobs(tmp_path, patience=0.3)

    assert process.poll() is None


def test_a_job_that_has_ended_is_not_waited_for(tmp_path, monkeypatch):
    write_record(tmp_path / "0", replace(RECORD, process=2**22 + 1))
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)

    end_jobs(tmp_path, patience=0.3)

    assert waits == []


@pytest.mark.parametrize(
    ("number", "ended"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_signal_ends_the_sweep_and_its_handlers_are_gone_after(number, ended, tmp_path):
    before = signal.getsignal(number)

    with pytest.raises(ended) as caught, stopped_with_jobs(tmp_path):
        signal.raise_signal(number)

    assert signal.getsignal(number) is before
    assert ended is KeyboardInterrupt or caught.value.code == EXIT_STOPPED


POOL = """
import os, sys
from pathlib import Path
from ich.commands.sweeps.stopping import leave
child = os.fork()
if child == 0:
    leave(75, sweep_process=os.getppid())
import time; time.sleep(0.3)
print(os.waitpid(child, os.WNOHANG))
"""


def test_a_process_of_a_pool_waits_for_the_pool_to_end_it():
    done = subprocess.run([sys.executable, "-c", POOL], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "(0, 0)\n"


JOB = """
import os, signal, sys, time
from ich.commands.sweeps.stopping import ended_with_sweep, told_to_stop
sweep = os.getppid()
with told_to_stop(), ended_with_sweep(sweep, patience=0.5):
    if sys.argv[1:] == ["deaf"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    try:
        time.sleep(60)
    except SystemExit:
        print("stopped", flush=True)
"""
SWEEP = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


@pytest.mark.parametrize(("how", "said"), [([], "stopped\n"), (["deaf"], "")], ids=["listens", "deaf"])
def test_a_job_ends_when_its_sweep_was_killed(how, said):
    sweep = subprocess.Popen([sys.executable, "-c", SWEEP, JOB, *how], stdout=subprocess.PIPE, text=True)
    job = int(sweep.stdout.readline())

    sweep.kill()

    assert sweep.stdout.read() == said  # which ends when the last process that may write has ended
    assert stat_of(job) is None or stat_of(job)[0] == "Z"
    sweep.wait()
