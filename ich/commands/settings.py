"""What a training or a scoring runs with: recipe, augmentation, devices, the loop's numbers."""

from typing import Any

from omegaconf import DictConfig

from ich.commands.parts import make_part
from ich.data.augment import Augment
from ich.learn.devices import Devices, available_gpus, choose_precision, resolve_devices
from ich.learn.fit import Recipe
from ich.learn.trainer import TrainingSettings


def make_recipe(config: DictConfig) -> Recipe:
    """Loss, optimizer and schedule of a training."""
    return Recipe(
        loss=make_part(config.loss), optimizer=make_part(config.optimizer), schedule=make_part(config.schedule)
    )


def make_augment(config: DictConfig) -> Augment:
    """Augmentation of training slices."""
    augment: Augment = make_part(config.augment)
    return augment


def training_devices(config: DictConfig) -> Devices:
    """Devices of a training.

    Raises:
        ConfigError: more or other GPUs than there are.
    """
    return resolve_devices(
        _plain(config.trainer.gpus), available=available_gpus(), processes=int(config.trainer.processes)
    )


def training_settings(config: DictConfig) -> tuple[TrainingSettings, str]:
    """The training loop's numbers, and the sentence that says which precision was chosen and why."""
    devices = training_devices(config)
    precision, reason = choose_precision(config.trainer.precision, devices)
    settings = TrainingSettings(
        devices=devices,
        precision=precision,
        max_epochs=config.trainer.max_epochs,
        seed=config.seed,
        gradient_clip=config.trainer.gradient_clip,
        threads=config.trainer.threads,
        log_every_n_steps=config.trainer.log_every_n_steps,
    )
    return settings, reason


def inference_device(gpus: Any) -> Any:
    """The one torch device that evaluation and prediction use.

    Raises:
        ConfigError: more or other GPUs than there are.
    """
    devices = resolve_devices(_plain(gpus), available=available_gpus())
    return devices.torch_device


def _plain(gpus: Any) -> Any:
    return list(gpus) if not isinstance(gpus, int | str) else gpus
