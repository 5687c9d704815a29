import pytest

from ich.commands.configuration.config import compose_checked
from ich.commands.training.settings import check_training, make_callbacks, training_devices, training_settings
from ich.errors import ConfigError
from ich.learn.checkpoint import FACTS_KEY, write_plain
from ich.learn.hardware import precision
from ich.learn.run_files import CHECKPOINTS, LAST_FILE
from ich.learn.stopping.randomness import RandomStates
from ich.learn.stopping.resume import BATCHES, VALIDATION_BATCHES

CPU = ["trainer.gpus=0", "trainer.precision=32-true", "logger=none"]


def test_callbacks_are_made_in_the_order_asked_for():
    config = compose_checked("train", ["callbacks=[early_stopping,ema]", "callbacks.ema.decay=0.9"])

    made = make_callbacks(config)

    assert [type(callback).__name__ for callback in made] == ["StopEarly", "AveragedWeights"]
    assert made[1].decay == 0.9


def test_no_callback_is_made_unasked():
    assert make_callbacks(compose_checked("train", [])) == []


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["callbacks=[ema]", "callbacks.ema.decay=1.5"], r"callbacks\.ema\.decay=1\.5: expected 0 to below 1"),
        (["model=tiny", "cnn=runs/a"], r"cnn=runs/a: expected a sequence net .*; add model=lstm"),
        (
            ["model=tiny", "model.net.neighbour_mm=5"],
            r"neighbour_mm=5: expected neighbours .*; add model\.net\.neighbours=1",
        ),
        (["trainer.accumulate=0"], r"trainer\.accumulate=0: expected 1 or more"),
        (["trainer.choose=first"], r"trainer\.choose=first: expected one of best, last"),
        (["loss=focal", "loss.gamma=-1"], r"loss\.gamma=-1: expected 0 or more"),
        (["model=lstm", "trainer.compile=true"], r"trainer\.compile=true: expected a slice net, found a sequence net"),
        (["windows.brain.width=-5"], r"windows\.brain\.width=-5: expected more than 0 HU"),
        (["seed=-1"], r"seed=-1: expected 0 to 4294967295"),
        (["trainer.side_by_side=0"], r"trainer\.side_by_side=0: expected 1 or more"),
        (["trainer.checkpoint_minutes=-5"], r"trainer\.checkpoint_minutes=-5: expected 0 or more"),
        (["name=../elsewhere"], r"name=\.\./elsewhere: expected a name, found a path"),
        (["data.workers=-1"], r"data\.workers=-1: expected 0 or more"),
        (["trainer.precision=16"], r"trainer\.precision=16: expected one of auto, bf16-mixed, 16-mixed, 32-true"),
        (["data.batch_size=0"], r"data\.batch_size=0: expected 1 or more"),
        (["optimizer.lr=-1"], r"optimizer\.lr=-1: expected 0 or more"),
        (["optimizer=sgd", "optimizer.momentum=-1"], r"optimizer\.momentum=-1: expected 0 or more"),
        (["optimizer.betas=[0.9]"], r"optimizer: expected values it takes, found"),
        (["optimizer.betas=[0.9,0.99,0.9]"], r"optimizer: expected values it takes, found"),
        (["schedule.factors=[1.0,a]"], r"schedule\.factors=.*: expected numbers of 0 or more"),
        (["model.net.backbone=nonesuch"], r"model\.net\.backbone=nonesuch: expected tiny or a timm name"),
        (["model=tiny", "model.net.size=0"], r"model\.net\.size=0: expected 1 pixel or more"),
        (["model=tiny", "model.net.neighbours=-1"], r"neighbours=-1: expected 0 or more slices"),
        (["model=tiny", "model.net.drop_rate=2"], r"model\.net: expected values it takes, found .*between 0 and 1"),
        (["model=lstm", "model.net.layers=0"], r"model\.net: expected values it takes, found"),
        (["model=pca_lstm", "model.net.components=0"], r"model\.net\.components=0: expected 1 to"),
        (["trainer.nodes=0"], r"trainer\.nodes=0: expected a whole number of 1 or more"),
    ],
)
def test_what_a_training_refuses_is_said_before_it_has_a_folder(typed, complaint):
    with pytest.raises(ConfigError, match=complaint):
        check_training(compose_checked("train", [*CPU, *typed]))


def test_processes_of_all_machines_share_the_batch():
    config = compose_checked("train", [*CPU, "trainer.nodes=3", "trainer.processes=2"])

    assert training_devices(config).n_processes == 6
    with pytest.raises(ConfigError, match=r"data\.batch_size=32: expected a multiple of 6"):
        check_training(config)


def test_a_rank_under_torchrun_goes_by_what_torchrun_says(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")

    assert training_devices(compose_checked("train", [*CPU, "trainer.processes=4"])).nodes == 2


@pytest.mark.parametrize(
    ("asked", "taken", "said"),
    [("auto", "32-true", "as the training began"), ("bf16-mixed", "bf16-mixed", "as asked for")],
)
def test_a_run_goes_on_in_the_precision_of_its_last_checkpoint_unless_one_is_named(
    asked, taken, said, tmp_path, monkeypatch
):
    monkeypatch.setattr(precision, "cpu_has_bf16", lambda: "amx_bf16")
    monkeypatch.setattr(precision, "bf16_ratio", lambda: 0.1)
    config = compose_checked("train", ["trainer.gpus=0", f"trainer.precision={asked}"])
    begun = training_settings(config, run=tmp_path)[0]
    write_plain(stopped_in("32-true"), tmp_path / CHECKPOINTS / LAST_FILE)

    settings, reason = training_settings(config, run=tmp_path)

    assert begun.precision == "bf16-mixed"
    assert settings.precision == taken
    assert said in reason


def stopped_in(chosen):
    """What the last checkpoint of a training holds that began in a precision."""
    total = {"started": 1, "processed": 1}
    loop = {
        BATCHES: {"total": total, "is_last_batch": False},
        VALIDATION_BATCHES: {"total": total},
        "epoch_progress": {"current": total},
    }
    return {
        "loops": {"fit_loop": loop},
        "global_step": 1,
        "callbacks": {RandomStates.__qualname__: {"ranks": [None]}},
        FACTS_KEY: {"precision": chosen},
    }
