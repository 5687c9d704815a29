"""The page of all results: docs/results.md from the row files in docs/results/."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ich.errors import DataError
from ich.report.tables import NOTHING, markdown_table, metrics_markdown, notes, with_interval
from ich.store.files import write_text

FACTS = ("command", "machine", "date", "seed", "source")
PATIENT_ROWS = ("rows", "patients", "predictions")  # keys that would put single patients on a public page
HEAD = """# Results

Made from the files in `docs/results/` by `make results`; edit those, not this page. Every row is ours: its command,
machine, date and seed stand below. What others published stands apart, in a table of its own."""


def write_results(folder: Path, page: Path) -> None:
    """Write the page.

    Args:
        folder: holds the row files (`*.json`).
        page: the markdown file; replaced.

    Raises:
        DataError: no row files, or a row file that isn't one.
    """
    write_text(page, render_results(folder))


def render_results(folder: Path) -> str:
    """The page's markdown.

    A row file is a metrics.json without patient rows plus `title`, `command`, `machine`, `date`, `seed`, `source` and
    `notes` (a sentence, or a list of them); `in_sample: true` brings its note. Instead of metrics, or beside them, it
    may hold `figures`: [{name, value, unit, target}], the last two optional (a speed, a count). A file with
    `published`: [{system, data, measure, value, source}] is not a row of ours: its figures stand in the last table.
    Rows come in the order of their file names.

    Args:
        folder: holds the row files (`*.json`).

    Raises:
        DataError: no row files, or a row file that isn't one.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataError(f"{folder.name}: expected a .json file a row, found none; run evaluate.py and keep its metrics")
    contents = {file.name: _read(file) for file in files}
    ours = [row for row in contents.values() if "published" not in row]
    theirs = [figure for row in contents.values() for figure in row.get("published", [])]
    measured = [row for row in ours if "slice" in row]
    parts = [HEAD]
    if measured:
        parts += ["## All rows", _overview(measured)]
    parts += [_section(row) for row in ours]
    if theirs:
        parts += [
            "## Published by others",
            "Their data, their splits, their code: not measured by us.",
            _theirs(theirs),
        ]
    return "\n\n".join(parts) + "\n"


def _read(file: Path) -> dict:
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{file.name}: expected JSON, found something else ({error})") from error
    if "published" in row:
        return row
    missing = [key for key in ("title", *FACTS, "notes") if key not in row]
    if missing:
        raise DataError(
            f"{file.name}: expected the keys title, {', '.join(FACTS)}, notes; missing {', '.join(missing)}"
        )
    if "slice" not in row and "figures" not in row:
        raise DataError(f"{file.name}: expected metrics (slice, study) or figures, found neither; see evaluate.py")
    leaked = [key for key in PATIENT_ROWS if key in row]
    if leaked:
        raise DataError(f"{file.name}: expected no patient rows, found {', '.join(leaked)}; leave them out")
    return row


def _overview(rows: Sequence[Mapping]) -> str:
    head = ["row", "data", "by", "slice AUC any", "position alone", "log loss : prevalence answer's", "study AUC any"]
    return markdown_table(
        head,
        [
            [
                row["title"],
                row["source"],
                name,
                with_interval(row["slice"]["predictors"][name]["labels"]["any"]["auc"]),
                with_interval(row["slice"]["predictors"]["position"]["labels"]["any"]["auc"]),
                with_interval(row["slice"]["predictors"][name]["log_loss_ratio"]),
                with_interval(row["study"]["predictors"][name]["labels"]["any"]["auc"]),
            ]
            for row in rows
            for name in ("cnn", "ensemble")
            if name in row["slice"]["predictors"]
        ],
    )


def _section(row: Mapping) -> str:
    facts = [[key, f"`{row[key]}`" if key == "command" else str(row[key])] for key in FACTS]
    parts = [f"## {row['title']}", markdown_table(["", ""], facts)]
    parts += [row["notes"]] if isinstance(row["notes"], str) and row["notes"] else list(row["notes"])
    if "figures" in row:
        parts.append(_figures(row["figures"]))
    if "slice" in row:
        parts.append(
            metrics_markdown(row, source=row["source"], in_sample=row.get("in_sample", False), heading=3).rstrip()
        )
    else:
        parts += [f"> {note}" for note in notes(row["source"], in_sample=row.get("in_sample", False))]
    return "\n\n".join(parts)


def _figures(figures: Sequence[Mapping]) -> str:
    rows = [
        [figure["name"], f"{figure['value']} {figure.get('unit', '')}".strip(), figure.get("target", NOTHING)]
        for figure in figures
    ]
    return markdown_table(["what", "measured", "target"], rows)


def _theirs(figures: Sequence[Mapping]) -> str:
    columns = ("system", "data", "measure", "value", "source")
    return markdown_table(columns, [[str(figure.get(column, NOTHING)) for column in columns] for figure in figures])
