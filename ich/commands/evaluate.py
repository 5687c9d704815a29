"""`evaluate.py`: a checkpoint and a store in; metrics with intervals, tables and every prediction out."""

import json
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from omegaconf import DictConfig

import ich
from ich.commands.predictions.out_of_fold import fold_runs, with_controls
from ich.commands.predictions.scoring import logit_table, with_probabilities
from ich.commands.stores import open_store
from ich.commands.terminal import as_typed, bar, say, shown, table
from ich.data.rows import positions_of
from ich.ensemble.ensemble import ICHEnsemble
from ich.errors import EXIT_OK, DataError, LeakError
from ich.labels import LABELS
from ich.learn.run_files import CHECKPOINTS
from ich.learn.seen import chosen_patients, is_start_unknown, seen_patients, seen_sources
from ich.metrics.evaluation import evaluate_table
from ich.metrics.one_number import one_number_rules
from ich.progress import Progress
from ich.report.tables import PREDICTOR_NAMES, metrics_markdown, notes, with_interval
from ich.store.files import in_one_step, write_text
from ich.store.settings import digest
from ich.store.split import OUT_OF_FOLD, subset_studies
from ich.store.store import Store


def evaluate(config: DictConfig) -> int:
    """Score a subset of a store and write what was measured."""
    from ich.commands.devices import inference_device

    store, device = open_store(config), inference_device(config.gpus)
    if config.subset == OUT_OF_FOLD:
        return _evaluate_folds(config, store, device=device)
    studies = subset_studies(store, config.subset, fold=config.fold)  # first: a misspelt one must not wait for the nets
    model = ICHEnsemble.load_from_checkpoint(config.checkpoint, device=device)
    predictions = _score(model, store, studies=studies, config=config)
    return _finish(config, store, models=[model], predictions=predictions)


def _evaluate_folds(config: DictConfig, store: Store, *, device: torch.device) -> int:
    """Gather what each training of a cross-validation says of the patients it left out, and score all of it once."""
    runs = fold_runs(Path(config.checkpoint), store)
    models, parts = [], []
    for run in runs:
        model = run.load(store, device=device)
        studies = subset_studies(store, "validation", fold=run.fold)
        say("evaluate", f"fold {run.fold}: {shown(run.run)}")
        parts.append(with_controls(_score(model, store, studies=studies, config=config), model))
        models.append(model)
    say("evaluate", f"{len(runs)} folds, {sum(run.seconds for run in runs):.0f} s of training in all")
    return _finish(config, store, models=models, predictions=pd.concat(parts, ignore_index=True))


def _score(model: ICHEnsemble, store: Store, *, studies: Sequence[str], config: DictConfig) -> pd.DataFrame:
    check_disjoint(model, store, studies=studies, subset=config.subset)
    _check_labels(store, studies)
    say("evaluate", f"{len(studies)} studies of {store.source}, subset {config.subset}")
    return score_studies(
        model, store, studies=studies, batch_size=config.batch_size, with_rules=config.one_number_rules
    )


def _finish(config: DictConfig, store: Store, *, models: Sequence[ICHEnsemble], predictions: pd.DataFrame) -> int:
    """Measure a table of predictions, write it down and say it."""
    first = models[0].facts  # of several, each row has its own in columns
    metrics = {
        **_facts(models, store, config=config),
        **evaluate_table(
            predictions,
            prevalence=first["prevalence"],
            study_prevalence=first["study_prevalence"],
            position_bins=first["position_bins"],
            n_resamples=config.n_resamples,
            seed=config.seed,
        ),
    }
    folder = _output(config, store)
    write_results(folder, metrics, predictions=predictions)
    _say_summary(metrics)
    say("evaluate", f"metrics.json, metrics.md and predictions.parquet in {shown(folder)}")
    if len(models) == 1:
        say("next", f"python predict.py {as_typed('checkpoint', config.checkpoint)} input=DICOM_FOLDER")
    return EXIT_OK


def check_disjoint(model: ICHEnsemble, store: Store, *, studies: Sequence[str], subset: str) -> None:
    """Refuse to score patients on whom the model, or what it started from, was trained.

    Keys are compared within one source. Nets of a cross-validation must not start from weights either that were chosen
    on the patients whom they leave out.

    Raises:
        LeakError: says how many.
    """
    patients = set(store.studies.loc[store.studies["study"].isin(studies), "patient"])
    known = seen_patients(model.facts) | (chosen_patients(model.facts) if subset == OUT_OF_FOLD else set())
    seen = patients & known if store.source in seen_sources(model.facts) else set()
    if seen:
        raise LeakError(
            f"subset={subset}: expected patients whom neither a net nor what it started from was trained on, found "
            f"{len(seen)} of {len(patients)} among their training patients; use subset=test, or another checkpoint"
        )


