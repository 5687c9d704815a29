"""Which loggers are refused, and which data may be shown."""

import copy
from types import SimpleNamespace

import pytest
from omegaconf import DictConfig

from ich.commands.configuration.config import compose_checked
from ich.commands.training.watching import PUBLIC_KEY_ID, check_loggers, is_public, watched
from ich.errors import ConfigError
from ich.store.several import StoreGroup


@pytest.fixture(scope="module")
def config() -> DictConfig:
    """A training with every logger at once."""
    return compose_checked("train", ["logger=[csv,wandb,tensorboard]"])


def test_several_loggers_at_once_are_taken(config):
    assert set(config.logger) == {"csv", "wandb", "tensorboard"}
    check_loggers(config)


def test_no_logger_is_taken():
    check_loggers(compose_checked("train", ["logger=none"]))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("mode", "sometimes", r"logger\.wandb\.mode=sometimes: expected one of auto, online, offline"),
        ("worst", 0, r"logger\.wandb\.worst=0: expected 1 slice or more, found 0"),
        ("mode", "online", r"expected a key in WANDB_API_KEY or netrc, found none; type wandb login"),
    ],
)
def test_what_a_logger_could_not_do_is_refused_before_the_run_has_a_folder(
    key, value, sentence, config, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("NETRC", raising=False)

    changed = copy.deepcopy(config)
    changed.logger.wandb[key] = value

    with pytest.raises(ConfigError, match=sentence):
        check_loggers(changed)


@pytest.mark.parametrize("typed", ["logger.wandb.modes=offline", "logger.wandb.worst=many", "logger.wandb.pictures=2"])
def test_an_option_of_a_logger_is_checked_like_any_other(typed):
    with pytest.raises(ConfigError, match=r"logger\.wandb\."):
        compose_checked("train", [typed])


def store_with(key: str) -> SimpleNamespace:
    return SimpleNamespace(settings={"key_id": key})


def test_a_store_is_public_where_its_patients_are_hashed_with_the_documented_key():
    assert is_public(store_with(PUBLIC_KEY_ID))
    assert not is_public(store_with("of a hospital"))


def test_several_stores_are_public_only_together():
    together = StoreGroup.__new__(StoreGroup)  # of which nothing but its stores is looked at
    together.stores = (store_with(PUBLIC_KEY_ID), store_with("of a hospital"))

    assert not is_public(together)


def test_the_epoch_shown_is_the_one_whose_net_is_kept(tmp_path):
    config = compose_checked("train", ["model=tiny", "logger=none", "trainer.choose=last"])
    with watched(config, tmp_path, store=SimpleNamespace(settings={}), rank=0) as watcher:
        assert watcher.watch.choose == "last"
