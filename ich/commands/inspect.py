"""`prepare.py inspect=true`: what would be read of a data set and why, and what that would take."""

from collections import Counter

from omegaconf import DictConfig

from ich.commands.stores import store_path
from ich.commands.terminal import bar, say, say_counts, shown, table
from ich.errors import EXIT_OK, DataError
from ich.sources.source import Source
from ich.store.inspecting.estimate import Estimate
from ich.store.inspecting.inspection import Inspection, inspect_source
from ich.store.inspecting.series_rows import SeriesRow

HEADS = [
    "study",
    "series",
    "files",
    "slices",
    "matrix",
    "step mm",
    "tilt",
    "repeated",
    "intercept",
    "kind",
    "outcome",
    "series uid",
]
GB, MB = 1e9, 1e6


def inspect(source: Source, config: DictConfig, *, processes: int) -> int:
    """Print what a preparation would do; a table of the series also where nothing can be prepared.

    Args:
        source: the data set.
        config: of `prepare.py`.
        processes: that the preparation would have.

    Raises:
        DataError: nothing to prepare.
    """
    path = store_path(config)
    found = inspect_source(
        source,
        path,
        size=config.store.size,
        slab_mm=config.store.slab_mm,
        processes=processes,
        shard=config.shard,
        shards=config.shards,
        progress=bar,
    )
    print(table([_cells(row) for row in found.rows], heads=HEADS))
    outcomes = Counter(f"{row.outcome}: {row.reason}" for row in found.rows)
    say_counts("number of series", outcomes, more="not listed here")
    say_counts("number of further series", found.further, more="not listed here")
    _say_counts_of(found, processes=processes)
    if found.error:
        raise DataError(found.error)
    kept = "" if found.is_volumes else f"; headers are kept in {shown(path)}"
    say("next", f"the same command without inspect=true{kept}")
    return EXIT_OK


def _say_counts_of(found: Inspection, *, processes: int) -> None:
    slices = "" if found.n_slices is None else f", {found.n_slices:,} slices"
    say("inspect", f"{found.n_studies:,} studies of {found.n_patients:,} patients would be read{slices}")
    files = found.files
    say(
        "inspect",
        f"files: {files['found']:,} found = {files['to_read']:,} to read + {files['not_chosen']:,} not chosen + "
        f"{files['rejected']:,} rejected",
    )
    if found.n_wrapped:
        say("inspect", f"{found.n_wrapped:,} slices hold 12 bits wrapped below zero; they are repaired")
    if found.is_volumes and not found.error and found.n_slices is None:
        say("inspect", "files are not looked into: slices, matrix and damage are found when they are prepared")
    elif found.is_volumes and not found.error:
        say("inspect", "of volumes the headers were read; damage behind them is found when they are prepared")
    if not found.error:
        say("inspect", _estimate(found.estimate, processes=processes))
    for note in found.notes:
        say("note", note)
    say_counts("not chosen, files", found.not_chosen, more="not listed here")
    say_counts("rejected, files", found.rejected, more="not listed here")


def _cells(row: SeriesRow) -> list[str]:
    step = "" if row.step_mm is None else f"{row.step_mm:.2f}"
    number = str(row.number) if row.number else ""
    slices = f"{row.n_slices:,}" if row.n_slices else ""
    tilt = "" if row.tilt_degrees is None else f"{row.tilt_degrees + 0.0:.1f}"
    repeated = f"{row.n_repeated:,}" if row.n_repeated else ""
    intercept = " to ".join(dict.fromkeys(f"{value:g}" for value in row.intercepts))
    files = f"{row.n_files:,}"
    geometry = [slices, row.matrix, step, tilt, repeated]
    return [row.study or "-", number, files, *geometry, intercept, row.kind, row.outcome, row.uid]


def _estimate(estimate: Estimate | None, *, processes: int) -> str:
    if estimate is None:
        return "no sample of the slices can be read, so there is no estimate"
    disk, memory = estimate.disk_bytes, estimate.memory_bytes
    return (
        f"estimate: {_size(disk)} on disk, {_size(memory)} of memory, {_duration(estimate.seconds)} "
        f"{f'with {processes} processes' if processes else 'in one process'}, from a few slices read now"
    )


def _size(n_bytes: float) -> str:
    return f"{n_bytes / GB:.1f} GB" if n_bytes >= GB else f"{max(1.0, n_bytes / MB):.0f} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