def score_studies(
    model: ICHEnsemble,
    store: Store,
    *,
    studies: Sequence[str],
    batch_size: int,
    with_rules: bool,
    progress: Progress = bar,
) -> pd.DataFrame:
    """One row a slice: labels, probabilities of the CNN alone and of the ensemble, and the one-number rules.

    Args:
        model: the nets.
        store: where the studies lie.
        studies: keys of those to score.
        batch_size: slices a forward pass.
        with_rules: score the rules that read blood from HU alone too.
        progress: wraps the studies while they are scored.

    Raises:
        DataError: slices of another size than the nets take.
    """
    if store.size != model.size:
        raise DataError(
            f"store.path={store.path}: expected {model.size} px as the model takes, found {store.size} px; "
            f"prepare it with store.size={model.size}"
        )
    predictors = ["cnn", "ensemble"] if model.has_sequence else ["cnn"]
    positions = positions_of(store, studies)
    logits = {}
    rules = []
    for study in progress(studies, total=len(studies), description="evaluate"):
        hu = store.read_study(study)
        answers = model.logits(hu, positions_mm=positions[study], batch_size=batch_size)
        logits[study] = {name: answers[name] for name in predictors}
        if with_rules:
            rules += [one_number_rules(image) for image in hu]
    table = with_probabilities(logit_table(store, logits), predictors)
    table["in_sample"] = model.in_sample
    return pd.concat([table, pd.DataFrame(rules, index=table.index)], axis=1) if rules else table


def write_results(folder: Path, metrics: dict[str, Any], *, predictions: pd.DataFrame) -> None:
    """Write metrics.json, metrics.md and predictions.parquet, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "metrics.json", json.dumps(metrics, indent=1, allow_nan=False) + "\n")
    markdown = metrics_markdown(metrics, source=metrics["source"], in_sample=metrics["in_sample"])
    write_text(folder / "metrics.md", markdown)
    with in_one_step(folder / "predictions.parquet") as part:
        predictions.to_parquet(part, index=False)


def _say_summary(metrics: Mapping[str, Any]) -> None:
    """What a person wants to know first; metrics.md has the rest."""
    for level in ("slice", "study"):
        measured = metrics[level]
        predictors = measured["predictors"]
        names = [name for name in ("cnn", "ensemble", "position") if name in predictors]
        rows = [
            [
                label,
                str(predictors[names[0]]["labels"][label]["positives"]),
                *(with_interval(predictors[name]["labels"][label]["auc"]) for name in names),
            ]
            for label in LABELS
        ]
        say("evaluate", f"{level} level: {measured['n']:,} {level} rows of {measured['n_patients']:,} patients")
        print(table(rows, heads=["AUC", "positives", *(PREDICTOR_NAMES[name] for name in names)]))
        losses = [
            [
                PREDICTOR_NAMES[name],
                with_interval(predictors[name]["log_loss"]),
                with_interval(predictors[name]["log_loss_ratio"]),
            ]
            for name in names
        ]
        print(table(losses, heads=["", "weighted log loss", "of the prevalence answer's"]))
    rules = metrics["slice"]["rules"]
    if rules["best"] is not None:
        say(
            "evaluate",
            f"best one-number rule: {rules['best']}, slice AUC any {with_interval(rules['auc_any'][rules['best']])}",
        )
    for note in notes(
        metrics["source"],
        in_sample=metrics["in_sample"],
        trained_on=metrics["trained_on"],
        start_is_unknown=metrics["start_is_unknown"],
    ):
        say("note", note)


def _check_labels(store: Store, studies: Sequence[str]) -> None:
    rows = [table[table["study"].isin(studies)] for table in (store.slices, store.studies)]
    if not any(table[list(LABELS)].notna().to_numpy().any() for table in rows):
        raise DataError(
            f"store.path={store.path}: expected labels to measure against, found none; score it with predict.py instead"
        )


def _facts(models: Sequence[ICHEnsemble], store: Store, *, config: DictConfig) -> dict[str, Any]:
    return {
        "source": store.source,
        "trained_on": sorted({source for model in models for source in model.facts["sources"]}),
        "start_is_unknown": any(is_start_unknown(model.facts) for model in models),
        "subset": config.subset,
        "in_sample": any(model.in_sample for model in models),
        "n_members": max(len(model.members) for model in models),
        "model_hash": models[0].hash if len(models) == 1 else digest(*(model.hash.encode() for model in models)),
        "store_hash": store.hash,
        "date": time.strftime("%Y-%m-%d"),
        "code_version": ich.__version__,
        "python": platform.python_version(),
    }


def _output(config: DictConfig, store: Store) -> Path:
    if config.output:
        return Path(config.output)
    checkpoint = Path(config.checkpoint)
    run = checkpoint if checkpoint.is_dir() else checkpoint.parent
    run = run.parent if run.name == CHECKPOINTS else run
    return run / "evaluation" / f"{store.path.name}-{config.subset}"
