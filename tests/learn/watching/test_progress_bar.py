"""The bar of a training as a terminal shows it."""

import dataclasses
import re

import pytest

from ich.data.slices import SliceDataModule
from ich.learn.fit import Watching, fit_slices


@pytest.fixture
def drawn(store, net, recipe, settings, tmp_path, capfd) -> str:
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    two_epochs = dataclasses.replace(settings, max_epochs=2)
    fit_slices(tmp_path, data, net=net, recipe=recipe, settings=two_epochs, watching=Watching(show_bar=True))
    return capfd.readouterr().err


def test_the_bar_shows_loss_rate_and_time_left_of_the_whole_training(drawn):
    last = [part for part in drawn.split("\r") if "slices/s" in part][-1]

    assert re.search(r"epoch 2 of 2 100%\|.*\| (\d+)/\1 steps, loss \d\.\d{4}, \d+ slices/s, 00:00 left", last)


def test_validation_has_no_bar_of_its_own(drawn):
    assert "alidat" not in drawn


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_is_drawn_on_a_terminal_only(is_terminal, store, net, recipe, settings, tmp_path, monkeypatch, capsys):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)

    fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=Watching())

    assert ("slices/s" in capsys.readouterr().err) is is_terminal
