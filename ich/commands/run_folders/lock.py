"""One writer a run folder: locks that the kernel frees however their holder ends, so that none is ever left over."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ich.errors import ConfigError

COMMAND_LOCK = "lock"  # held by the command that trains the run
RANK_LOCK = "rank.lock"  # held by its rank zero, which outlives a killed command by up to half a minute

logger = logging.getLogger(__name__)


@contextmanager
def held(run: Path, name: str) -> Iterator[None]:
    """Hold a lock of a run folder.

    Args:
        run: the folder; it must be there.
        name: COMMAND_LOCK or RANK_LOCK.

    Raises:
        ConfigError: somebody else holds it.
    """
    with (run / name).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{run}: expected a run that nobody trains, found a training at work in it; "
                f"wait for its end, or stop it with Ctrl-C or SIGTERM and go on later with resume={run}"
            ) from error
        except OSError as error:  # some network file systems have no locks
            logger.warning("%s can't be locked here (%s): see that no second training writes into it", name, error)
        yield


def check_free(run: Path) -> None:
    """Refuse a run that a command, or the ranks of one that was killed, still write into.

    Raises:
        ConfigError: somebody does.
    """
    for name in (COMMAND_LOCK, RANK_LOCK):
        check_unheld(run, name)


def check_unheld(run: Path, name: str) -> None:
    """Refuse a run of which somebody holds a lock.

    Raises:
        ConfigError: somebody does.
    """
    with held(run, name):
        pass
