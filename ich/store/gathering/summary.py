"""What a preparation tells whoever started it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ich.labels import LABELS
from ich.numerals import without_numbers
from ich.store.sharing.shards import Share


@dataclass(frozen=True)
class FoldCounts:
    """One part of the split: -1 are the test patients, -2 latecomers who belong nowhere."""

    fold: int
    n_patients: int
    n_studies: int
    n_slices: int
    positive_studies: Mapping[str, int]


@dataclass(frozen=True)
class PreparedSummary:
    """What stands in a store after a preparation.

    Attributes:
        path: the store.
        source: name of the data set.
        n_studies, n_patients, n_slices: in the store.
        n_made: studies that this run wrote; the others stood there already.
        n_failed: studies of which nothing could be read.
        positive_slices, positive_studies: by label.
        n_labelled_slices: slices whose `any` is known.
        n_labelled_studies: studies whose `any` is known, from their slices or for the study as a whole.
        folds: parts of the split, test part first.
        files: `found`, `used`, `not_chosen`, `rejected`; the last three add up to the first.
        rejected: number of files by reason code; not_chosen likewise.
        warnings: sentences with how many studies they are true of.
        notes: sentences about the data set as a whole.
        facts: `ich.store.gathering.overview` of all studies.
        expected: counts of the published set beside those found, as a sentence; "" where they agree or none is known.
        hash: of the store.
        seconds: this run took.
    """

    path: Path
    source: str
    n_studies: int
    n_patients: int
    n_slices: int
    n_made: int
    n_failed: int
    positive_slices: Mapping[str, int]
    positive_studies: Mapping[str, int]
    n_labelled_slices: int
    n_labelled_studies: int
    folds: tuple[FoldCounts, ...]
    files: Mapping[str, int]
    rejected: Mapping[str, int]
    not_chosen: Mapping[str, int]
    warnings: Mapping[str, int]
    notes: tuple[str, ...]
    facts: Mapping[str, Any]
    expected: str
    hash: str
    seconds: float


@dataclass(frozen=True)
class ShardSummary:
    """What a shard tells while others are still to be done.

    Attributes:
        path: the store.
        share: this shard.
        n_studies: of this shard.
        n_made: studies that this run wrote; the others stood there already.
        n_failed: studies of this shard of which nothing could be read.
        missing: numbers of the shards that are still to be done.
        seconds: this run took.
    """

    path: Path
    share: Share
    n_studies: int
    n_made: int
    n_failed: int
    missing: tuple[int, ...]
    seconds: float


def positives(table: pd.DataFrame) -> dict[str, int]:
    """Number of rows that are positive, by label."""
    return {label: int((table[label] == 1).sum()) for label in LABELS}


def count_folds(studies: pd.DataFrame) -> tuple[FoldCounts, ...]:
    """Patients, studies, slices and positive studies of each part."""
    return tuple(
        FoldCounts(int(fold), rows["patient"].nunique(), len(rows), int(rows["n_slices"].sum()), positives(rows))
        for fold, rows in studies.groupby("fold", sort=True)
    )


def expected_sentence(expected: Mapping[str, int], *, found: Mapping[str, int]) -> str:
    """What of the store differs from the published set; "" where nothing does."""
    differing = [name for name in expected if expected[name] != found[name]]
    if not differing:
        return ""
    published = _listed([f"{expected[name]:,} {name}" for name in differing])
    return f"the published set has {published}; here are {_listed([f'{found[name]:,}' for name in differing])}"


def count_warnings(all_facts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many studies each kind of warning is true of; a kind is shown by the first sentence of it."""
    warnings = [warning for facts in all_facts for warning in facts["warnings"]]
    counts = Counter(map(without_numbers, warnings))
    examples = {without_numbers(warning): warning for warning in reversed(warnings)}
    return {f"{'for instance: ' if n > 1 else ''}{examples[kind]}": n for kind, n in counts.most_common()}


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
