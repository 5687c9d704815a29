"""Prepares a store from a source: in parallel, going on where an earlier run stopped, every file accounted for."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ich.errors import ConfigError, DataError
from ich.progress import Progress, quiet
from ich.sources.source import Source
from ich.store.assign import read_fold_file
from ich.store.finish import Account, finish_store
from ich.store.folds import FoldOptions
from ich.store.gather import read_facts
from ich.store.guards import StudyGuard
from ich.store.inventory import Inventory, Listed, list_studies
from ich.store.keys import HashKey, find_hash_key
from ich.store.parallel import in_parallel
from ich.store.settings import FORMAT, StoreSettings
from ich.store.summary import PreparedSummary
from ich.store.write import StudyJob, StudyWritten, write_study


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
    progress: Progress = quiet,
) -> PreparedSummary:
    """Turn a data set into a store; a second run takes only what is missing or was made otherwise.

    Args:
        source: the data set.
        path: the store's folder, made where it isn't there.
        size: rows and columns of a slice, pixels.
        n_folds: folds of the patients who aren't test patients.
        test_share: share of patients kept apart as fold -1; 0 for none.
        seed: of the split.
        slab_mm: height to which thin slices are averaged, None to leave them; not for sources that keep every slice.
        processes: workers that read and write; 0 works in this process, where a bad file may end the whole run.
        folds: CSV `patient,fold` to use instead of the rule.
        progress: shown by batches of headers, then by studies.

    Raises:
        ConfigError: a setting out of range.
        DataError: nothing to prepare, or a store of another source or key in the way; nothing is written then.
    """
    started = time.monotonic()
    options = FoldOptions(n_folds, test_share, seed)
    StoreSettings(source.name, size, slab_mm, "")
    if processes < 0:
        raise ConfigError(f"processes={processes}: expected 0 or more, found fewer; leave it out for one a core")
    if folds is not None:
        read_fold_file(folds)
    path = path.absolute()
    earlier = _earlier(path, source)
    source.check(progress=progress)

    def find_key() -> HashKey:
        return _same_key(find_hash_key(path.parent, public=source.public), earlier, path)

    inventory = list_studies(source, path=path, find_key=find_key, processes=processes, progress=progress)
    key = find_key()
    settings = StoreSettings(source.name, size, None if source.keeps_every_slice else slab_mm, key.id)
    made = _make_studies(path, inventory, settings=settings, earlier=earlier, processes=processes, progress=progress)
    account = Account(source, settings, options, inventory, made)
    return finish_store(path, account, key=key, folds=folds, earlier=earlier, started=started)


def _earlier(path: Path, source: Source) -> dict[str, Any] | None:
    """What store.json of an earlier run says, if there was one."""
    way_out = f"choose another store.path, or remove {path}"
    if path.exists() and not path.is_dir():
        raise DataError(f"store.path={path}: expected a folder, found a file; {way_out}")
    if not (path / "store.json").is_file():
        if path.exists() and any(path.iterdir()) and not (path / "studies").is_dir():
            raise DataError(
                f"store.path={path}: expected a store or nothing, found a folder with other things; {way_out}"
            )
        return None
    try:
        content = json.loads((path / "store.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"store.path={path}: expected a readable store.json, found a damaged one; {way_out}") from error
    if content.get("format") != FORMAT:
        raise DataError(f"store.path={path}: expected store format {FORMAT}, found {content.get('format')}; {way_out}")
    if content["source"] != source.name:
        raise DataError(
            f"store.path={path}: expected a store of {source.name}, found one of {content['source']}; {way_out}"
        )
    return content


def _same_key(key: HashKey, earlier: Mapping[str, Any] | None, path: Path) -> HashKey:
    if earlier is not None and earlier["settings"]["key_id"] != key.id:
        raise DataError(
            f"store.path={path}: expected the key its patients were hashed with, found another ({key.origin}); "
            "set ICH_HASH_KEY as before, or choose another store.path"
        )
    return key


def _make_studies(
    path: Path,
    inventory: Inventory,
    *,
    settings: StoreSettings,
    earlier: Mapping[str, Any] | None,
    processes: int,
    progress: Progress,
) -> tuple[StudyWritten, ...]:
    """Write the studies that are missing or were made otherwise."""
    is_new = not path.exists()
    folder = path / "studies"
    folder.mkdir(parents=True, exist_ok=True)
    if earlier is not None and earlier["settings_hash"] != settings.hash:
        (path / "store.json").unlink()  # its tables would describe arrays of another kind from now on
    inventory.save(path)
    there = {facts["study"]: facts["fingerprint"] for facts in read_facts(path, settings=settings)}
    todo = [
        one
        for one in inventory.studies
        if there.get(one.study) != one.fingerprint(settings) or not (folder / f"{one.study}.b2nd").is_file()
    ]
    jobs = _jobs(todo, settings, folder)
    written = in_parallel(write_study, jobs, processes=min(processes, len(todo)), guard=StudyGuard())
    made = tuple(progress(written, total=len(todo), description="studies"))
    failed = [file for one in made for file in one.failed]
    if inventory.studies and sum(bool(one.failed) for one in made) == len(inventory.studies) and not there:
        if is_new:
            _remove_empty_store(path)
        codes = ", ".join(f"{n} {code}" for code, n in Counter(file.code for file in failed).most_common())
        raise DataError(
            f"studies={len(inventory.studies)}: expected readable slices, found none ({codes}): "
            f"{failed[0].sentence}; name another folder"
        )
    return made


def _remove_empty_store(path: Path) -> None:
    """Take away what this run made before it found that no study can be read."""
    (path / "headers.parquet").unlink(missing_ok=True)
    (path / "studies").rmdir()
    path.rmdir()


def _jobs(todo: list[Listed], settings: StoreSettings, folder: Path) -> Iterator[StudyJob]:
    for one in todo:
        yield StudyJob(one.load(), one.study, one.patient, one.fingerprint(settings), settings, folder)
