"""Says what a preparation would read of a data set, and why, from its headers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from ich.dicom.files import without_dots
from ich.dicom.geometry.order import order_slices
from ich.dicom.geometry.slabs import is_thin, slab_groups
from ich.dicom.pixels import is_wrapped
from ich.progress import Progress, quiet
from ich.sources.source import RejectedFile, Source
from ich.store.gathering.finish import nothing_readable
from ich.store.inspecting.estimate import Estimate, Size, estimate
from ich.store.inspecting.series_rows import SeriesRow, series_rows
from ich.store.inspecting.volumes import Looked, look_into, size_of
from ich.store.listing.all_headers import NothingToRead
from ich.store.listing.headers import headers_of
from ich.store.listing.inventory import Inventory, Listed, without_studies
from ich.store.prepare import open_source
from ich.store.settings import StoreSettings
from ich.store.sharing.shards import share_of

MOST_ROWS = 40  # series that are described one by one; of the others there are counts


@dataclass(frozen=True)
class Inspection:
    """What would be read.

    Attributes:
        rows: the first series, study by study.
        further: series that have no row, by outcome.
        n_studies, n_patients: that would be read.
        n_slices: that would be written, a slab as one; None where headers don't tell.
        files: `found`, `to_read`, `not_chosen`, `rejected`; the last three add up to the first.
        not_chosen, rejected: files by reason code.
        n_wrapped: slices with 12 bits wrapped below zero, which are repaired.
        notes: sentences on the data set.
        estimate: what the run will take; None where no sample could be read.
        is_volumes: the data are studies in files of their own, whose headers are read anew each time.
        error: why nothing can be prepared; "" where something can.
    """

    rows: tuple[SeriesRow, ...]
    further: Mapping[str, int]
    n_studies: int
    n_patients: int
    n_slices: int | None
    files: Mapping[str, int]
    not_chosen: Mapping[str, int]
    rejected: Mapping[str, int]
    n_wrapped: int
    notes: tuple[str, ...]
    estimate: Estimate | None
    is_volumes: bool = False
    error: str = ""


def inspect_source(
    source: Source,
    path: Path,
    *,
    size: int,
    slab_mm: float | None,
    processes: int,
    shard: int | None = None,
    shards: int = 1,
    progress: Progress = quiet,
) -> Inspection:
    """Look through a data set; its headers are kept where the store will be, nothing else is written there.

    Args:
        source: the data set.
        path: of the store to be.
        size: rows and columns of a slice, pixels.
        slab_mm: height to which thin slices would be averaged, None to leave them.
        processes: that read headers now, and that the estimate is for.
        shard: number of this shard, from 0; None is none. Shards share the headers.
        shards: how many there are.
        progress: shown by batches of headers.

    Raises:
        ConfigError: a setting out of range.
        DataError: no files, or a store of another source or key in the way.
    """
    share = share_of(shard, shards)
    settings = StoreSettings.of(source, size=size, slab_mm=slab_mm)  # before anything is read
    path = without_dots(path)
    try:
        opened = open_source(source, path, processes=processes, share=share, progress=progress)
    except NothingToRead as error:
        nothing = _inspection(without_studies(error), settings=settings, processes=processes)
        return replace(nothing, error=str(error))
    inventory = opened.inventory
    inventory.save(path)
    settings = StoreSettings.of(source, size=size, slab_mm=slab_mm, key_id=opened.key.id)
    return _inspection(inventory, settings=settings, processes=processes)


def _inspection(inventory: Inventory, *, settings: StoreSettings, processes: int) -> Inspection:
    looked = look_into(inventory, settings=settings, processes=processes)
    rows = list(series_rows(inventory, looked))
    failed = {study: one.rejected for study, one in looked.items() if one.rejected}
    if failed:
        inventory = _without(inventory, failed)
    measured = [_measured(one, inventory, looked, slab_mm=settings.slab_mm) for one in inventory.studies]
    sizes = [one for one, _ in measured if one is not None]
    left_aside = [aside for one in inventory.studies if one.chosen is not None for aside in one.chosen.left_aside]
    not_chosen = _sums([(code, n_files) for _, n_files, code, _ in left_aside])
    rejected = _sums([(one.code, 1) for one in inventory.rejected])
    return Inspection(
        rows=tuple(make() for _, make in rows[:MOST_ROWS]),
        further=_sums([(outcome, 1) for outcome, _ in rows[MOST_ROWS:]]),
        n_studies=len(inventory.studies),
        n_patients=len({one.patient for one in inventory.studies}),
        n_slices=sum(one.n_slices for one in sizes) if sizes else None,
        files=_files(inventory, n_not_chosen=sum(not_chosen.values())),
        not_chosen=not_chosen,
        rejected=rejected,
        n_wrapped=sum(n_wrapped for _, n_wrapped in measured),
        notes=inventory.notes,
        estimate=(
            estimate(inventory.studies, sizes or None, settings=settings, processes=processes)
            if inventory.studies
            else None
        ),
        is_volumes=inventory.headers is None,
        error="" if inventory.studies or not failed else str(nothing_readable(failed)),
    )


def _without(inventory: Inventory, failed: Mapping[str, Sequence[RejectedFile]]) -> Inventory:
    """The inventory without studies whose headers show that nothing of them can be read."""
    studies = tuple(one for one in inventory.studies if one.study not in failed)
    files = [file for rejected in failed.values() for file in rejected]
    return replace(inventory, studies=studies, rejected=(*inventory.rejected, *files))


def _measured(
    listed: Listed, inventory: Inventory, looked: Mapping[str, Looked], *, slab_mm: float | None
) -> tuple[Size | None, int]:
    """What is read and written of a study, and how many of its slices are wrapped; None where no header tells."""
    if inventory.headers is None or listed.chosen is None:
        facts = looked[listed.study].facts
        return None if facts is None else size_of(facts, slab_mm=slab_mm), 0
    headers = headers_of(inventory.headers.take(pa.array(listed.chosen.rows)), inventory.files)
    n_slices = len(headers)
    if not listed.chosen.whole:
        ordered = order_slices(headers)
        n_slices = len(ordered.groups)
        if slab_mm is not None and is_thin(ordered.step_mm):
            positions = ordered.positions_mm[[group[0] for group in ordered.groups]]
            n_slices = len(slab_groups(positions, slab_mm))
    native = 2 * n_slices * max(header.rows for header in headers) * max(header.columns for header in headers)
    return Size(len(headers), n_slices, native), sum(map(is_wrapped, headers))


def _files(inventory: Inventory, *, n_not_chosen: int) -> dict[str, int]:
    n_rejected = len(inventory.rejected)
    found = inventory.n_files
    return {
        "found": found,
        "to_read": found - n_not_chosen - n_rejected,
        "not_chosen": n_not_chosen,
        "rejected": n_rejected,
    }


def _sums(counts: Sequence[tuple[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for name, count in counts:
        total[name] += count
    return dict(total.most_common())
