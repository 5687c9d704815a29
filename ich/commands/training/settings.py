"""What a training runs with: recipe, augmentation, devices, the loop's numbers."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import Callback

from ich.commands.configuration.parts import make_part
from ich.commands.configuration.plain import plain, plain_dict
from ich.commands.run_folders.run_folder import check_name
from ich.commands.training.dry_run import try_net, try_recipe
from ich.commands.training.process import machines
from ich.commands.training.watching import check_loggers
from ich.data.augment import Augment
from ich.data.draws import Sampling
from ich.data.loaders import share_of_batch
from ich.errors import ConfigError, out_of_range
from ich.learn.hardware.devices import Devices, available_gpus, resolve_devices
from ich.learn.hardware.precision import choose_precision
from ich.learn.loop.module import Recipe
from ich.learn.loop.trainer import TrainingSettings
from ich.learn.run_files import CHECKPOINTS, LAST_FILE
from ich.learn.stopping.resume import precision_of
from ich.nets.windows import as_windows

LEAST = {
    "trainer.side_by_side": 1,
    "trainer.checkpoint_minutes": 0,
    "data.workers": 0,
    "optimizer.lr": 0,
    "optimizer.weight_decay": 0,
    "optimizer.momentum": 0,
}


def make_recipe(config: DictConfig) -> Recipe:
    """Loss, optimizer and schedule of a training."""
    return Recipe(
        loss=make_part(config.loss, name="loss"),
        optimizer=make_part(config.optimizer, name="optimizer"),
        schedule=make_part(config.schedule, name="schedule"),
    )


def make_augment(config: DictConfig) -> Augment:
    """Augmentation of training slices."""
    augment: Augment = make_part(config.augment, name="augment")
    return augment


def make_sampling(config: DictConfig) -> Sampling:
    """How often training slices are drawn."""
    sampling: Sampling = make_part(config.sampling, name="sampling")
    return sampling


def make_callbacks(config: DictConfig) -> list[Callback]:
    """The callbacks that were asked for, in order."""
    chosen = config.get("callbacks") or {}
    return [make_part(node, name=f"callbacks.{name}") for name, node in chosen.items()]


def training_devices(config: DictConfig) -> Devices:
    """Devices of a training.

    Raises:
        ConfigError: more or other GPUs than there are.
    """
    return resolve_devices(
        plain(config.trainer.gpus),
        available=available_gpus(),
        processes=int(config.trainer.processes),
        nodes=machines(asked=int(config.trainer.nodes)),
    )


def training_settings(config: DictConfig, *, run: Path | None = None) -> tuple[TrainingSettings, str]:
    """The training loop's numbers, and the sentence that says which precision was chosen and why.

    Args:
        config: of the training.
        run: its folder; a training that was stopped there goes on in the precision that was chosen when it began.

    Raises:
        IchError: a number out of range, or a last checkpoint that no training can go on with.
    """
    devices = training_devices(config)
    kept = None if run is None or config.trainer.precision != "auto" else precision_of(run / CHECKPOINTS / LAST_FILE)
    precision, reason = choose_precision(config.trainer.precision, devices, kept=kept)
    settings = TrainingSettings(
        devices=devices,
        precision=precision,
        max_epochs=config.trainer.max_epochs,
        seed=config.seed,
        gradient_clip=config.trainer.gradient_clip,
        threads=config.trainer.threads,
        log_every_n_steps=config.trainer.log_every_n_steps,
        accumulate=config.trainer.accumulate,
        channels_last=config.trainer.channels_last,
        compile=config.trainer.compile,
        limit_batches=config.trainer.limit_batches,
        overfit_batches=config.trainer.overfit_batches,
        profile=config.trainer.profile,
        choose=config.trainer.choose,
    )
    return settings, reason


def check_training(config: DictConfig) -> None:
    """Build what a training is made of once, so that what it refuses is said before the run has a folder.

    Raises:
        ConfigError: a value out of range, or a batch that can't be shared out over the processes.
    """
    settings, _ = training_settings(config)
    check_loggers(config)
    _check_least(config)
    _check_used(config)
    check_name(config)
    try_recipe(make_recipe(config))
    as_windows(plain(config.windows))
    try_net(plain_dict(config.model.net))
    make_augment(config)
    make_sampling(config)
    make_callbacks(config)
    n_processes = settings.devices.n_processes
    share_of_batch(config.data.batch_size, n_processes)
    if config.model.stage == "sequence":
        share_of_batch(config.data.studies_per_batch, n_processes, option="data.studies_per_batch")
        if settings.compile:
            raise ConfigError(
                "trainer.compile=true: expected a slice net, found a sequence net; it gains nothing there"
            )


def _check_used(config: DictConfig) -> None:
    """Refuse options that this stage or this net would leave unread."""
    if config.model.stage == "slice" and config.cnn is not None:
        raise ConfigError(
            f"cnn={config.cnn}: expected a sequence net to learn from it, found a slice net in model; "
            "add model=lstm, or start a slice net from it by model.net.weights=RUN"
        )
    net = config.model.net
    if net.get("neighbour_mm") is not None and not net.get("neighbours"):
        raise ConfigError(
            f"model.net.neighbour_mm={net.neighbour_mm}: expected neighbours that lie so far apart, found none; "
            "add model.net.neighbours=1"
        )


def _check_least(config: DictConfig) -> None:
    """Refuse numbers below the least that means something, of options that nothing else checks."""
    for option, least in LEAST.items():
        value = OmegaConf.select(config, option)
        if value is not None and value < least:
            raise out_of_range(option, value, expected=f"{least} or more")
