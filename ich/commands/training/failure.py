"""What went wrong in the processes of a training, left in the run folder for the command to say."""

import contextlib
import sys
from pathlib import Path

ERROR_FILE = "error.txt"  # what a user can mend, in the words of the rank that met it
FAILURE_FILE = "failure.txt"  # anything else: the sentence of the rank that failed first


def forget(run: Path) -> None:
    """Remove what an earlier start left."""
    for name in (ERROR_FILE, FAILURE_FILE):
        (run / name).unlink(missing_ok=True)


def write_error(run: Path, sentence: str) -> None:
    """Leave what the user can mend; on standard error where no file can be written."""
    _leave(run / ERROR_FILE, sentence, mode="w")


def write_failure(run: Path, sentence: str, *, instead: bool = False) -> None:
    """Leave why a rank failed; the first one counts, for those after it fail because of it.

    Args:
        run: the run's folder.
        sentence: what happened; it goes to standard error where no file can be written.
        instead: of what a rank wrote: a kill is seen from outside only, after others have met its consequence.
    """
    with contextlib.suppress(FileExistsError):
        _leave(run / FAILURE_FILE, sentence, mode="w" if instead else "x")


def error_of(run: Path) -> str | None:
    """What the user can mend; None: nothing was met."""
    return _text(run / ERROR_FILE)


def failure_of(run: Path) -> str | None:
    """Why the first rank failed; None: it could not say."""
    return _text(run / FAILURE_FILE)


def _leave(path: Path, sentence: str, *, mode: str) -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(f"{sentence}\n")
    except FileExistsError:
        raise
    except OSError as error:  # a full disk, which may be what the sentence is about
        with contextlib.suppress(OSError):  # standard error may be a file on the same disk
            print(f"{sentence} ({path.name} can't be written: {error.strerror})", file=sys.stderr, flush=True)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None
