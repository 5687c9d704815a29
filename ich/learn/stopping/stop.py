"""How a training learns that it is to end early: a signal is noted, and looked at between two pieces of work.

Imported before anything heavy, so that a signal that comes while torch is still loading is noted too.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType

from ich.progress import Item, Progress

PARENT_ENVIRONMENT = "ICH_PARENT"  # number of the process that started a rank
PR_SET_PDEATHSIG = 1  # prctl(2): the signal a process gets when its parent ends


class Stopped(Exception):
    """The training ended early, as it was asked to; what going on needs has been written."""


class StopRequest:
    """Whether somebody asked this process to end: the scheduler, the command, or the kernel when the parent is gone."""

    def __init__(self) -> None:
        self.asked = False

    @classmethod
    def listen(cls) -> "StopRequest":
        """Note SIGTERM from now on instead of dying of it."""
        request = cls()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, request.note)
        return request

    def note(self, _number: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        """Note that the process is to end; nothing else, for a signal can come in the middle of anything."""
        self.asked = True

    def between(self, progress: Progress) -> Progress:
        """The same progress, which ends with Stopped before the next piece of work once somebody asked."""

        def watched(items: Iterable[Item], *, total: int, description: str) -> Iterator[Item]:
            for item in progress(items, total=total, description=description):
                yield item
                if self.asked:
                    raise Stopped

        return watched


def end_with_parent(parent: int | None = None) -> None:
    """Ask the kernel for SIGTERM when the parent is gone, so that no training outlives its command.

    Args:
        parent: number of the process that started this one; where it is gone by now, the signal comes at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
