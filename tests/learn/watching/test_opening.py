"""The line before a training's first step."""

import dataclasses
import logging

from ich.data.slices import SliceDataModule
from ich.learn.fit import Watching, fit_slices
from ich.learn.watching.opening import OpeningLine, batch_in_words


def test_parameters_steps_and_batches_stand_in_one_line(store, net, recipe, settings, tmp_path, caplog):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    watching = Watching(callbacks=[OpeningLine(unit="slices")], show_bar=False)

    with caplog.at_level(logging.INFO, logger="ich"):
        fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=watching)

    (line,) = [record.getMessage() for record in caplog.records if record.name == OpeningLine.__module__]
    n_slices = int(store.slices["study"].isin(data.split.train).sum())
    assert line.endswith(f"parameters; {-(-n_slices // 6)} steps an epoch, batches of 6 slices")


def test_steps_are_counted_where_several_batches_make_one(store, net, recipe, settings, tmp_path, caplog):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)  # three batches
    watching = Watching(callbacks=[OpeningLine(unit="slices")], show_bar=False)
    two_a_step = dataclasses.replace(settings, accumulate=2)

    with caplog.at_level(logging.INFO, logger="ich"):
        fit_slices(tmp_path, data, net=net, recipe=recipe, settings=two_a_step, watching=watching)

    assert "2 steps an epoch, batches of 6 slices, 2 a step" in caplog.text


def test_a_batch_is_shown_as_it_is_shared_out():
    assert batch_in_words(32, unit="slices", processes=2) == "batches of 32 slices (2 x 16)"
