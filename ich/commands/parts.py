"""Parts named in a configuration, built: sources, recipes, augmentation, devices."""

from dataclasses import fields
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from ich.commands.options import SamplingOptions
from ich.data.augment import Augment
from ich.learn.devices import Devices, available_gpus, choose_precision, resolve_devices
from ich.learn.fit import Recipe
from ich.learn.trainer import TrainingSettings
from ich.sources.source import Source


def make_part(node: DictConfig) -> Any:
    """Build what a node's `_target_` names, from plain values."""
    return instantiate(node, _convert_="all")


def make_source(config: DictConfig) -> Source:
    """The data set that `data` names; how a training draws from it stands beside its arguments."""
    beside = {field.name for field in fields(SamplingOptions)}
    source: Source = make_part(OmegaConf.create({key: node for key, node in config.data.items() if key not in beside}))
    return source


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
