"""The typed options of a training."""

from dataclasses import dataclass, field
from typing import Any

from ich.commands.configuration.shared_options import BESIDE, MISSING, NEEDED, PathsOptions, StoreOptions


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
class LoadingOptions:
    """What a training loads of a store: which patients, how much a step, by how many processes."""

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
    precision: Any = "auto"  # 16 and 32 are refused with the words that there are
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
    """Runs shown together; null: the sweep, else the experiment, else the run whose pair it is."""
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
class TrainOptions:
    """What `train.py` reads."""

    paths: PathsOptions = field(default_factory=PathsOptions, metadata={NEEDED: True})
    store: StoreOptions = field(default_factory=StoreOptions, metadata={NEEDED: True})
    difficulty: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict, metadata={BESIDE: LoadingOptions, NEEDED: True})
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
