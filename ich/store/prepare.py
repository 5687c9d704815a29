"""Prepares a store from a source: in parallel, going on where an earlier run stopped, every file accounted for."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ich.dicom.files import without_dots
from ich.errors import ConfigError, DataError
from ich.progress import Progress, quiet
from ich.sources.source import Source
from ich.store.gathering.assign import read_fold_file
from ich.store.gathering.finish import finish_store, nothing_readable
from ich.store.gathering.folds import FoldOptions
from ich.store.gathering.gather import read_facts
from ich.store.gathering.record import Asked, mark_unfinished
from ich.store.gathering.summary import PreparedSummary, ShardSummary
from ich.store.keys import HashKey, find_hash_key
from ich.store.listing.all_headers import HEADERS_FILE
from ich.store.listing.header_parts import remove_parts
from ich.store.listing.inventory import Inventory, list_studies
from ich.store.settings import FORMAT, STORE_FILE, StoreSettings
from ich.store.sharing.shards import Share, share_of
from ich.store.store import WHOLE
from ich.store.writing.guards import StudyGuard
from ich.store.writing.parallel import in_parallel
from ich.store.writing.write import StudyJob, StudyWritten, is_array_whole, write_study


def prepare_store(
    source: Source,
    path: Path,
    *,
    size: int,
    n_folds: int,
    test_share: float,
    seed: int,
    slab_mm: float | None,
    processes: int,
    folds: Path | None = None,
    shard: int | None = None,
    shards: int = 1,
    progress: Progress = quiet,
) -> PreparedSummary | ShardSummary:
    """Turn a data set into a store; a second run takes only what is missing or was made otherwise.

    Args:
        source: the data set.
        path: the store's folder, made where it isn't there.
        size: rows and columns of a slice, pixels.
        n_folds: folds of the patients who aren't test patients.
        test_share: share of patients kept apart as fold -1; 0 for none.
        seed: of the split.
        slab_mm: height to which thin slices are averaged, None to leave them; slices with labels are left as they are.
        processes: workers that read and write; 0 works in this process, where a bad file may end the whole run.
        folds: CSV `patient,fold` to use instead of the rule.
        shard: number of this shard, from 0; None does all.
        shards: that share the work, each started by itself, in any order or at the same time.
        progress: shown by batches of headers, then by studies.

    Returns:
        What stands in the store; or, while other shards are to be done, what this one did.

    Raises:
        ConfigError: a setting out of range.
        DataError: nothing to prepare, or a store of another source or key in the way; nothing is written then.
    """
    started = time.monotonic()
    share = share_of(shard, shards)
    options = FoldOptions(n_folds, test_share, seed)
    StoreSettings.of(source, size=size, slab_mm=slab_mm)  # before anything is read
    if folds is not None:
        read_fold_file(folds)
    path = without_dots(path)
    is_new = not path.exists()
    opened = open_source(source, path, processes=processes, share=share, progress=progress)
    key, inventory = opened.key, opened.inventory
    settings = StoreSettings.of(source, size=size, slab_mm=slab_mm, key_id=key.id)
    asked = Asked(source, settings, options, folds, share, opened.earlier, started)
    _refuse_other_shards(asked, path)
    inventory.save(path)
    made = _make_studies(path, asked, inventory=inventory, processes=processes, progress=progress)
    if share.of == 1 and not any((path / "studies").glob("*.json")):
        if is_new:
            _remove_empty_store(path)
        raise nothing_readable({one.study: one.failed for one in made})
    return finish_store(path, asked, inventory=inventory, made=made, key=key)


@dataclass(frozen=True)
class Opened:
    """A data set, looked through.

    Attributes:
        inventory: all its files.
        key: that its patients are hashed with.
        earlier: store.json of an earlier run, if there was one.
    """

    inventory: Inventory
    key: HashKey
    earlier: Mapping[str, Any] | None


def open_source(
    source: Source, path: Path, *, processes: int, share: Share | None = None, progress: Progress = quiet
) -> Opened:
    """Look through a data set for the store at `path`, reading headers that aren't known.

    Args:
        source: the data set.
        path: absolute, of the store; it may not be there yet.
        processes: that read headers.
        share: of the work; None is all of it.
        progress: shown by batches of headers.

    Raises:
        ConfigError: fewer than 0 processes.
        DataError: nothing to prepare, or a store of another source or key in the way; nothing is written then.
    """
    if processes < 0:
        raise ConfigError(f"processes={processes}: expected 0 or more, found fewer; leave it out for one a core")
    earlier = _earlier(path, source)
    source.check(progress=progress)

    def find_key() -> HashKey:
        return _same_key(find_hash_key(path.parent, public=source.public), earlier, path)

    inventory = list_studies(source, path=path, find_key=find_key, processes=processes, share=share, progress=progress)
    return Opened(inventory, find_key(), earlier)


def _earlier(path: Path, source: Source) -> dict[str, Any] | None:
    """What store.json of an earlier run says, if there was one."""
    way_out = f"choose another store.path, or remove {path}"
    if path.exists() and not path.is_dir():
        raise DataError(f"store.path={path}: expected a folder, found a file; {way_out}")
    if not (path / STORE_FILE).is_file():
        if path.exists() and not (path / "studies").is_dir() and not _holds_only_headers(path):
            raise DataError(
                f"store.path={path}: expected a store or nothing, found a folder with other things; {way_out}"
            )
        return None
    try:
        content = json.loads((path / STORE_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"store.path={path}: expected a readable store.json, found a damaged one; {way_out}") from error
    if content.get("format") != FORMAT:
        raise DataError(f"store.path={path}: expected store format {FORMAT}, found {content.get('format')}; {way_out}")
    if content["source"] != source.name:
        raise DataError(
            f"store.path={path}: expected a store of {source.name}, found one of {content['source']}; {way_out}"
        )
    part = content["settings"].get("part", source.part)
    if part != source.part:
        raise DataError(
            f"store.path={path}: expected a store of {source.name}, {source.part or 'all parts'}, found one of "
            f"{part or 'all parts'}; {way_out}"
        )
    return content


def _refuse_other_shards(asked: Asked, path: Path) -> None:
    """A whole store can't be opened while shards of another number are to be done: refuse if nothing else changed."""
    if asked.earlier is None or asked.share.of == 1:
        return
    shards = asked.earlier.get("shards", WHOLE)
    is_same = asked.earlier["settings_hash"] == asked.settings.hash and asked.earlier_split == asked.split
    if is_same and not shards["missing"] and shards["of"] != asked.share.of:
        raise DataError(
            f"shards={asked.share.of}: expected no whole store, found one at {path} that was made in {shards['of']}; "
            "leave shard and shards out to bring it up to date, or choose another store.path"
        )


