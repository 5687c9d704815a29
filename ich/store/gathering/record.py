"""Writes store.json: what a store was asked to be, and what it is, or which of its shards are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ich import __version__
from ich.sources.source import Source
from ich.store.files import write_json
from ich.store.gathering.folds import FoldOptions
from ich.store.gathering.summary import PreparedSummary
from ich.store.settings import FORMAT, STORE_FILE, StoreSettings
from ich.store.sharing.shards import Share


@dataclass(frozen=True)
class Asked:
    """What a preparation was asked to do.

    Attributes:
        source: the data set.
        settings: of the arrays.
        options: of the split.
        folds: a user's own table of folds.
        share: of the work.
        earlier: store.json of the run before.
        started: `time.monotonic()` at the start.
    """

    source: Source
    settings: StoreSettings
    options: FoldOptions
    folds: Path | None
    share: Share
    earlier: Mapping[str, Any] | None
    started: float

    @property
    def split(self) -> dict[str, Any]:
        """What patients are placed by."""
        return {**asdict(self.options), "folds": "rule" if self.folds is None else "file"}

    @property
    def earlier_split(self) -> dict[str, Any] | None:
        """What the patients in folds.csv were placed by."""
        return None if self.earlier is None else self.earlier["split"]


def mark_unfinished(path: Path, asked: Asked, *, missing: Sequence[int]) -> None:
    """Let store.json say that shards are missing; nobody can open the store then."""
    shards = {"of": asked.share.of, "missing": list(missing)}
    write_json(path / STORE_FILE, {**_heading(asked), "split": asked.earlier_split, "shards": shards}, indent=2)


def write_whole(path: Path, asked: Asked, *, summary: PreparedSummary) -> None:
    """Let store.json say what stands in a store all of whose shards are there."""
    write_json(path / STORE_FILE, _content(summary, asked), indent=2)


def _heading(asked: Asked) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "code_version": __version__,
        "source": asked.source.name,
        "settings": asdict(asked.settings),
        "settings_hash": asked.settings.hash,
    }


def _content(summary: PreparedSummary, asked: Asked) -> dict[str, Any]:
    """What store.json says."""
    return {
        **_heading(asked),
        "hash": summary.hash,
        "split": asked.split,
        "shards": {"of": asked.share.of, "missing": []},
        "counts": {
            "studies": summary.n_studies,
            "patients": summary.n_patients,
            "slices": summary.n_slices,
            "labelled_slices": summary.n_labelled_slices,
            "labelled_studies": summary.n_labelled_studies,
            "positive_slices": summary.positive_slices,
            "positive_studies": summary.positive_studies,
            "files": summary.files,
            "rejected": summary.rejected,
            "not_chosen": summary.not_chosen,
        },
        "folds": [asdict(one) for one in summary.folds],
        "facts": summary.facts,
        "expected": dict(asked.source.expected),
        "differs": summary.expected,
        "warnings": summary.warnings,
        "notes": list(summary.notes),
    }
