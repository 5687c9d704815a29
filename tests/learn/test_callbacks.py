import logging
from types import SimpleNamespace

import pytest

from ich.data.slices import SliceDataModule
from ich.learn.callbacks import BestAndLast, EpochLines
from ich.learn.fit import fit_slices


class Trainer:
    """The little of a trainer that the checkpoints need: writes the epoch instead of a net."""

    current_epoch = 0

    def save_checkpoint(self, path, weights_only):
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(self.current_epoch))


@pytest.fixture
def train(tmp_path):
    """Goes through epochs with these log losses (None: no labels) and says what the two files hold."""

    def run(losses, callback=None):
        kept, trainer = callback or BestAndLast(tmp_path / "checkpoints"), Trainer()
        for trainer.current_epoch, loss in enumerate(losses):
            scores = {} if loss is None else {"log_loss": loss}
            kept.on_train_epoch_end(trainer, SimpleNamespace(scores=scores))
        return kept.best_path.read_text(), kept.last_path.read_text()

    return run


def test_best_is_the_lowest_log_loss_and_last_the_latest_epoch(train):
    assert train([0.5, 0.3, 0.4]) == ("1", "2")


def test_the_first_of_two_equal_epochs_is_best(train):
    assert train([0.5, 0.3, 0.3]) == ("1", "2")


def test_without_labels_the_latest_net_is_best(train):
    assert train([None, None]) == ("1", "1")


def test_files_are_overwritten_and_never_numbered(train, tmp_path):
    train([0.5, 0.4, 0.3])

    assert sorted(file.name for file in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_the_best_score_survives_a_stop(train, tmp_path):
    stopped = BestAndLast(tmp_path / "checkpoints")
    train([0.5, 0.2], stopped)
    resumed = BestAndLast(tmp_path / "checkpoints")
    resumed.load_state_dict(stopped.state_dict())

    assert train([0.3], resumed)[0] == "1"  # of before the stop


def test_an_epoch_is_one_line_with_speed_and_scores(store, net, recipe, settings, unwatched, tmp_path, caplog):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)

    with caplog.at_level(logging.INFO, logger="ich"):
        fit_slices(tmp_path, data, net=net, recipe=recipe, settings=settings, watching=unwatched)

    (line,) = [record.getMessage() for record in caplog.records if record.name == EpochLines.__module__]
    assert line.startswith("epoch 1 of 1: training loss 0.")
    assert "validation log loss 0." in line
    assert "slices/s" in line
