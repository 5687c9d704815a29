"""`predict.py`: DICOM that no one has labelled in; scores, a worklist and a page for each study out."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from ich.commands.terminal import bar, say, shown, table
from ich.dicom.files import DicomFile
from ich.dicom.scan import NotUsed, Scan
from ich.dicom.studies import UnreadStudy, read_studies
from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.prediction import Prediction
from ich.errors import EXIT_OK, EXIT_PARTLY, ConfigError
from ich.explain import study_maps
from ich.labels import LABELS
from ich.report.study_page import write_study_page
from ich.store.files import write_text

OPERATING_POINT = "sensitivity_95"
WORKLIST = "worklist.csv"
MOST_ROWS = 20  # of the worklist on the terminal; worklist.csv has all


def predict(config: DictConfig) -> int:
    """Score every study of the input."""
    from ich.commands.settings import inference_device

    model = ICHEnsemble.load_from_checkpoint(config.checkpoint, device=inference_device(config.gpus))
    root, folder = Path(config.input).absolute(), Path(config.output)
    if (folder / WORKLIST).exists():
        raise ConfigError(f"output={folder}: expected a new folder, found predictions in it; name another or remove it")
    read = read_studies(root, series=config.series, slab_mm=config.slab_mm)
    rows: list[dict[str, Any]] = []
    unread: list[UnreadStudy] = []
    left_out: list[NotUsed] = list(read.rejected)
    for number, outcome in enumerate(bar(read.outcomes(), total=read.n_studies, description="predict"), start=1):
        if isinstance(outcome, UnreadStudy):
            unread.append(outcome)
            left_out += outcome.reason.not_used
        else:
            left_out += outcome.not_used
            rows.append(_write_study(model, outcome, folder / f"study-{number:03d}", config=config))
    _write_not_used(folder, left_out, root=root)
    if not rows:
        say("predict", f"why each file was not used: {shown(folder)}/not_used.csv")
        raise unread[0].reason
    _write_worklist(folder, rows)
    _say_summary(rows, folder=folder, n_left_out=len(left_out), unread=unread, notes=model.notes)
    return EXIT_PARTLY if unread else EXIT_OK


def _write_study(model: ICHEnsemble, scan: Scan, folder: Path, *, config: DictConfig) -> dict[str, Any]:
    prediction = model.predict(scan, batch_size=config.batch_size)
    heat = None
    if config.heat_maps:
        heat = {
            label: study_maps(model, scan, label, probabilities=prediction.slices[label].to_numpy()) for label in LABELS
        }
    folder.mkdir(parents=True, exist_ok=True)
    prediction.to_json(folder / "prediction.json")
    prediction.to_csv(folder / "slices.csv")
    write_study_page(folder / "page.html", scan, prediction=prediction, heat=heat)
    return _worklist_row(scan, prediction, folder)


def _worklist_row(scan: Scan, prediction: Prediction, folder: Path) -> dict[str, Any]:
    return {
        "folder": folder.name,
        "study_uid": scan.study_uid,
        "n_slices": len(scan.hu),
        **{label: round(float(prediction.study[label]), 6) for label in LABELS},
        "flagged": " ".join(prediction.flagged(OPERATING_POINT)),
        "not_judged": " ".join(prediction.not_judged(OPERATING_POINT)),
        "n_warnings": len(scan.warnings),
        "notes": "; ".join(prediction.notes),
    }


def _write_worklist(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """`worklist.csv`, highest probability of `any` first."""
    worklist = pd.DataFrame(rows).sort_values("any", ascending=False)
    write_text(folder / WORKLIST, worklist.to_csv(index=False))


def _write_not_used(folder: Path, left_out: Sequence[NotUsed], *, root: Path) -> None:
    """`not_used.csv`: each file or series of the input that was not scored, with the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".not_used.csv.tmp"
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["what", "files", "code", "sentence"])
        writer.writerows([_name(one, root), one.n_files, one.code, one.sentence] for one in left_out)
    unfinished.replace(folder / "not_used.csv")


def _name(left_out: NotUsed, root: Path) -> str:
    """A file relative to the input, or the uid of a series."""
    subject = left_out.subject
    return subject.relative_to(root) if isinstance(subject, DicomFile) else f"series {subject}"


def _say_summary(
    rows: Sequence[dict[str, Any]],
    *,
    folder: Path,
    n_left_out: int,
    unread: Sequence[UnreadStudy],
    notes: Sequence[str],
) -> None:
    first = sorted(rows, key=lambda row: -row["any"])[:MOST_ROWS]
    lines = [
        [row["folder"], str(row["n_slices"]), *(f"{row[label]:.3f}" for label in LABELS), row["flagged"] or "-"]
        for row in first
    ]
    print(table(lines, heads=["study", "slices", *LABELS, f"flagged at {OPERATING_POINT.replace('_', ' ')}"]))
    if len(rows) > len(first):
        say("predict", f"{len(rows) - len(first)} further studies in worklist.csv")
    for outcome in unread:
        say("predict", f"one study was not read: {outcome.reason}")
    for note in notes:
        say("note", note)
    say(
        "predict",
        f"{len(rows)} studies scored; {n_left_out} files or series not used, see {shown(folder)}/not_used.csv",
    )
    say("predict", "research use only: not a medical device")
    say("next", f"open {shown(folder / first[0]['folder'] / 'page.html')}")
