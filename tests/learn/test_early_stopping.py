import dataclasses
import functools
import logging

import pytest
import torch

from ich.data.slices import SliceDataModule
from ich.errors import ConfigError
from ich.learn.early_stopping import StopEarly
from ich.learn.fit import fit_slices


@pytest.fixture
def stopped(store, net, recipe, settings, unwatched, tmp_path, caplog):
    """A training that learns nothing, as its rate is zero, with at most six epochs."""
    idle = dataclasses.replace(recipe, optimizer=functools.partial(torch.optim.SGD, lr=0.0))
    six = dataclasses.replace(settings, max_epochs=6)
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    callback = StopEarly(patience=2, min_delta=1.0)  # the running statistics of batch norm change the scores a little
    watching = dataclasses.replace(unwatched, callbacks=[callback])
    with caplog.at_level(logging.INFO, logger="ich"):
        fit_slices(tmp_path, data, net=net, recipe=idle, settings=six, watching=watching)
    return [record.getMessage() for record in caplog.records]


def test_a_training_without_progress_ends_and_says_why(stopped):
    assert sum(line.startswith("epoch ") for line in stopped) == 3
    assert stopped[-1].startswith("stopped early after epoch 3 of 6: no better validation log loss than 0.")


@pytest.mark.parametrize(("name", "value"), [("patience", 0), ("min_delta", -0.1)])
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=rf"callbacks\.early_stopping\.{name}={value}: expected"):
        StopEarly(**{name: value})
