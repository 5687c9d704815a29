"""Wall and CPU seconds of the stations of a long road, the processes it started included."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ich.commands.processes import PARENT, TICKS, stat_of


@dataclass
class Clock:
    """Seconds of each station, as (name, wall, CPU)."""

    rows: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def station(self, name: str) -> Iterator[None]:
        """Time one station."""
        wall, cpu = time.perf_counter(), cpu_seconds()
        yield
        self.rows.append((name, time.perf_counter() - wall, cpu_seconds() - cpu))


def cpu_seconds() -> float:
    """CPU seconds so far of this process, its children that run, and all that have ended.

    `resource.getrusage` would miss workers whose parent, multiprocessing's fork server, is still running.
    """
    stats = dict(_stats())
    family, found = {os.getpid()}, -1
    while found != len(family):
        found = len(family)
        family |= {pid for pid, fields in stats.items() if int(fields[PARENT]) in family}
    ticks = sum(int(value) for pid in family if pid in stats for value in stats[pid][TICKS])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").glob("[0-9]*"):
        stat = stat_of(int(folder.name))
        if stat is not None:  # else it ended while we looked
            yield int(folder.name), stat
