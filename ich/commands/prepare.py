"""`prepare.py`: a data set in, a store out, and what stands in it."""

import os
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.inspect import inspect
from ich.commands.stores import store_path, store_words
from ich.commands.terminal import as_typed, bar, say, say_counts, shown, table
from ich.errors import EXIT_OK, EXIT_PARTLY, DataError
from ich.labels import LABELS
from ich.numerals import counted
from ich.report.contact_sheet import write_contact_sheet
from ich.sources.rsna import Rsna
from ich.sources.source import Source, VolumeSource
from ich.store.gathering.folds import FOLD_NAMES
from ich.store.gathering.summary import PreparedSummary, ShardSummary
from ich.store.listing.all_headers import NothingToRead
from ich.store.prepare import prepare_store


def prepare(config: DictConfig) -> int:
    """Prepare the store of a data set, a shard of it, or say what that would take.

    Raises:
        IchError: nothing that can be read, a setting out of range, or a store of something else in the way.
    """
    from ich.commands.configuration.parts import make_source

    source = make_source(config)
    processes = len(os.sched_getaffinity(0)) if config.processes is None else config.processes
    if config.inspect:
        return inspect(source, config, processes=processes)
    try:
        summary = _prepare(source, config, processes=processes)
    except NothingToRead as error:
        if not error.studies:
            raise
        raise DataError(f"{error}, or add inspect=true, which lists the series") from error
    if isinstance(summary, ShardSummary):
        _say_shard(summary)
    else:
        _say_summary(summary)
        say("prepare", f"look through the studies: {shown(write_contact_sheet(summary.path))}")
        say("next", next_step(summary, source, config=config))
    return EXIT_PARTLY if summary.n_failed else EXIT_OK


def _prepare(source: Source, config: DictConfig, *, processes: int) -> PreparedSummary | ShardSummary:
    return prepare_store(
        source,
        store_path(config),
        size=config.store.size,
        n_folds=config.store.n_folds,
        test_share=config.store.test_share,
        seed=config.store.seed,
        slab_mm=config.store.slab_mm,
        processes=processes,
        folds=Path(config.store.folds) if config.store.folds else None,
        shard=config.shard,
        shards=config.shards,
        progress=bar,
    )


def _say_shard(summary: ShardSummary) -> None:
    of = summary.share.of
    say(
        "prepare",
        f"shard {summary.share.number} of {of}: {counted(summary.n_studies, 'study', 'studies')} in "
        f"{shown(summary.path)} ({summary.n_made} made now, {summary.seconds:.0f} s)",
    )
    if summary.n_failed:
        say("prepare", f"{counted(summary.n_failed, 'study', 'studies')} could not be read")
    say("prepare", f"{of - len(summary.missing)} of {of} shards are done; training waits for all of them")
    say("next", f"the same command with shard={summary.missing[0]} shards={of}")


def next_step(summary: PreparedSummary, source: Source, *, config: DictConfig) -> str:
    """What can be typed next, by what the store's labels and files allow."""
    if summary.n_labelled_slices:
        return f"python train.py model=seresnext {store_words(config)}"
    if summary.n_labelled_studies:
        return f"python evaluate.py checkpoint=RUN subset=all {store_words(config)}"
    if isinstance(source, VolumeSource):
        return "the same command with data.labels=TABLE.csv; predict.py reads DICOM, no volumes"
    if not isinstance(source, Rsna):
        return f"python predict.py checkpoint=RUN {as_typed('input', config.data.root)}"
    places = source.image_places()  # the root holds the other part too
    if len(places) == 1:
        return f"python predict.py checkpoint=RUN {as_typed('input', shown(places[0]))}"
    return "python predict.py checkpoint=RUN input=FOLDER, which holds this part's images and no others"


def _say_summary(summary: PreparedSummary) -> None:
    say(
        "prepare",
        f"{counted(summary.n_studies, 'study', 'studies')} of {counted(summary.n_patients, 'patient')}, "
        f"{counted(summary.n_slices, 'slice')} in {shown(summary.path)} "
        f"({summary.n_made} made now, {summary.seconds:.0f} s)",
    )
    files = summary.files
    say(
        "prepare",
        f"files: {files['found']:,} found = {files['used']:,} used + {files['not_chosen']:,} not chosen + "
        f"{files['rejected']:,} rejected{' (rejected.csv)' if files['rejected'] else ''}",
    )
    if summary.n_failed:
        say("prepare", f"{counted(summary.n_failed, 'study', 'studies')} could not be read; rejected.csv says why")
    if summary.n_labelled_slices or summary.n_labelled_studies:
        by_slice = [["slices", *(f"{summary.positive_slices[label]:,}" for label in LABELS)]]
        by_study = [["studies", *(f"{summary.positive_studies[label]:,}" for label in LABELS)]]
        rows = [*(by_slice if summary.n_labelled_slices else []), *by_study]
        print(table(rows, heads=["positive", *LABELS]))
        print(table(_fold_rows(summary), heads=["part", "patients", "studies", "slices", *LABELS]))
    else:
        say("prepare", "no labels: this store can be neither trained on nor evaluated")
    if summary.n_labelled_studies and not summary.n_labelled_slices:
        say("prepare", "labels of studies, none of slices: this store can be evaluated, not trained on")
    for note in filter(None, [summary.expected, *summary.notes]):
        say("note", note)
    say_counts("not chosen, files", summary.not_chosen)
    say_counts("rejected, files", summary.rejected)
    say_counts("warnings, studies", summary.warnings)


def _fold_rows(summary: PreparedSummary) -> list[list[str]]:
    return [
        [
            FOLD_NAMES.get(part.fold, f"fold {part.fold}"),
            *(f"{count:,}" for count in (part.n_patients, part.n_studies, part.n_slices)),
            *(f"{part.positive_studies[label]:,}" for label in LABELS),
        ]
        for part in summary.folds
    ]
