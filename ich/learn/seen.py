"""Whom a net has seen in training, those whom its starting weights had seen included: plain facts of its checkpoint."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from ich.learn.checkpoint import FACTS_KEY
from ich.nets.weights import UNTRAINED, weights_file

PRETRAINED = "pretrained"  # name of the fact
_LISTS = ("sources", "train_patients", "validation_patients")  # plain lists of names in our checkpoints

Start = dict[str, Any]


def start_of(weights: str | None) -> Start | None:
    """What the weights that a net starts from have seen, as far as their file says it.

    Args:
        weights: as `ich.nets.weights.load_weights` takes them.

    Returns:
        None for random weights. Else {"origins": "hub", "file" or "checkpoint", "is_known": bool, "sources",
        "train_patients": whom they and what they started from were trained on, "chosen_patients": on whom they were
        chosen}, patients by their keys. A published backbone of the hub has seen photographs, no store's patients; of
        a file without our facts nothing is known. A checkpoint of ours that has no such fact, as those of
        before it was written down, counts as one that started from random weights.

    Raises:
        DataError: no such file.
    """
    if weights in UNTRAINED:
        return None
    assert weights is not None
    if weights == "hub":
        return _start("hub")
    facts = _facts_in(weights_file(weights))
    if facts is None:
        return _start("file", is_known=False)
    chosen = set() if facts.get("chosen") == "last" else set(facts["validation_patients"])
    return _start(
        "checkpoint",
        is_known=not is_start_unknown(facts),
        sources=seen_sources(facts),
        train_patients=seen_patients(facts),
        chosen_patients=chosen | chosen_patients(facts),
    )


def joined_starts(starts: Iterable[Start | None]) -> Start | None:
    """What the starting weights of several nets have seen; None where all nets began with random ones."""
    there = [start for start in starts if start]
    if not there:
        return None
    joined = {
        name: sorted({value for start in there for value in start[name]})
        for name in ("origins", "sources", "train_patients", "chosen_patients")
    }
    return {**joined, "is_known": all(start["is_known"] for start in there)}


def seen_patients(facts: Mapping[str, Any]) -> set[str]:
    """Keys of the patients on whom a net, or what it started from, was trained."""
    return {*facts["train_patients"], *_pretrained(facts).get("train_patients", ())}


def seen_sources(facts: Mapping[str, Any]) -> set[str]:
    """Names of the data sets that these patients are from."""
    return {*facts["sources"], *_pretrained(facts).get("sources", ())}


def chosen_patients(facts: Mapping[str, Any]) -> set[str]:
    """Keys of the patients on whose scores the starting weights were chosen."""
    return set(_pretrained(facts).get("chosen_patients", ()))


def is_start_unknown(facts: Mapping[str, Any]) -> bool:
    """Whether a net goes back to a file that doesn't say whom it has seen."""
    return not _pretrained(facts).get("is_known", True)


def _pretrained(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return facts.get(PRETRAINED) or {}


def _start(origin: str, *, is_known: bool = True, **seen: Iterable[str]) -> Start:
    named = {name: sorted(seen.get(name, ())) for name in ("sources", "train_patients", "chosen_patients")}
    return {"origins": [origin], "is_known": is_known, **named}


def _facts_in(file: Path) -> Mapping[str, Any] | None:
    """The facts of a checkpoint of ours; None for any other file, which `load_weights` will judge."""
    if file.suffix == ".safetensors":
        return None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # foreign bytes raise some ten kinds, and whoever loads the tensors says what is wrong
        return None
    facts = content.get(FACTS_KEY) if isinstance(content, Mapping) else None
    if not isinstance(facts, Mapping) or not all(isinstance(facts.get(name), list) for name in _LISTS):
        return None
    return facts
