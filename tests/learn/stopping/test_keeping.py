"""Which checkpoints a run keeps, and when they are written."""

from types import SimpleNamespace

import pytest
import torch

from ich.errors import Diverged
from ich.learn.stopping.keeping import BestAndLast, Keeping
from ich.learn.stopping.stop import Stopped, StopRequest


class Trainer:
    """The little of a trainer that the checkpoints need: writes the epoch instead of a net."""

    current_epoch = 0
    world_size = 1

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


@pytest.mark.parametrize(("choose", "epoch"), [("best", 1), ("last", 2)])
def test_the_scores_are_those_of_the_net_that_is_kept(choose, epoch, train, tmp_path):
    kept = BestAndLast(tmp_path / "checkpoints", choose=choose)
    losses = [0.5, 0.3, 0.4]

    assert train(losses, kept)[0] == str(epoch)

    assert (kept.best_epoch, kept.best_score, kept.scores) == (epoch, losses[epoch], {"log_loss": losses[epoch]})


def test_the_scores_of_the_net_that_is_kept_survive_a_stop(train, tmp_path):
    stopped = BestAndLast(tmp_path / "checkpoints")
    train([0.2, 0.5], stopped)
    resumed = BestAndLast(tmp_path / "checkpoints")
    resumed.load_state_dict(stopped.state_dict())
    train([0.3], resumed)

    assert resumed.scores == {"log_loss": 0.2}


@pytest.fixture
def step(tmp_path):
    """Goes through one step at a time (seconds) of an epoch and says whether it was written."""

    def run(seconds, *, keeping, batch=0, last=False, accumulated=1):
        now = [0.0]
        kept = BestAndLast(tmp_path / "checkpoints", keeping=keeping, clock=lambda: now[0])
        trainer = Trainer()
        trainer.accumulate_grad_batches, trainer.is_last_batch = accumulated, last
        kept.on_train_start(trainer, None)
        now[0] = seconds
        kept.on_train_batch_end(trainer, torch.nn.Linear(1, 1), None, None, batch)
        return kept, kept.last_path.exists()

    return run


def test_a_step_is_written_when_the_minutes_are_over(step):
    assert not step(14 * 60.0, keeping=Keeping(minutes=15))[1]
    assert step(15 * 60.0, keeping=Keeping(minutes=15))[1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("at", ["step", "validation"])
def test_weights_that_have_diverged_never_take_the_place_of_good_ones(at, value, train, tmp_path):
    kept = BestAndLast(tmp_path / "checkpoints", keeping=Keeping(minutes=0))
    trainer, net = Trainer(), torch.nn.Linear(2, 1)
    trainer.accumulate_grad_batches, trainer.is_last_batch, trainer.num_val_batches = 1, False, [1]
    trainer.current_epoch = 7
    train([0.5], kept)
    torch.nn.init.constant_(net.bias, value)

    write = {
        "step": lambda: kept.on_train_batch_end(trainer, net, None, None, 0),
        "validation": lambda: kept.on_validation_start(trainer, net),
    }[at]
    with pytest.raises(Diverged, match=r"found nan or infinity .*optimizer\.lr"):
        write()

    assert kept.last_path.read_text() == "0"


def test_a_step_in_the_middle_of_accumulated_gradients_is_not_written(step):
    assert not step(1e6, keeping=Keeping(), batch=0, accumulated=2)[1]
    assert step(1e6, keeping=Keeping(), batch=1, accumulated=2)[1]


def test_an_epochs_last_step_is_left_to_the_validation_behind_it(step):
    assert not step(1e6, keeping=Keeping(), last=True)[1]


def test_who_is_asked_to_stop_writes_and_leaves_before_the_next_step(step):
    request = StopRequest()
    request.note()
    kept, written = step(0.0, keeping=Keeping(stop=request))

    assert written
    with pytest.raises(Stopped):
        kept.on_train_batch_start(Trainer(), None, None, 1)


def test_seconds_of_before_a_stop_count(tmp_path):
    kept = BestAndLast(tmp_path, clock=lambda: 5.0)
    kept.load_state_dict({"best_score": None, "best_epoch": None, "scores": {}, "seconds": 100.0})

    assert kept.seconds == 100.0


def test_where_nothing_is_chosen_best_is_the_latest_epoch(train, tmp_path):
    kept = BestAndLast(tmp_path / "checkpoints", choose="last")

    assert train([0.2, 0.3, 0.4], kept) == ("2", "2")
