"""Shares the GPUs of one machine between jobs: each takes free ones by lock files and gives them back when it ends."""

import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ich.errors import ConfigError

POLL_SECONDS = 0.5


@contextmanager
def own_gpus(
    wanted: int | Sequence[int], cards: Sequence[str], *, folder: Path | None = None, poll_seconds: float = POLL_SECONDS
) -> Iterator[list[int]]:
    """Wait until enough GPUs are free and keep them for the length of the block.

    The kernel frees the locks of a process that ends, however it ends. One job at a time gathers, so that two jobs
    never wait for each other's GPUs, and a job that wants many is not passed by jobs that want few.

    Args:
        wanted: how many, whichever are free; or their numbers.
        cards: what names each GPU on this machine, under whichever number a process sees it.
        folder: of the lock files; None: this user's own in the system's temporary folder.
        poll_seconds: between two looks.

    Yields:
        Numbers of the GPUs in `cards`, ascending.

    Raises:
        ConfigError: more or other GPUs than there are.
    """
    eligible = list(range(len(cards))) if isinstance(wanted, int) else sorted(wanted)
    count = wanted if isinstance(wanted, int) else len(eligible)
    if count > len(eligible) or max(eligible, default=-1) >= len(cards):
        raise ConfigError(f"gpus={wanted}: expected GPUs that are there, found {len(cards)} of them; ask for fewer")
    places = {number: (folder or _private_folder()) / f"gpu-{cards[number]}.lock" for number in eligible}
    with ExitStack() as kept:
        yield sorted(_gather(places, count, kept=kept, poll_seconds=poll_seconds))


def _gather(places: dict[int, Path], count: int, *, kept: ExitStack, poll_seconds: float) -> set[int]:
    """Lock so many of the places, as they become free, until `kept` is closed."""
    taken: set[int] = set()
    if count == 0:
        return taken
    gate = next(iter(places.values())).with_name("gathering.lock")
    with FileLock(gate, poll_interval=poll_seconds):
        while True:
            for number in [one for one in places if one not in taken]:
                if len(taken) < count and _is_ours(places[number], kept):
                    taken.add(number)
            if len(taken) == count:
                return taken
            time.sleep(poll_seconds)


def _is_ours(place: Path, kept: ExitStack) -> bool:
    try:
        kept.enter_context(FileLock(place, timeout=0))
    except Timeout:
        return False
    return True


def _private_folder() -> Path:
    """A folder of this user's alone; what another one may have put in the common place is not used."""
    folder = Path(tempfile.gettempdir()) / f"ich-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError(f"{folder}: expected a folder of this user, found another's; set TMPDIR to a folder of yours")
    return folder
