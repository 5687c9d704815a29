"""The processes that a command started, and the signals that it hands on to them."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ich.commands.processes import descendants_of
from ich.commands.terminal import say

Process = subprocess.Popen[bytes]


class Children:
    """Processes of one start. Each is told to end once: a second word would meet torch's agent in its tidying up."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.asked: list[int] = []  # signals that came
        self._n_told = 0

    def start(self, start: Callable[[], Process]) -> None:
        """Start one more; where a signal comes meanwhile, that one is told too."""
        self.processes.append(start())
        if self.asked:
            self.terminate()

    def terminate(self) -> None:
        """Tell all to end who were not told yet."""
        told, self._n_told = self._n_told, len(self.processes)
        for process in self.processes[told:]:
            process.terminate()

    def kill(self) -> None:
        """End all at once, with the ranks of an agent and the workers of a rank, who are in sessions of their own."""
        started = [one for process in self.processes if process.poll() is None for one in descendants_of(process.pid)]
        for process in self.processes:
            process.kill()
        for number in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def hand_on(self, number: int, _frame: Any = None) -> None:
        """Turn SIGTERM and Ctrl-C into one SIGTERM for all; a second Ctrl-C ends them at once."""
        first = not self.asked
        again = number == signal.SIGINT and signal.SIGINT in self.asked
        self.asked.append(number)
        if again:
            self.kill()
            return
        self.terminate()
        if number == signal.SIGINT and first:
            say("train", "stopping after this step; its checkpoint is being written (Ctrl-C again: end without it)")


@contextmanager
def watched_children() -> Iterator[Children]:
    """Hand signals on to what is started in this block; an error in it ends them."""
    children = Children()
    if threading.current_thread() is not threading.main_thread():
        yield children  # signals go to the main thread, and the kernel ends ours with their parent
        return
    before = {number: signal.signal(number, children.hand_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield children
    except BaseException:
        children.terminate()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
