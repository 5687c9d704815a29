"""Typed options that several commands read: where things lie, and the prepared store."""

from dataclasses import dataclass

MISSING = "???"
# Metadata of a field whose node is a target's arguments: the dataclass of further keys that stand beside them.
BESIDE = "beside"
# Metadata of a field that must be there and not be empty.
NEEDED = "needed"


@dataclass
class PathsOptions:
    """Where things lie; relative paths are relative to where the command is typed."""

    data: str = "data"
    """Folder of made data sets."""
    stores: str = "stores"
    """Folder of prepared stores."""
    runs: str = "runs"
    """Folder of runs: trainings, evaluations, predictions."""
    features: str = "runs/features"
    """Folder of cached slice features, by checkpoint and study."""


@dataclass
class StoreOptions:
    """The prepared store."""

    path: str | list[str] | None = None
    """Folder of the store; null: beside the others, named after the data set; a training takes a list of them."""
    share: list[float] | None = None
    """Training on several stores: how much of an epoch each one's slices are; null: each slice equally often."""
    size: int = 256
    """In-plane size in pixels after the area resize."""
    n_folds: int = 5
    """Folds the training patients are split in."""
    test_share: float = 0.2
    """Share of patients kept apart as fold -1; 0 for none."""
    seed: int = 0
    """Seed of the split."""
    slab_mm: float | None = 5.0
    """Thickness in mm that thin series are averaged to; null leaves them as they are."""
    folds: str | None = None
    """CSV `patient,fold` that overrides the split."""
