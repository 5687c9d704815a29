"""Finishes a preparation: tables, folds, store.json, and the account of every file."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ich import __version__
from ich.sources.source import RejectedFile, Source
from ich.store.assign import assign_folds, folds_from_file, remember_folds
from ich.store.files import write_json
from ich.store.folds import FoldOptions, Folds
from ich.store.gather import pixels_by_patient, read_facts, slice_table, study_table, write_rejected, write_tables
from ich.store.inventory import Inventory
from ich.store.keys import HashKey
from ich.store.settings import FORMAT, StoreSettings, digest
from ich.store.summary import PreparedSummary, count_folds, count_warnings, expected_sentence, positives
from ich.store.write import StudyWritten


@dataclass(frozen=True)
class Account:
    """One run of a preparation: what it was asked, what it found, what it made."""

    source: Source
    settings: StoreSettings
    options: FoldOptions
    inventory: Inventory
    made: tuple[StudyWritten, ...]


@dataclass(frozen=True)
class FileCounts:
    """Every file found ends in exactly one of used, not chosen, rejected."""

    found: int
    used: int
    not_chosen: int
    rejected: int

    def __post_init__(self) -> None:
        assert self.found == self.used + self.not_chosen + self.rejected, self


def finish_store(
    path: Path, account: Account, *, key: HashKey, folds: Path | None, earlier: Mapping[str, Any] | None, started: float
) -> PreparedSummary:
    """Gather the tables, place the patients, write store.json last.

    Args:
        path: the store, its studies written.
        account: this run.
        key: that patients are hashed with.
        folds: a user's own table of folds.
        earlier: store.json of the run before.
        started: `time.monotonic()` at the start.

    Raises:
        DataError: the user's table of folds lacks a patient.
    """
    facts = list(read_facts(path, settings=account.settings))
    studies, slices = study_table(facts), slice_table(facts)
    split = {**asdict(account.options), "folds": "rule" if folds is None else "file"}
    placed = _place(path, studies, facts, account=account, key=key, folds=folds, forget=_split_before(earlier) != split)
    studies.insert(2, "fold", studies["patient"].map(placed.by_patient).astype("int64"))
    rejected, codes, files = _account_files(facts, account)
    write_rejected(path, rejected)
    write_tables(path, studies, slices=slices)
    found = {"studies": len(studies), "patients": studies["patient"].nunique(), "slices": len(slices)}
    notes = (*account.inventory.notes, *placed.notes, *_left_over(path, facts))
    summary = PreparedSummary(
        path=path,
        source=account.source.name,
        n_studies=found["studies"],
        n_patients=found["patients"],
        n_slices=found["slices"],
        n_made=sum(not one.failed for one in account.made),
        n_failed=sum(bool(one.failed) for one in account.made),
        positive_slices=positives(slices),
        positive_studies=positives(studies),
        n_labelled_slices=int(slices["any"].notna().sum()),
        folds=count_folds(studies),
        files=asdict(files),
        rejected=dict(Counter(one.code for one in rejected).most_common()),
        not_chosen=dict(codes.most_common()),
        warnings=count_warnings(facts),
        notes=notes,
        expected=expected_sentence(account.source.expected, found=found),
        hash=digest(account.settings.hash.encode(), *(one["hash"].encode() for one in facts)),
        seconds=time.monotonic() - started,
    )
    write_json(path / "store.json", _content(summary, account, split=split), indent=2)
    return summary


def _place(
    path: Path,
    studies: pd.DataFrame,
    facts: list[dict[str, Any]],
    *,
    account: Account,
    key: HashKey,
    folds: Path | None,
    forget: bool,
) -> Folds:
    pixels = pixels_by_patient(facts)
    if folds is None:
        return assign_folds(path, studies, pixels=pixels, options=account.options, forget=forget)
    patients = sorted(set(studies["patient"]))
    placed = folds_from_file(folds, patients, source=account.source.name, key=key, pixels=pixels)
    remember_folds(path, placed.by_patient)
    return placed


def _split_before(earlier: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if earlier is None else earlier["split"]


def _account_files(
    facts: list[dict[str, Any]], account: Account
) -> tuple[list[RejectedFile], Counter[str], FileCounts]:
    """Rejected files, not chosen ones by code, and the counts of all."""
    failed = {one.study: one.failed for one in account.made if one.failed}
    rejected = [*account.inventory.rejected, *(file for files in failed.values() for file in files)]
    rejected += [RejectedFile(**file) for one in facts for file in one["rejected"]]
    codes: Counter[str] = Counter()
    for one in facts:
        for _, n_files, code, _ in one["not_chosen"]:
            codes[code] += n_files
    listed = {one.study for one in account.inventory.studies}
    for listed_study in account.inventory.studies:
        if listed_study.study in failed:
            codes["study_failed"] += listed_study.n_files - len(failed[listed_study.study])
    gone = sum(sum(one["files"].values()) for one in facts if one["study"] not in listed)
    used = sum(one["files"]["used"] for one in facts)
    counts = FileCounts(account.inventory.n_files + gone, used, sum(codes.values()), len(rejected))
    return rejected, +codes, counts


def _left_over(path: Path, facts: list[dict[str, Any]]) -> tuple[str, ...]:
    n_others = len(list((path / "studies").glob("*.json"))) - len(facts)
    if not n_others:
        return ()
    return (
        f"{n_others} studies were made with other settings and are not among the files any more; they are left out",
    )


def _content(summary: PreparedSummary, account: Account, *, split: Mapping[str, Any]) -> dict[str, Any]:
    """What store.json says."""
    return {
        "format": FORMAT,
        "code_version": __version__,
        "source": summary.source,
        "hash": summary.hash,
        "settings": asdict(account.settings),
        "settings_hash": account.settings.hash,
        "split": dict(split),
        "counts": {
            "studies": summary.n_studies,
            "patients": summary.n_patients,
            "slices": summary.n_slices,
            "labelled_slices": summary.n_labelled_slices,
            "positive_slices": summary.positive_slices,
            "positive_studies": summary.positive_studies,
            "files": summary.files,
            "rejected": summary.rejected,
            "not_chosen": summary.not_chosen,
        },
        "folds": [asdict(one) for one in summary.folds],
        "expected": dict(account.source.expected),
        "differs": summary.expected,
        "warnings": summary.warnings,
        "notes": list(summary.notes),
    }
