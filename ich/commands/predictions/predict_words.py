"""What `predict.py` says at its end: the first of the worklist, what is odd about them, what was not read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ich.commands.terminal import say, shown, table
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.reasons import REASONS
from ich.labels import LABELS
from ich.numerals import counted

MOST_ROWS = 20  # of the worklist on the terminal, and of sentences; the tables have all

Unread = tuple[str, str]  # a study's first file, relative to the input, and why the study was not read


def say_scored(
    rows: Sequence[dict[str, Any]],
    *,
    folder: Path,
    point: str,
    n_left_out: int,
    unread: Sequence[Unread],
    notes: Sequence[str],
) -> None:
    """Print the first rows of the worklist and what a reader of them should know.

    Args:
        rows: of worklist.csv.
        folder: of the prediction.
        point: operating point by which studies are flagged.
        n_left_out: rows of not_used.csv.
        unread: studies that were not read.
        notes: of the ensemble.
    """
    first = sorted(rows, key=lambda row: -row["any"])[:MOST_ROWS]
    lines = [
        [row["folder"], str(row["n_slices"]), *(f"{row[label]:.3f}" for label in LABELS), row["flagged"] or "-"]
        for row in first
    ]
    print(table(lines, heads=["study", "slices", *LABELS, f"flagged at {point.replace('_', ' ')}"]))
    if len(rows) > len(first):
        say("predict", f"{counted(len(rows) - len(first), 'further study', 'further studies')} in worklist.csv")
    for row in first:
        if row["n_warnings"]:
            say("note", f"{row['folder']}: {row['warnings']}")
    say_unread(unread)
    for note in notes:
        say("note", note)
    say(
        "predict",
        f"{counted(len(rows), 'study', 'studies')} scored; {n_left_out} files or series not used, "
        f"see {_not_used(folder)}",
    )
    say("predict", "research use only: not a medical device")
    say("next", f"open {shown(folder / first[0]['folder'] / 'page.html')}")


def kind_warnings(kinds: Iterable[SeriesKind]) -> tuple[str, ...]:
    """Sentences on a series that was asked for though it is none of the kind that nets learn from.

    Args:
        kinds: of its slices.
    """
    named = {code for kind in kinds for code in ("localizer", "projection") if getattr(kind, code)}
    return tuple(
        f"the series that was asked for {REASONS[code]}; scores are made for stacks of axial slices"
        for code in sorted(named)
    )


def say_unread(unread: Sequence[Unread]) -> None:
    """Print each reason once, with the first study it holds for and how many there are."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for file, reason in unread:
        by_reason[reason].append("".join(letter if letter.isprintable() else "?" for letter in file))
    for reason, files in list(by_reason.items())[:MOST_ROWS]:
        which = "one study was" if len(files) == 1 else f"{len(files)} studies were"
        where = f"its first file is {files[0]}" if len(files) == 1 else f"the first begins with {files[0]}"
        say("predict", f"{which} not read ({where}): {reason}")
    if len(by_reason) > MOST_ROWS:
        say("predict", f"not read for {len(by_reason) - MOST_ROWS} further reasons; see not_used.csv")


def _not_used(folder: Path) -> str:
    return f"{shown(folder)}/not_used.csv"
