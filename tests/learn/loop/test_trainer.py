import logging

import pytest
import pytorch_lightning as pl

from ich.errors import ConfigError
from ich.learn.checkpoint import PlainCheckpointIO
from ich.learn.hardware.devices import Devices
from ich.learn.loop.trainer import TrainingSettings, make_trainer, quiet_lightning

CPU = Devices("cpu", 1, "auto")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("precision", "auto"),
        ("max_epochs", 0),
        ("max_epochs", -1),
        ("threads", 0),
        ("log_every_n_steps", 0),
        ("accumulate", 0),
        ("limit_batches", 0),
        ("overfit_batches", 0),
        ("choose", "worst"),
        ("gradient_clip", 0.0),
        ("gradient_clip", -1.0),
    ],
)
def test_numbers_that_make_no_training_are_refused(name, value):
    with pytest.raises(ConfigError, match=rf"trainer\.{name}={value}: expected"):
        TrainingSettings(CPU, **{"precision": "32-true", "max_epochs": 1, name: value})


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_numpy_does_not_take_is_refused(seed):
    with pytest.raises(ConfigError, match=rf"seed={seed}: expected 0 to 4294967295"):
        TrainingSettings(CPU, "32-true", max_epochs=1, seed=seed)


def test_settings_reach_the_trainer(tmp_path):
    settings = TrainingSettings(
        CPU, "bf16-mixed", max_epochs=3, gradient_clip=0.5, log_every_n_steps=7, accumulate=4, limit_batches=9
    )

    trainer = make_trainer(tmp_path, settings=settings, loggers=[])

    assert (trainer.max_epochs, trainer.gradient_clip_val, trainer.log_every_n_steps) == (3, 0.5, 7)
    assert (trainer.accumulate_grad_batches, trainer.limit_train_batches, trainer.limit_val_batches) == (4, 9, 9)
    assert trainer.precision == "bf16-mixed"
    assert trainer.num_sanity_val_steps == 0
    assert isinstance(trainer.strategy.checkpoint_io, PlainCheckpointIO)


def test_samplers_are_left_to_the_data_module(tmp_path):
    trainer = make_trainer(tmp_path, settings=TrainingSettings(CPU, "32-true", max_epochs=1))

    assert not trainer._accelerator_connector.use_distributed_sampler


def test_lightning_is_as_loud_as_before_afterwards():
    logger = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    before = logger.level

    with quiet_lightning():
        assert logger.level == logging.WARNING

    assert logger.level == before


def test_one_process_stays_one_inside_a_cluster_job_of_several_tasks(tmp_path, monkeypatch):
    for name, value in {
        "SLURM_NTASKS": "4",
        "SLURM_JOB_NAME": "train",
        "SLURM_PROCID": "1",
        "SLURM_LOCALID": "1",
    }.items():
        monkeypatch.setenv(name, value)

    trainer = make_trainer(tmp_path, settings=TrainingSettings(CPU, "32-true", max_epochs=1))

    assert (trainer.world_size, trainer.global_rank) == (1, 0)
    assert isinstance(trainer, pl.Trainer)
