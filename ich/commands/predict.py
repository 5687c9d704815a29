"""`predict.py`: DICOM that no one has labelled in; scores, a worklist and a page for each study out."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

import ich
from ich.commands.predictions.predict_words import Unread, kind_warnings, say_scored
from ich.commands.predictions.scored import (
    LEFT_OUT_COLUMNS,
    Scored,
    StudyToScore,
    is_shared,
    read_scored,
    remove_scored,
    studies_to_score,
    write_scored,
)
from ich.commands.terminal import bar, say, shown
from ich.dicom.files import DicomFile, without_dots
from ich.dicom.not_used import NotUsed
from ich.dicom.scan import Scan
from ich.dicom.studies import UnreadStudy, read_studies
from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.prediction import Prediction
from ich.errors import EXIT_OK, EXIT_PARTLY, ConfigError, NoHeadCT
from ich.explain import study_maps
from ich.labels import LABELS
from ich.learn.facts import plain
from ich.report.study_page import write_study_page
from ich.store.files import as_cell, write_text
from ich.store.sharing.shards import Share, share_of

OPERATING_POINT = "sensitivity_95"
WORKLIST = "worklist.csv"
LeftOutRow = tuple[Any, ...]


def predict(config: DictConfig) -> int:
    """Score every study of the input, or a shard of them; whoever ends gathers what all have said."""
    from ich.commands.devices import inference_device

    share = share_of(config.shard, config.shards)
    root, folder = without_dots(config.input), Path(config.output)
    if (folder / WORKLIST).exists() and not (config.shards > 1 and is_shared(folder)):
        raise ConfigError(f"output={folder}: expected a new folder, found predictions in it; name another or remove it")
    model = ICHEnsemble.load_from_checkpoint(config.checkpoint, device=inference_device(config.gpus))
    read = read_studies(root, series=config.series, slab_mm=config.slab_mm)
    studies = studies_to_score(read.studies, root=root, settings=_settings(model, config))
    done = read_scored(folder, studies)
    todo = [study for study in studies if study.is_of(share) and study.name not in done]
    outcomes = replace(read, studies=tuple(study.files for study in todo)).outcomes()
    for study, outcome in zip(todo, bar(outcomes, total=len(todo), description="predict"), strict=True):
        scored = _score(model, outcome, study=study, folder=folder, root=root, config=config)
        write_scored(folder, study, scored=scored)
    done = read_scored(folder, studies)
    if len(done) < len(studies):
        return _say_shard(share, done=len(done), of=len(studies), made=len(todo), unread=_unread(done, todo))
    unread = [(_first_file(one, root), done[one.name].unread or "") for one in studies if done[one.name].row is None]
    rejected = _rows(read.rejected, root)
    return _gather(folder, list(done.values()), unread=unread, rejected=rejected, model=model, shards=share.of)


def _settings(model: ICHEnsemble, config: DictConfig) -> dict[str, Any]:
    """What a study's scores and page depend on, beside its files."""
    asked = {name: config[name] for name in ("series", "slab_mm", "heat_maps")}
    return {
        **asked,
        "model": model.hash,
        "points": plain(model.facts["operating_points"]),
        "code_version": ich.__version__,
    }


def _score(
    model: ICHEnsemble,
    outcome: Scan | UnreadStudy,
    study: StudyToScore,
    *,
    folder: Path,
    root: Path,
    config: DictConfig,
) -> Scored:
    if isinstance(outcome, UnreadStudy):
        return Scored(study.state, None, str(outcome.reason), _rows(outcome.reason.not_used, root))
    asked_for = [header.kind for header in study.files.headers if header.series_uid == config.series]
    scan = replace(outcome, warnings=(*kind_warnings(asked_for), *outcome.warnings))
    row = _write_study(model, scan, folder / study.name, config=config)
    return Scored(study.state, row, None, _rows(scan.not_used, root))


def _gather(
    folder: Path,
    done: Sequence[Scored],
    *,
    unread: Sequence[Unread],
    rejected: Sequence[LeftOutRow],
    model: ICHEnsemble,
    shards: int,
) -> int:
    """Write the tables of all studies, in one step each, so that two who end together do no harm."""
    left_out = [*rejected, *(row for scored in done for row in scored.left_out)]
    rows = [scored.row for scored in done if scored.row is not None]
    _write_not_used(folder, left_out)
    if rows:
        _write_worklist(folder, rows)
    if shards == 1:
        remove_scored(folder)  # last: until the worklist is written a second start needs them
    if not rows:
        say("predict", f"why each file was not used: {shown(folder)}/not_used.csv")
        raise NoHeadCT(unread[0][1])
    say_scored(rows, folder=folder, point=OPERATING_POINT, n_left_out=len(left_out), unread=unread, notes=model.notes)
    return EXIT_PARTLY if unread else EXIT_OK


def _unread(done: Mapping[str, Scored], studies: Sequence[StudyToScore]) -> int:
    return sum(done[study.name].unread is not None for study in studies)


def _say_shard(share: Share, *, done: int, of: int, made: int, unread: int) -> int:
    say("predict", f"shard {share.number} of {share.of}: {made} studies scored now, {done} of {of} by all shards")
    if unread:
        say("predict", f"{unread} of them could not be read")
    say("predict", f"whoever ends last writes {WORKLIST}; start a shard again that was stopped")
    return EXIT_PARTLY if unread else EXIT_OK


def _write_study(model: ICHEnsemble, scan: Scan, folder: Path, *, config: DictConfig) -> dict[str, Any]:
    prediction = model.predict(scan, batch_size=config.batch_size)
    heat = None
    if config.heat_maps:
        heat = {
            label: study_maps(model, scan, label=label, probabilities=prediction.slices[label].to_numpy())
            for label in LABELS
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
        "warnings": "; ".join(scan.warnings),
        "notes": "; ".join(prediction.notes),
    }


def _write_worklist(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """`worklist.csv`, highest probability of `any` first."""
    worklist = pd.DataFrame(rows).sort_values("any", ascending=False)
    worklist["study_uid"] = worklist["study_uid"].map(as_cell)
    write_text(folder / WORKLIST, worklist.to_csv(index=False))


def _write_not_used(folder: Path, left_out: Sequence[LeftOutRow]) -> None:
    """`not_used.csv`: each file or series of the input that was not scored, with the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(LEFT_OUT_COLUMNS)
    writer.writerows((as_cell(name), *others) for name, *others in left_out)
    write_text(folder / "not_used.csv", text.getvalue())


def _rows(left_out: Sequence[NotUsed], root: Path) -> tuple[LeftOutRow, ...]:
    return tuple((_name(one, root), one.n_files, one.code, one.sentence) for one in left_out)


def _first_file(study: StudyToScore, root: Path) -> str:
    return min(header.file.relative_to(root) for header in study.files.headers)


def _name(left_out: NotUsed, root: Path) -> str:
    """A file relative to the input, or the uid of a series."""
    subject = left_out.subject
    return subject.relative_to(root) if isinstance(subject, DicomFile) else f"series {subject}"
