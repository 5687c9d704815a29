"""The tables of a prediction: `worklist.csv`, a row a study; `not_used.csv`, a row a file or series left out."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ich.commands.predictions.scored import Scored, remove_scored
from ich.dicom.files import DicomFile
from ich.dicom.scan import NotUsed, Scan
from ich.ensemble.prediction import Prediction
from ich.labels import LABELS
from ich.store.files import as_cell, write_text

WORKLIST = "worklist.csv"
NOT_USED = "not_used.csv"
OPERATING_POINT = "sensitivity_95"  # by which studies are flagged
LEFT_OUT_COLUMNS = ("what", "files", "code", "sentence")

LeftOutRow = tuple[Any, ...]  # of LEFT_OUT_COLUMNS


def worklist_row(scan: Scan, prediction: Prediction, *, folder: Path) -> dict[str, Any]:
    """A study's row of the worklist.

    Args:
        scan: the study as it was read.
        prediction: what the nets say of it.
        folder: of its page.
    """
    return {
        "folder": folder.name,
        "study_uid": scan.study_uid,
        "n_slices": len(scan.hu),
        **{label: round(float(prediction.study[label]), 6) for label in LABELS},
        "flagged": " ".join(prediction.flagged(OPERATING_POINT)),
        "not_judged": " ".join(prediction.not_judged(OPERATING_POINT)),
        "n_warnings": len(scan.warnings),
        "warnings": "; ".join(scan.warnings),
        "notes": "; ".join(prediction.notes),
    }


def left_out_rows(left_out: Sequence[NotUsed], root: Path) -> tuple[LeftOutRow, ...]:
    """Rows of the files and series of an input that were not scored.

    Args:
        left_out: with the reason of each.
        root: absolute, of the input; files are named relative to it, a series by its uid.
    """
    return tuple((_name(one, root), one.n_files, one.code, one.sentence) for one in left_out)


def gather(
    folder: Path, done: Sequence[Scored], *, rejected: Sequence[LeftOutRow], shards: int
) -> tuple[list[dict[str, Any]], int]:
    """Write the tables of all studies, then take away what told a second start which of them were done.

    Args:
        folder: of the prediction.
        done: all studies.
        rejected: rows of what belongs to no study.
        shards: of the work; several leave to each other what they have said.

    Returns:
        The rows of the worklist, and how many the other table has.
    """
    left_out = [*rejected, *(row for scored in done for row in scored.left_out)]
    rows = [scored.row for scored in done if scored.row is not None]
    write_tables(folder, rows, left_out=left_out)
    if shards == 1:
        remove_scored(folder)  # last: until the worklist is written a second start needs them
    return rows, len(left_out)


def write_tables(folder: Path, rows: Sequence[dict[str, Any]], *, left_out: Sequence[LeftOutRow]) -> None:
    """Write both tables, in one step each, so that two who end together do no harm; no worklist without a study.

    Args:
        folder: of the prediction.
        rows: of the worklist; the highest probability of `any` comes first.
        left_out: rows of the other table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(LEFT_OUT_COLUMNS)
    writer.writerows((as_cell(name), *others) for name, *others in left_out)
    write_text(folder / NOT_USED, text.getvalue())
    if rows:
        worklist = pd.DataFrame(rows).sort_values("any", ascending=False)
        worklist["study_uid"] = worklist["study_uid"].map(as_cell)
        write_text(folder / WORKLIST, worklist.to_csv(index=False))


def _name(left_out: NotUsed, root: Path) -> str:
    subject = left_out.subject
    return subject.relative_to(root) if isinstance(subject, DicomFile) else f"series {subject}"
