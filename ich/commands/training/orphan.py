"""Ends a process that outlives its parent for too long, whatever it hangs in.

The kernel's word that the parent is gone (`ich.learn.stopping.stop.end_with_parent`) is heard between two steps. Who
waits for a disk or computes for minutes hears nothing, a thread of it may not come to its turn either: so the one who
counts the seconds is a process of its own.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from ich.commands.processes import parent_of
from ich.learn.stopping.stop import PR_SET_PDEATHSIG

PATIENCE = 25.0  # seconds: with what the kernel and loader workers take then, all is gone within half a minute
LOOKS_EVERY = 0.5  # seconds


def end_after_parent(*ancestors: int, seconds: float = PATIENCE) -> None:
    """Let this process be killed some seconds after its parent is gone, where it has not ended by itself.

    Called early, while the process is small and has one thread: a copy of it keeps watch and ends with it.

    Args:
        ancestors: number of the process that started this one, then of that which started that one, as far as any of
            them counts; none: the parent that it has now.
        seconds: to write a checkpoint in.
    """
    if sys.platform != "linux" or parent_of(os.getpid()) is None:
        return  # where /proc is not mounted every parent looks as if it were gone
    line = [os.getpid(), *(ancestors or [os.getppid()])]
    if os.fork() == 0:
        _watch(line, seconds=seconds)


def _watch(line: Sequence[int], *, seconds: float) -> NoReturn:
    """Wait until one of the line is gone; the kernel ends the watch with the process that is watched."""
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what the watched one makes of them is its own affair
        os.closerange(0, 1024)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        while all(parent_of(child) == parent for child, parent in pairwise(line)):
            time.sleep(LOOKS_EVERY)
        time.sleep(seconds)
        if os.getppid() == line[0]:
            os.kill(line[0], signal.SIGKILL)
    finally:
        os._exit(0)
