import logging

from ich.data.slices import SliceDataModule
from ich.learn.fit import fit_slices
from ich.learn.watching.epoch_line import EpochLines


def test_an_epoch_is_one_line_with_speed_and_scores(store, net, recipe, settings, unwatched, tmp_path, caplog):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)

    with caplog.at_level(logging.INFO, logger="ich"):
        fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=unwatched)

    (line,) = [record.getMessage() for record in caplog.records if record.name == EpochLines.__module__]
    assert line.startswith("epoch 1 of 1: training loss 0.")
    assert "validation log loss 0." in line
    assert "slices/s" in line
