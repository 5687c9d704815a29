"""`prepare.py`: a data set in, a store out, and what stands in it."""

import os
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.runs import store_path, store_words
from ich.commands.terminal import bar, say, shown, table
from ich.errors import EXIT_OK, EXIT_PARTLY
from ich.labels import LABELS
from ich.store.prepare import prepare_store
from ich.store.summary import PreparedSummary

MOST_KINDS = 8  # of warnings and reasons that a summary lists; the store's tables hold all


def prepare(config: DictConfig) -> int:
    """Prepare the store of a data set."""
    from ich.commands.parts import make_source

    source = make_source(config)
    summary = prepare_store(
        source,
        store_path(config),
        size=config.store.size,
        n_folds=config.store.n_folds,
        test_share=config.store.test_share,
        seed=config.store.seed,
        slab_mm=config.store.slab_mm,
        processes=len(os.sched_getaffinity(0)) if config.processes is None else config.processes,
        folds=Path(config.store.folds) if config.store.folds else None,
        progress=bar,
    )
    _say_summary(summary)
    if summary.n_labelled_slices:
        say("next", f"python train.py model=seresnext {store_words(config)}")
    else:
        say("next", f"python predict.py checkpoint=RUN input={config.data.root}")
    return EXIT_PARTLY if summary.n_failed else EXIT_OK


def _say_summary(summary: PreparedSummary) -> None:
    say(
        "prepare",
        f"{summary.n_studies} studies of {summary.n_patients} patients, {summary.n_slices:,} slices in "
        f"{shown(summary.path)} ({summary.n_made} made now, {summary.seconds:.0f} s)",
    )
    files = summary.files
    say(
        "prepare",
        f"files: {files['found']:,} found = {files['used']:,} used + {files['not_chosen']:,} not chosen + "
        f"{files['rejected']:,} rejected{' (rejected.csv)' if files['rejected'] else ''}",
    )
    if summary.n_failed:
        say("prepare", f"{summary.n_failed} studies could not be read; rejected.csv says why")
    if summary.n_labelled_slices:
        rows = [
            ["slices", *(f"{summary.positive_slices[label]:,}" for label in LABELS)],
            ["studies", *(f"{summary.positive_studies[label]:,}" for label in LABELS)],
        ]
        print(table(rows, heads=["positive", *LABELS]))
        print(table(_fold_rows(summary), heads=["part", "patients", "studies", "slices", *LABELS]))
    else:
        say("prepare", "no labels: this store can be scored, not trained on")
    for note in filter(None, [summary.expected, *summary.notes]):
        say("note", note)
    _say_counts("not chosen, files", summary.not_chosen)
    _say_counts("rejected, files", summary.rejected)
    _say_counts("warnings, studies", summary.warnings)


def _fold_rows(summary: PreparedSummary) -> list[list[str]]:
    names = {-1: "test", -2: "none"}
    return [
        [
            names.get(part.fold, f"fold {part.fold}"),
            *(f"{count:,}" for count in (part.n_patients, part.n_studies, part.n_slices)),
            *(f"{part.positive_studies[label]:,}" for label in LABELS),
        ]
        for part in summary.folds
    ]


def _say_counts(kind: str, counts: Mapping[str, int]) -> None:
    for sentence, count in list(counts.items())[:MOST_KINDS]:
        say("note", f"{kind}: {count:,}, {sentence}")
    if len(counts) > MOST_KINDS:
        say("note", f"{kind}: {len(counts) - MOST_KINDS} further kinds; see the store's tables")
