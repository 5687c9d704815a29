"""Stops a sweep: jobs that run beside it in processes of their own are told, and waited for, before it ends itself."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ich.commands.processes import environment_of
from ich.commands.sweeps.job_record import processes_at_work
from ich.commands.training.process import SWEEP_PROCESS_ENVIRONMENT
from ich.errors import EXIT_STOPPED

SWEEP_ENVIRONMENT = "ICH_SWEEP"  # folder of the sweep, by which its processes are told from all others
PATIENCE = 60.0  # seconds for jobs to write a checkpoint and their record; a launcher may end them then
STOPS = (signal.SIGTERM, signal.SIGINT)
LOOKS_EVERY = 0.5  # seconds, whether the sweep is still there
ORPHANS_PATIENCE = 27.0  # seconds after a sweep that was killed: its ranks have 25, and all is gone after 30


@contextmanager
def stopped_with_jobs(folder: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Turn SIGTERM and Ctrl-C into an end of all jobs of a sweep on this machine; a second one waits for nobody.

    Args:
        folder: of the sweep.
        patience: seconds that its jobs may take.

    Raises:
        SystemExit: SIGTERM came; its code is EXIT_STOPPED.
        KeyboardInterrupt: Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end_jobs(folder, patience=patience)
        _raise_stop(number)

    before = {number: signal.signal(number, stop) for number in STOPS}
    marked = os.environ.get(SWEEP_ENVIRONMENT)
    os.environ[SWEEP_ENVIRONMENT] = str(folder)
    try:
        yield
    finally:
        _restore(marked)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_to_stop() -> Iterator[None]:
    """In the process of a job: SIGTERM ends the job as it ends a command, whenever it comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def ended_with_sweep(sweep_process: int, *, patience: float = ORPHANS_PATIENCE) -> Iterator[None]:
    """In a process that the sweep started, as joblib does: end the job, as SIGTERM does, when the sweep was killed.

    Args:
        sweep_process: number of the sweep's process.
        patience: seconds that the job may take to end; then this process is killed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    done, worker = threading.Event(), threading.get_ident()

    def watch() -> None:
        while os.getppid() == sweep_process:
            if done.wait(LOOKS_EVERY):
                return
        signal.pthread_kill(worker, signal.SIGTERM)  # the thread itself, or its wait for a rank would go on
        if not done.wait(patience):
            os.kill(os.getpid(), signal.SIGKILL)

    os.environ[SWEEP_PROCESS_ENVIRONMENT] = str(sweep_process)  # for ranks that don't come to their next step
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
        os.environ.pop(SWEEP_PROCESS_ENVIRONMENT, None)


def leave(code: int, *, sweep_process: int) -> NoReturn:
    """End the process of a job that was stopped, which a launcher would else keep for its next job.

    A pool ends all its processes when one is gone, so that one of a pool waits for the others, and to be ended by it.
    """
    deadline = time.monotonic() + PATIENCE
    while os.getppid() == sweep_process and time.monotonic() < deadline:
        time.sleep(0.1)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def end_jobs(folder: Path, *, patience: float) -> None:
    """Tell each job of a sweep that runs in another process here to end, and wait until all have."""
    told: set[int] = set()
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        others = [process for process in processes_at_work(folder) if process != os.getpid()]
        alive = [process for process in others if _is_of_sweep(process, folder)]
        if not alive:
            return
        for process in set(alive) - told:
            told.add(process)
            os.kill(process, signal.SIGTERM)
        time.sleep(0.1)


def _raise_stop(number: int, _frame: FrameType | None = None) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(EXIT_STOPPED)


def _is_of_sweep(process: int, folder: Path) -> bool:
    """Whether a process was started by the sweep: its number alone may be another's by now, or of another machine."""
    return f"{SWEEP_ENVIRONMENT}={folder}".encode() in environment_of(process)


def _restore(marked: str | None) -> None:
    if marked is None:
        os.environ.pop(SWEEP_ENVIRONMENT, None)
    else:
        os.environ[SWEEP_ENVIRONMENT] = marked
