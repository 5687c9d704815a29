"""Shares the GPUs of one machine between jobs: each takes free ones by lock files and gives them back when it ends.

The lock of a GPU is taken by one job at a time, and then held by all processes of that job: by the command, and by the
ranks, which may outlive a command that was killed.
"""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from ich.errors import ConfigError

POLL_SECONDS = 0.5
LOCKS_ENVIRONMENT = "ICH_GPU_LOCKS"  # lock files of a job's GPUs, for the processes that it starts


@contextmanager
def own_gpus(
    wanted: int | Sequence[int], cards: Sequence[str], *, folder: Path | None = None, poll_seconds: float = POLL_SECONDS
) -> Iterator[list[int]]:
    """Wait until enough GPUs are free and keep them for the length of the block.

    The kernel frees the locks of a process that ends, however it ends. One job at a time gathers, so that two jobs
    never wait for each other's GPUs, and a job that wants many is not passed by jobs that want few. Processes that are
    started in the block learn of the locks by the environment and hold them too (`gpus_of_command`).

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
    if count == 0:
        yield []
        return
    folder = folder or _private_folder()
    with ExitStack() as kept:
        files = {number: kept.enter_context((folder / f"gpu-{cards[number]}.lock").open("a")) for number in eligible}
        with (folder / "gathering.lock").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            taken = _gather(files, count, poll_seconds=poll_seconds)
        kept.enter_context(_told([files[number].name for number in taken]))
        yield taken


@contextmanager
def gpus_of_command() -> Iterator[None]:
    """Hold, for the length of the block, the GPUs that the job has which started this process.

    Its command holds them too, so that nobody waits here.
    """
    with ExitStack() as kept:
        for place in filter(None, os.environ.get(LOCKS_ENVIRONMENT, "").split(os.pathsep)):
            fcntl.flock(kept.enter_context(Path(place).open("a")), fcntl.LOCK_SH)
        yield


def _gather(files: Mapping[int, TextIO], count: int, *, poll_seconds: float) -> list[int]:
    """Take so many of the GPUs as they become free; only who has passed the gate may take one."""
    taken: set[int] = set()
    while True:
        for number in sorted(set(files) - taken):
            if len(taken) < count and _is_ours(files[number]):
                taken.add(number)
        if len(taken) == count:
            return sorted(taken)
        time.sleep(poll_seconds)


def _is_ours(file: TextIO) -> bool:
    """Take a lock that no process holds, and hold it so that processes of this job can, too."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_SH)
    return True


@contextmanager
def _told(places: Sequence[str]) -> Iterator[None]:
    """Let processes that are started in the block know of lock files."""
    before = os.environ.get(LOCKS_ENVIRONMENT)
    os.environ[LOCKS_ENVIRONMENT] = os.pathsep.join(places)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(LOCKS_ENVIRONMENT, None)
        else:
            os.environ[LOCKS_ENVIRONMENT] = before


def _private_folder() -> Path:
    """A folder of this user's alone; what another one may have put in the common place is not used."""
    folder = Path(tempfile.gettempdir()) / f"ich-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError(f"{folder}: expected a folder of this user, found another's; set TMPDIR to a folder of yours")
    return folder
