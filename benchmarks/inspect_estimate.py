"""Prints what `inspect=true` estimates of a preparation beside what the preparation then takes.

python benchmarks/inspect_estimate.py ctich=DIR rsna=DIR

A row a data set: disk, memory and seconds, estimated and taken. The estimate comes first, from the headers and a few
slices; the preparation that follows finds the headers there, as it does when one types the two commands. Disk is what
the studies' arrays take; memory the largest sum, over the preparation, of what all its processes hold (resident, what
they share counted for each, as the estimate counts it); seconds are on the clock, tables and folds included.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ich.report.tables import markdown_table
from ich.sources.ctich import CtIch
from ich.sources.folder import open_folder
from ich.sources.rsna import Rsna
from ich.sources.source import Source
from ich.store.gathering.summary import PreparedSummary
from ich.store.inspecting.inspection import inspect_source
from ich.store.prepare import prepare_store

STORE = yaml.safe_load((Path(__file__).parents[1] / "conf" / "store" / "default.yaml").read_text(encoding="utf-8"))
KINDS: dict[str, Callable[[Path], Source]] = {"ctich": CtIch, "rsna": Rsna, "folder": open_folder}
HEAD = ("data set", "studies", "slices", "disk, MB", "taken", "memory, MB", "taken", "seconds", "taken", "inspect, s")
EVERY = 0.05  # seconds between two looks at the memory
MB = 1e6


def main() -> None:
    """Estimate and prepare one data set after the other."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("sets", nargs="+", help=f"KIND=DIR; kinds: {', '.join(KINDS)}")
    arguments.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="workers")
    options = arguments.parse_args()
    os.environ.setdefault("ICH_HASH_KEY", "benchmark of the estimate, nothing is kept")
    rows = []
    for named in options.sets:
        kind, _, root = named.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            rows.append([kind, *measured(KINDS[kind](Path(root)), Path(folder) / "store", processes=options.processes)])
    print(f"{options.processes} processes, store of {STORE['size']} px\n")
    print(markdown_table(HEAD, rows))


def measured(source: Source, path: Path, *, processes: int) -> list[str]:
    """The cells of one data set but its name."""
    started = time.monotonic()
    found = inspect_source(source, path, size=STORE["size"], slab_mm=STORE["slab_mm"], processes=processes).estimate
    assert found is not None, "no sample of the slices can be read"
    inspected = time.monotonic() - started
    with watched_memory() as memory:
        taken = prepare_store(
            source,
            path,
            size=STORE["size"],
            n_folds=STORE["n_folds"],
            test_share=STORE["test_share"],
            seed=STORE["seed"],
            slab_mm=STORE["slab_mm"],
            processes=processes,
        )
    assert isinstance(taken, PreparedSummary)
    disk = sum(file.stat().st_size for file in (path / "studies").glob("*.b2nd"))
    pairs = (found.disk_bytes / MB, disk / MB), (found.memory_bytes / MB, memory.most / MB)
    numbers = [f"{value:,.0f}" for pair in (*pairs, (found.seconds, taken.seconds)) for value in pair]
    return [f"{taken.n_studies:,}", f"{taken.n_slices:,}", *numbers, f"{inspected:.0f}"]


@dataclass
class Memory:
    """The most bytes that this process and those it started held together."""

    most: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look until told to stop."""
        while not self.stop.wait(EVERY):
            self.most = max(self.most, sum(map(resident_bytes, family(os.getpid()))))


@contextmanager
def watched_memory() -> Iterator[Memory]:
    """Watch memory in a thread of its own."""
    memory = Memory()
    thread = threading.Thread(target=memory.watch)
    thread.start()
    try:
        yield memory
    finally:
        memory.stop.set()
        thread.join()


def family(process: int) -> list[int]:
    """A process and all below it."""
    parents = {int(file.parent.name): parent_of(file) for file in Path("/proc").glob("[0-9]*/stat")}
    found = [process]
    for one in found:  # grows while it is gone through
        found += [child for child, parent in parents.items() if parent == one]
    return found


def parent_of(stat: Path) -> int:
    """The process that started another one; 0 once that is gone."""
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])  # proc(5): behind the name stand state and parent
    except OSError:
        return 0


def resident_bytes(process: int) -> int:
    """What a process holds in memory; 0 once it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
