"""The terminal of a command: what it shows a person in lines, bars and tables, and what was typed there."""

import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from ich.progress import Item

BAR_ENVIRONMENT = "ICH_BAR_POSITION"
BARE = re.compile(r"[\w/.+:@%-]+( +[\w/.+:@%-]+)*", re.ASCII)  # that Hydra takes without quotes
MOST_KINDS = 8  # of warnings and reasons that a summary lists; the store's tables hold all


def say(station: str, text: str) -> None:
    """Print `12:03:41  prepare  text` to the terminal; other text than what a person waits for goes to the log."""
    print(f"{time.strftime('%H:%M:%S')}  {station:<9}{text}", flush=True)


def say_counts(kind: str, counts: Mapping[str, int], *, more: str = "see the store's tables") -> None:
    """Print a line for each of the first sentences or codes with its count, and how many others there are.

    Args:
        kind: what is counted.
        counts: by sentence or code, the most frequent first.
        more: where the others are found.
    """
    for sentence, count in list(counts.items())[:MOST_KINDS]:
        say("note", f"{kind}: {count:,}, {sentence}")
    if len(counts) > MOST_KINDS:
        say("note", f"{kind}: {len(counts) - MOST_KINDS} further kinds; {more}")


class BesideBars(logging.StreamHandler[TextIO]):
    """Shows log lines above the progress bars that are on the terminal, not in them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Clear the bars, write the line, draw the bars again."""
        tqdm.write(self.format(record), file=self.stream)
        self.flush()


def bar(items: Iterable[Item], *, total: int, description: str) -> Iterable[Item]:
    """A progress bar over finished pieces of work; silent where standard error is not a terminal."""
    return tqdm(
        items, total=total, desc=description, leave=False, dynamic_ncols=True, mininterval=0.2,
        disable=not sys.stderr.isatty(), position=bar_row(),
    )  # fmt: skip


def bar_row() -> int:
    """Row of the terminal that this process' bars take; trainings side by side have rows of their own."""
    return int(os.environ.get(BAR_ENVIRONMENT, "0"))


def shown(path: Path) -> str:
    """A path as short as it can be typed from here."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def as_typed(option: str, value: object) -> str:
    """An option with its value, to be pasted after a command: quoted for Hydra and for the shell where they need it.

    >>> print(as_typed("cnn", "runs/a"), as_typed("cnn", "runs/my run"), as_typed("store.path", ["a", "b (1)"]))
    cnn=runs/a 'cnn=runs/my run' 'store.path=[a,"b (1)"]'
    """
    text = f"[{','.join(map(for_hydra, value))}]" if isinstance(value, list | tuple) else for_hydra(value)
    return shlex.quote(f"{option}={text}")


def for_hydra(value: object) -> str:
    """A value as Hydra's grammar of overrides takes it: bare where it can stand so, else quoted."""
    text = str(value)
    return text if BARE.fullmatch(text) else '"' + text.replace('"', r"\"") + '"'


@contextmanager
def typed_instead(words: Sequence[str]) -> Iterator[None]:
    """Let a library that reads the command line itself read other words while the block runs.

    Args:
        words: program and arguments.
    """
    before, sys.argv = sys.argv, list(words)
    try:
        yield
    finally:
        sys.argv = before


def number(value: float | None, *, digits: int = 4) -> str:
    """A score as it stands in a table; a hyphen where there is none.

    >>> number(0.25, digits=3), number(None), number(float("nan"))
    ('0.250', '-', '-')
    """
    return "-" if value is None or value != value else f"{value:.{digits}f}"


def table(rows: Sequence[Sequence[str]], *, heads: Sequence[str]) -> str:
    """Text table: first column to the left, the others to the right."""
    widths = [max(len(str(row[column])) for row in [heads, *rows]) for column in range(len(heads))]
    lines = [_line(heads, widths), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (str(cell) for cell in row)
    return "  ".join(
        [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
    )
