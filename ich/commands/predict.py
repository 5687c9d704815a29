"""`predict.py`: DICOM that no one has labelled in; scores, a worklist and a page for each study out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

import ich
from ich.commands.predictions.predict_words import Unread, kind_warnings, say_scored
from ich.commands.predictions.scored import (
    Scored,
    StudyToScore,
    is_shared,
    read_scored,
    studies_to_score,
    write_scored,
)
from ich.commands.predictions.worklist import (
    NOT_USED,
    OPERATING_POINT,
    WORKLIST,
    gather,
    left_out_rows,
    worklist_row,
)
from ich.commands.terminal import bar, say, shown
from ich.dicom.files import without_dots
from ich.dicom.scan import Scan
from ich.dicom.studies import UnreadStudy, read_studies
from ich.ensemble.ensemble import ICHEnsemble
from ich.errors import EXIT_OK, EXIT_PARTLY, ConfigError, NoHeadCT
from ich.explain import study_maps
from ich.labels import LABELS
from ich.learn.facts import plain
from ich.report.study_page import write_study_page
from ich.store.sharing.shards import Share, share_of


def predict(config: DictConfig) -> int:
    """Score every study of the input, or a shard of them; whoever ends gathers what all have said.

    Raises:
        ConfigError: the output holds other predictions, or a shard or a GPU that is not there.
        NoHeadCT: no study of the input could be read.
    """
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
    rejected = left_out_rows(read.rejected, root)
    rows, n_left_out = gather(folder, list(done.values()), rejected=rejected, shards=share.of)
    return _say_outcome(folder, rows, n_left_out=n_left_out, unread=unread, model=model)


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
        return Scored(study.state, None, str(outcome.reason), left_out_rows(outcome.reason.not_used, root))
    asked_for = [header.kind for header in study.files.headers if header.series_uid == config.series]
    scan = replace(outcome, warnings=(*kind_warnings(asked_for), *outcome.warnings))
    row = _write_study(model, scan, folder / study.name, config=config)
    return Scored(study.state, row, None, left_out_rows(scan.not_used, root))


def _say_outcome(
    folder: Path, rows: Sequence[dict[str, Any]], *, n_left_out: int, unread: Sequence[Unread], model: ICHEnsemble
) -> int:
    if not rows:
        say("predict", f"why each file was not used: {shown(folder)}/{NOT_USED}")
        raise NoHeadCT(unread[0][1])
    say_scored(rows, folder=folder, point=OPERATING_POINT, n_left_out=n_left_out, unread=unread, notes=model.notes)
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
    return worklist_row(scan, prediction, folder=folder)


def _first_file(study: StudyToScore, root: Path) -> str:
    return min(header.file.relative_to(root) for header in study.files.headers)
