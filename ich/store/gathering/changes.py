"""Says what a preparation changed of the store that stood there."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ich.numerals import those_found
from ich.store.gathering.folds import TEST_FOLD
from ich.store.gathering.record import Asked


def change_notes(asked: Asked, *, before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    """Sentences on other settings and on patients who changed sides; none for a store that is new or as it was.

    Args:
        asked: what was to be done, and what store.json said before.
        before: fold of each patient as it was.
        after: as it is.
    """
    if asked.earlier is None:
        return
    words = _differing(asked.earlier["settings"], asdict(asked.settings))
    if words:
        yield f"all studies were made again with other settings ({words})"
    both = before.keys() & after.keys()
    n_moved = sum(before[one] != after[one] for one in both)
    n_crossed = sum((before[one] == TEST_FOLD) != (after[one] == TEST_FOLD) for one in both)
    if n_moved:
        why = _differing(asked.earlier_split or {}, asked.split)
        yield (
            f"the split was made anew{f' ({why})' if why else ''}: {n_moved:,} of {len(both):,} patients changed their "
            f"fold, {n_crossed:,} between test and training; a checkpoint that was trained before is not evaluated on "
            "patients it saw"
        )


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`seed 0 -> 5, n_folds 5 -> 3`."""
    return ", ".join(
        f"{name} {before[name]} -> {after[name]}" for name in after if name in before and before[name] != after[name]
    )


StudySeries = Mapping[tuple[str, str], frozenset[str]]  # by StudyInstanceUID and patient: uids of the series read


def series_notes(before: StudySeries, after: StudySeries) -> list[str]:
    """The sentence on studies of which other series are read than before; none where there are none.

    Args:
        before: of the store as it was.
        after: as it is.
    """
    n_others = sum(before[study] != after[study] for study in before.keys() & after.keys())
    sentence = (
        "study|studies is|are read from another series than before: data.series holds for the run it is given in, "
        "without it the rule chooses"
    )
    return those_found([(n_others, sentence)])