def _same_key(key: HashKey, earlier: Mapping[str, Any] | None, path: Path) -> HashKey:
    if earlier is not None and earlier["settings"]["key_id"] != key.id:
        raise DataError(
            f"store.path={path}: expected the key its patients were hashed with, found another ({key.origin}); "
            "set ICH_HASH_KEY as before, or choose another store.path"
        )
    return key


def _holds_only_headers(path: Path) -> bool:
    """Whether a folder is empty, or as `inspect=true` and shards leave it before a study is written."""
    return all(file.name.split(".")[0] in ("headers", "shards") for file in path.iterdir())


def _make_studies(
    path: Path, asked: Asked, *, inventory: Inventory, processes: int, progress: Progress
) -> tuple[StudyWritten, ...]:
    """Write the studies of this share that are missing or were made otherwise."""
    settings, share, folder = asked.settings, asked.share, path / "studies"
    folder.mkdir(parents=True, exist_ok=True)
    if asked.earlier is not None and asked.earlier["settings_hash"] != settings.hash:
        mark_unfinished(path, asked, missing=range(share.of))  # its tables would describe arrays of another kind
    there = {
        facts["study"]: facts["fingerprint"]
        for facts in read_facts(path, settings=settings, share=share)
        if is_array_whole(folder, facts)
    }
    todo = [
        one for one in inventory.studies if share.holds(one.study) and there.get(one.study) != one.fingerprint(settings)
    ]
    jobs = (StudyJob(one.load(), one.study, one.patient, one.fingerprint(settings), settings, folder) for one in todo)
    written = in_parallel(write_study, jobs, processes=min(processes, len(todo)), guard=StudyGuard())
    return tuple(progress(written, total=len(todo), description="studies"))


def _remove_empty_store(path: Path) -> None:
    """Take away what this run made before it found that no study can be read."""
    remove_parts(path)
    (path / HEADERS_FILE).unlink(missing_ok=True)
    (path / "studies").rmdir()
    path.rmdir()
