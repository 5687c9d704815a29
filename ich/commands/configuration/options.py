"""The typed options of the commands: what each key may hold, its unit, and its default.

Parts that are swapped (`data`, `model.net`, `loss`, `optimizer`, `schedule`, `augment`) are nodes with a `_target_` and
are held against the signature of what they name (`ich.commands.configuration.check`); everything else against these
dataclasses. A training's own stand in `training_options`.
"""

from dataclasses import dataclass, field
from typing import Any

from ich.commands.configuration.shared_options import MISSING, PathsOptions, StoreOptions
from ich.commands.configuration.training_options import TrainOptions


@dataclass
class PrepareOptions:
    """What `prepare.py` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions)
    store: StoreOptions = field(default_factory=StoreOptions)
    difficulty: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    processes: int | None = None
    """Processes that read; 0 works in this one; null: by the cores this process may use."""
    inspect: bool = False
    """Say what would be read and why, and what it would take; only headers are read and kept."""
    shard: int | None = None
    """Number of this shard, from 0; null: the whole work."""
    shards: int = 1
    """Shards that share the work, each started by itself."""


@dataclass
class EvaluateOptions:
    """What `evaluate.py` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions)
    store: StoreOptions = field(default_factory=StoreOptions)
    difficulty: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    checkpoint: str = MISSING
    """Ensemble, slice checkpoint or run folder."""
    subset: str = "test"
    """`test` (patients kept apart), `validation`, `all`, or `out_of_fold` (of a sweep over folds)."""
    fold: int = 0
    """Fold that `subset=validation` means."""
    n_resamples: int = 1000
    """Resamples of patients behind each interval."""
    seed: int = 0
    """Seed of the resamples."""
    one_number_rules: bool = True
    """Score three rules that read blood from HU alone beside the nets."""
    batch_size: int = 32
    """Slices a forward pass."""
    gpus: Any = "auto"
    """`auto`, `0` (CPU), or a GPU's number in brackets: `[1]`."""
    output: str | None = None
    """Folder of the results; null: `evaluation/<store>-<subset>` beside the checkpoint."""


@dataclass
class PredictOptions:
    """What `predict.py` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions)
    input: str = MISSING
    """A DICOM file, a folder or a zip; several studies are told apart."""
    checkpoint: str = MISSING
    """Ensemble, slice checkpoint or run folder."""
    output: str = "predictions"
    """Folder of the scores and pages."""
    series: str | None = None
    """SeriesInstanceUID to read instead of the chosen one."""
    slab_mm: float | None = 5.0
    """Thickness in mm that thin series are averaged to; null leaves them as they are."""
    heat_maps: bool = True
    """Draw Grad-CAM maps on the page."""
    batch_size: int = 32
    """Slices a forward pass."""
    gpus: Any = "auto"
    """`auto`, `0` (CPU), or a GPU's number in brackets: `[1]`."""
    shard: int | None = None
    """Number of this shard, from 0; null: the whole work."""
    shards: int = 1
    """Shards that share the studies, each started by itself."""


@dataclass
class DemoOptions:
    """What `ich demo` reads: the road as a list of commands, as a user would type them."""

    folder: str = "runs/demo"
    """Where everything is written."""
    seed: int = 0
    """Seed of heads, split and trainings."""
    studies: dict[str, int] = field(default_factory=dict)
    """Made studies with bf16 and without."""
    budget_seconds: dict[str, int] = field(default_factory=dict)
    """What the whole may take on two free cores, with bf16 and without."""
    prepare: list[str] = field(default_factory=list)
    """Overrides of the preparation."""
    cnn: dict[str, list[str]] = field(default_factory=dict)
    """Overrides of each slice net, by name."""
    sequence: list[str] = field(default_factory=list)
    """Overrides of the sequence stage."""
    evaluate: list[str] = field(default_factory=list)
    """Overrides of the evaluation."""
    predict: list[str] = field(default_factory=list)
    """Overrides of the prediction."""


@dataclass
class ResultsOptions:
    """What `ich results` reads."""

    folder: str = "docs/results"
    """The rows: metrics without patient rows."""
    page: str = "docs/results.md"
    """What is written from them."""
    keep: str | None = None
    """metrics.json to keep as a row; null: only write the page."""
    name: str | None = None
    """File name of the row, without .json."""
    title: str | None = None
    """Heading of the row."""
    command: str | None = None
    """What to type to get it."""
    machine: str | None = None
    """Where it was measured; null: this machine's processor and cores."""
    seed: int | None = None
    """Seed of the training."""
    notes: Any = None
    """A sentence or a list of them."""


@dataclass
class HeadsOptions:
    """What `ich heads` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions)
    difficulty: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    output: str = "heads.png"
    """The figure."""
    real: str | None = None
    """Folder or zip of real head CT; null: made heads only."""
    n_heads: int = 3
    """Made heads, a row each."""
    seed: int = 0
    """Seed of the heads."""


SCHEMAS: dict[str, type] = {
    "prepare": PrepareOptions,
    "train": TrainOptions,
    "evaluate": EvaluateOptions,
    "predict": PredictOptions,
    "demo": DemoOptions,
    "results": ResultsOptions,
    "heads": HeadsOptions,
}
