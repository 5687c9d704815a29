"""Which GPUs jobs on one machine get; the GPUs are names, the jobs processes or threads."""

import json
import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from ich.errors import ConfigError
from ich.learn.hardware.own_gpus import LOCKS_ENVIRONMENT, gpus_of_command, own_gpus

ROOT = Path(__file__).parents[3]
CARDS = ["a", "b"]
JOB = """
import json, sys, time
from pathlib import Path
from ich.learn.hardware.own_gpus import own_gpus
folder, job, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
with own_gpus(1, ["a", "b"], folder=folder, poll_seconds=0.02) as numbers:
    print(numbers[0], flush=True)
    began = time.time()
    time.sleep(seconds)
    (folder / f"{job}.json").write_text(json.dumps([job, numbers[0], began, time.time()]))
"""


COMMAND = """
import subprocess, sys
from pathlib import Path
from ich.learn.hardware.own_gpus import own_gpus
with own_gpus(1, ["a", "b"], folder=Path(sys.argv[1]), poll_seconds=0.02):
    subprocess.run([sys.executable, "-c", sys.argv[2]])
"""
RANK = """
import os, sys, time
from ich.learn.hardware.own_gpus import gpus_of_command
with gpus_of_command():
    print(os.getpid(), flush=True)
    time.sleep(60)
"""


def start(folder, job, seconds):
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(folder), job, str(seconds)], cwd=ROOT, stdout=subprocess.PIPE
    )


def test_two_jobs_take_different_gpus(tmp_path):
    with own_gpus(1, CARDS, folder=tmp_path) as first, own_gpus(1, CARDS, folder=tmp_path) as second:
        assert (first, second) == ([0], [1])


def test_gpus_are_free_again_when_a_job_ends(tmp_path):
    with own_gpus(2, CARDS, folder=tmp_path):
        pass

    with own_gpus(2, CARDS, folder=tmp_path) as again:
        assert again == [0, 1]


def test_a_named_gpu_is_the_one_that_is_taken(tmp_path):
    with own_gpus([1], CARDS, folder=tmp_path) as named, own_gpus(1, CARDS, folder=tmp_path) as free:
        assert (named, free) == ([1], [0])


def test_a_gpu_is_the_same_under_another_number(tmp_path):
    with own_gpus(1, ["a", "b"], folder=tmp_path), own_gpus(1, ["b", "a"], folder=tmp_path) as seen_otherwise:
        assert seen_otherwise == [0]  # b: a is taken


def test_no_gpu_is_no_lock(tmp_path):
    with own_gpus(0, CARDS, folder=tmp_path) as none:
        assert none == []
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", [3, [2], [0, 5]], ids=str)
def test_more_gpus_than_there_are_is_an_error_instead_of_a_wait(wanted, tmp_path):
    with pytest.raises(ConfigError, match=r"expected GPUs that are there, found 2"), own_gpus(wanted, CARDS):
        pass


def test_two_jobs_that_want_both_gpus_take_turns(tmp_path):
    running = threading.Semaphore(1)
    at_once = []

    def job():
        with own_gpus(2, CARDS, folder=tmp_path, poll_seconds=0.005):
            at_once.append(not running.acquire(blocking=False))
            running.release()

    threads = [threading.Thread(target=job) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert at_once == [False] * 6


def test_jobs_of_unequal_length_are_never_two_on_one_gpu(tmp_path):
    jobs = [start(tmp_path, f"job{number}", seconds) for number, seconds in enumerate((0.7, 0.05, 0.2, 0.05, 0.15))]

    assert [job.wait(timeout=60) for job in jobs] == [0] * 5
    rows = [json.loads(file.read_text()) for file in tmp_path.glob("*.json")]
    for gpu in (0, 1):
        times = sorted((began, ended) for _, used, began, ended in rows if used == gpu)
        assert all(ended <= began for (_, ended), (began, _) in pairwise(times))
    assert len(rows) == 5
    assert {used for _, used, *_ in rows} == {0, 1}


def test_the_gpu_of_a_killed_job_is_free(tmp_path):
    killed = start(tmp_path, "killed", 60)
    assert killed.stdout.readline() == b"0\n"
    killed.kill()
    killed.wait()

    with own_gpus(2, CARDS, folder=tmp_path, poll_seconds=0.01) as both:
        assert both == [0, 1]


def test_the_gpu_of_a_killed_command_is_its_ranks_until_they_end(tmp_path):
    command = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path), RANK], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    rank = int(command.stdout.readline())
    command.kill()
    command.wait()

    with own_gpus(1, CARDS, folder=tmp_path) as free:
        assert free == [1]
    took = []
    taker = threading.Thread(target=lambda: took.append(_both(tmp_path)))
    taker.start()
    taker.join(timeout=0.5)
    assert took == []

    os.kill(rank, signal.SIGKILL)
    taker.join(timeout=20)
    assert took == [[0, 1]]


def _both(folder):
    with own_gpus(2, CARDS, folder=folder, poll_seconds=0.01) as both:
        return both


def test_who_was_started_by_no_job_leaves_all_gpus_free(tmp_path, monkeypatch):
    monkeypatch.delenv(LOCKS_ENVIRONMENT, raising=False)

    with gpus_of_command(), own_gpus(2, CARDS, folder=tmp_path, poll_seconds=0.01) as free:
        assert free == [0, 1]


def test_processes_learn_of_a_jobs_locks_only_while_it_has_them(tmp_path, monkeypatch):
    monkeypatch.delenv(LOCKS_ENVIRONMENT, raising=False)

    with own_gpus([1], CARDS, folder=tmp_path):
        assert os.environ[LOCKS_ENVIRONMENT] == str(tmp_path / "gpu-b.lock")

    assert LOCKS_ENVIRONMENT not in os.environ
