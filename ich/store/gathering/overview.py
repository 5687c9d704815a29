"""Sums up the facts of a store's studies: what their scanners, files and slices were like, and how many are odd."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]

_RANGES = (
    "tilt_degrees",
    "step_mm",
    "largest_gap_mm",
    "spacing_rows_mm",
    "thickness_mm",
    "stored_lowest",
    "stored_highest",
)
_VALUES = ("intercept", "slope", "bits_stored", "is_signed", "rows", "columns", "transfer_syntax")
_COUNTS = ("n_repeated", "n_gaps", "n_missing", "n_wrapped", "n_above_3071", "n_untagged_padding")


def overview(all_facts: Sequence[Facts]) -> dict[str, Any]:
    """Plain JSON values over all studies.

    Args:
        all_facts: of each study, as its `.json` has them.

    Returns:
        By fact: [lowest, highest] where it is measured; how many studies have which value, one study perhaps several;
        {"studies", "total"} where slices are counted, of the studies that have any. And how many studies have uneven
        steps, and how many are averaged into slabs.
    """
    facts = [one["facts"] for one in all_facts]
    return {
        **{name: _range(facts, name) for name in _RANGES},
        **{name: _values(facts, name) for name in _VALUES},
        **{name: _count(facts, name) for name in _COUNTS},
        "uneven_steps": sum((one.get("n_steps") or 0) > 1 for one in facts),
        "slabs": sum(bool(one.get("slabs")) for one in facts),
    }


def _range(facts: Sequence[Facts], name: str) -> list[float] | None:
    found = [one[name] for one in facts if one.get(name) is not None]
    return [min(found), max(found)] if found else None


def _values(facts: Sequence[Facts], name: str) -> dict[str, int]:
    counts = Counter(_word(value) for one in facts for value in _several(one, name))
    return dict(counts.most_common())


def _several(facts: Facts, name: str) -> Iterator[Any]:
    """All values of a fact of one study: most have one, a few a list of them."""
    yield from facts.get(f"{name}s") or ([facts[name]] if facts.get(name) is not None else [])


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _count(facts: Sequence[Facts], name: str) -> dict[str, int]:
    found = [one[name] for one in facts if one.get(name)]
    return {"studies": len(found), "total": int(sum(found))}
