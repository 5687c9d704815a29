"""Claims on pieces of work that several processes, perhaps on several machines, share through one folder."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_SECONDS = 60.0  # a claim that isn't renewed for so long is a dead process's
RENEWALS = 6  # within that time


class Claims:
    """Takes claims, and watches those of others until they are stale.

    A claim is a file that only one process can make. Its owner renews its time as long as it works; whoever sees it
    unchanged for `stale_seconds` by his own clock takes it over, so that machines' clocks need not agree. Two who take
    one over at the same moment do the same work twice, which harms nobody: results are put in place whole.

    Attributes:
        stale_seconds: after which a claim counts as left behind.
    """

    def __init__(self, stale_seconds: float | None = None) -> None:
        self.stale_seconds = STALE_SECONDS if stale_seconds is None else stale_seconds
        self._seen: dict[Path, tuple[int, float]] = {}

    @contextmanager
    def take(self, place: Path) -> Iterator[bool]:
        """Claim a piece of work for the length of the block; gives whether it is ours.

        Args:
            place: the claim's file.
        """
        if not (_make(place) or (self._is_stale(place) and _make_again(place))):
            yield False
            return
        stopped = threading.Event()
        renewing = threading.Thread(
            target=_renew, args=(place, stopped), kwargs={"every": self.stale_seconds / RENEWALS}, daemon=True
        )
        renewing.start()
        try:
            yield True
        finally:
            stopped.set()
            renewing.join()
            place.unlink(missing_ok=True)

    def _is_stale(self, place: Path) -> bool:
        """Whether its time has stood still since it was first looked at, long enough."""
        try:
            renewed = place.stat().st_mtime_ns
        except FileNotFoundError:
            return True
        known, since = self._seen.get(place, (None, 0.0))
        if known != renewed:
            self._seen[place] = (renewed, time.monotonic())
            return False
        return time.monotonic() - since > self.stale_seconds


def _make(place: Path) -> bool:
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


def _make_again(place: Path) -> bool:
    place.unlink(missing_ok=True)
    return _make(place)


def _renew(place: Path, stopped: threading.Event, *, every: float) -> None:
    while not stopped.wait(every):
        try:
            os.utime(place)
        except FileNotFoundError:
            return  # taken over: this process was asleep for too long
