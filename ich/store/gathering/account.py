"""Accounts for every file of a data set: used, not chosen or rejected, and nothing else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ich.sources.source import RejectedFile
from ich.store.listing.inventory import Inventory


@dataclass(frozen=True)
class FileCounts:
    """Every file found ends in exactly one of used, not chosen, rejected."""

    found: int
    used: int
    not_chosen: int
    rejected: int

    def __post_init__(self) -> None:
        assert self.found == self.used + self.not_chosen + self.rejected, self


@dataclass(frozen=True)
class FileAccount:
    """What became of all files.

    Attributes:
        counts: by outcome.
        rejected: each with its reason.
        not_chosen: files by reason code, the most frequent first.
    """

    counts: FileCounts
    rejected: tuple[RejectedFile, ...]
    not_chosen: Mapping[str, int]


def account_files(
    facts: Sequence[Mapping[str, Any]], inventory: Inventory, *, failed: Mapping[str, Sequence[RejectedFile]]
) -> FileAccount:
    """Count the files of the inventory, and those of studies that stand in the store though their files are gone.

    Args:
        facts: of every study in the store.
        inventory: all files found.
        failed: rejected files of the studies of which nothing could be read, by key; their other files count as not
            chosen, `study_failed`.
    """
    rejected = [*inventory.rejected, *(file for files in failed.values() for file in files)]
    rejected += [RejectedFile(**file) for one in facts for file in one["rejected"]]
    codes: Counter[str] = Counter()
    for one in facts:
        for _, n_files, code, _ in one["not_chosen"]:
            codes[code] += n_files
    for listed in inventory.studies:
        if listed.study in failed:
            codes["study_failed"] += listed.n_files - len(failed[listed.study])
    studies = {listed.study for listed in inventory.studies}
    n_gone = sum(sum(one["files"].values()) for one in facts if one["study"] not in studies)
    used = sum(one["files"]["used"] for one in facts)
    counts = FileCounts(inventory.n_files + n_gone, used, sum(codes.values()), len(rejected))
    return FileAccount(counts, tuple(rejected), dict((+codes).most_common()))


def replaced_studies(facts: Sequence[Mapping[str, Any]], inventory: Inventory) -> frozenset[str]:
    """Keys of the studies in the store whose files are there, but are read otherwise now, or not at all.

    Their series are told apart now or taken together, or what is left of them is no head. A study stays whose files
    are gone altogether.

    Args:
        facts: of every study in the store.
        inventory: all files found.
    """
    listed = {one.study for one in inventory.studies}
    others = [one for one in facts if one["study"] not in listed]
    if inventory.headers is None or not others:
        return frozenset()
    rows = inventory.headers.group_by(["study_uid", "patient"]).aggregate([]).to_pylist()
    there = {(row["study_uid"], row["patient"]) for row in rows}
    uids = {one["study"]: str(one["study_uid"]).partition("/")[0] for one in others}
    return frozenset(
        one["study"]
        for one in others
        if (uids[one["study"]], one["patient"]) in there or (uids[one["study"]], "") in there
    )
