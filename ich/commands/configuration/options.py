"""The typed options of the commands: what each key may hold, its unit, and its default.

Parts that are swapped (`data`, `model.net`, `loss`, `optimizer`, `schedule`, `augment`) are nodes with a `_target_` and
are held against the signature of what they name (`ich.commands.configuration.check`); everything else against these
dataclasses.
"""

from dataclasses import dataclass, field
from typing import Any

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


@dataclass
class WindowOptions:
    """One CT window; its name is its key."""

    centre: float = MISSING  # type: ignore[assignment]
    """HU."""
    width: float = MISSING  # type: ignore[assignment]
    """HU, above 0."""
    mean: float | None = None
    """Of the windowed pixels, 0 to 1; null: measured on the training fold."""
    std: float | None = None
    """Of the windowed pixels, above 0; null: measured on the training fold."""


@dataclass
class SamplingOptions:
    """How a training draws from a store."""

    fold: int = 0
    """Validation fold."""
    leave_out: list[Any] = field(default_factory=list)
    """Folds or patient keys kept out of the training."""
    batch_size: int = 32
    """Slices a step, over all processes."""
    studies_per_batch: int = 8
    """Studies a step of the sequence stage, over all processes."""
    workers: int | None = None
    """Loader processes a training process; null: by the cores this process may use."""


@dataclass
class ModelOptions:
    """Which net, and of which stage."""

    stage: str = MISSING
    """`slice` or `sequence`."""
    net: dict[str, Any] = field(default_factory=dict)
    """Build arguments of the net: a class of `ich.nets` and its plain arguments."""
    licence: str | None = None
    """Licence of the published weights, said at start; null where they are not restricted."""


@dataclass
class TrainerOptions:
    """Devices and the training loop."""

    max_epochs: int = 3
    """Epochs."""
    gpus: Any = "auto"
    """`auto` (all there are, else CPU), `0` (CPU), `4` (exactly four), `[0,2]` (these)."""
    processes: int = 1
    """CPU processes when no GPU is used, on each machine."""
    nodes: int = 1
    """Machines."""
    precision: str = "auto"
    """`auto` (bf16 where the hardware has it), `bf16-mixed`, `16-mixed` or `32-true`."""
    gradient_clip: float | None = None
    """Largest norm of the gradient; null: no clipping."""
    threads: int | None = None
    """Torch threads a process; null: torch's own choice."""
    accumulate: int = 1
    """Batches whose gradients make one step."""
    channels_last: bool = True
    """Memory format of a slice net."""
    compile: bool = False
    """Let torch.compile make one program of a slice net."""
    choose: str = "best"
    """Which net is kept: `best` (lowest log loss on the validation fold) or `last`."""
    log_every_n_steps: int = 50
    """Steps between two rows of `metrics.csv`."""
    limit_batches: int | None = None
    """Batches an epoch of each process, of training and of validation; null: all."""
    overfit_batches: int | None = None
    """Train and validate on so many batches only; null: on all."""
    profile: bool = False
    """Measure where the time goes."""
    checkpoint_minutes: float = 15.0
    """Minutes between two `last.ckpt` within an epoch."""
    side_by_side: int = 1
    """Pairs of the sequence stage that train at the same time on CPU."""


@dataclass
class CsvOptions:
    """`metrics.csv`, which every run has: nothing to choose."""


@dataclass
class TensorboardOptions:
    """TensorBoard's files in the run folder: nothing to choose."""


@dataclass
class WandbOptions:
    """A run of Weights & Biases."""

    project: str = "ich"
    """Project on the server."""
    entity: str | None = None
    """User or team; null: the key's own."""
    mode: str = "auto"
    """`auto` (online with a key and published data, else offline), `online` or `offline`."""
    group: str | None = None
    """Runs shown together; null: the sweep, else the experiment."""
    tags: list[str] = field(default_factory=list)
    """Beside stage and data set."""
    pictures: bool | None = None
    """Worst slices with picture and heat-map; null: of published data sets only."""
    worst: int = 12
    """Slices in that table."""


@dataclass
class LoggerOptions:
    """Where the numbers of a training go beside `metrics.csv`."""

    csv: CsvOptions = field(default_factory=CsvOptions)
    tensorboard: TensorboardOptions = field(default_factory=TensorboardOptions)
    wandb: WandbOptions = field(default_factory=WandbOptions)


@dataclass
class StartedOptions:
    """How a run was started; the command writes it into the run folder's configuration."""

    typed: list[str] = field(default_factory=list)
    """What was typed behind the command."""
    sweep: str | None = None
    """Folder of the sweep that the run belongs to."""


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
class TrainOptions:
    """What `train.py` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions, metadata={NEEDED: True})
    store: StoreOptions = field(default_factory=StoreOptions, metadata={NEEDED: True})
    difficulty: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict, metadata={BESIDE: SamplingOptions, NEEDED: True})
    windows: dict[str, WindowOptions] = field(default_factory=dict, metadata={NEEDED: True})
    augment: dict[str, Any] = field(default_factory=dict, metadata={NEEDED: True})
    sampling: dict[str, Any] = field(default_factory=dict, metadata={NEEDED: True})
    loss: dict[str, Any] = field(default_factory=dict, metadata={NEEDED: True})
    optimizer: dict[str, Any] = field(default_factory=dict, metadata={NEEDED: True})
    schedule: dict[str, Any] = field(default_factory=dict, metadata={NEEDED: True})
    trainer: TrainerOptions = field(default_factory=TrainerOptions, metadata={NEEDED: True})
    callbacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    model: ModelOptions = field(default_factory=ModelOptions, metadata={NEEDED: True})
    logger: LoggerOptions = field(default_factory=LoggerOptions)
    started: StartedOptions = field(default_factory=StartedOptions)
    name: str | None = None
    """Name of the run; null: model and data set."""
    run: str | None = None
    """Folder of the run; null: by date, time and name under `paths.runs`."""
    seed: int = 0
    """Seed of weights, order and augmentation."""
    cnn: Any = None
    """Sequence stage: the slice checkpoint or run folder, or a list of them."""
    launch: bool = True
    """false writes the run folder and prints the torchrun line for several machines."""
    resume: str | None = None
    """Run folder to go on with; `last`: the newest unfinished one of this configuration; `auto`: that, or a new run."""
    trust: bool = False
    """Go on with a run folder that names parts of somebody else's code."""


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

    paths: dict[str, str] = field(default_factory=dict)
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
