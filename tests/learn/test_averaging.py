import dataclasses

import pytest
import torch

from ich.data.rows import labels_of
from ich.data.slices import SliceDataModule
from ich.errors import ConfigError
from ich.learn.averaging import AveragedWeights, shrinking_average
from ich.learn.checkpoint import NET_PREFIX, load_net, read_checkpoint
from ich.learn.fit import FitResult, fit_slices
from ich.learn.loop.metrics import slice_scores

HEAD = f"{NET_PREFIX}head.weight"


class Heads(AveragedWeights):
    """Notes the head after each step."""

    def __init__(self, **numbers):
        super().__init__(**numbers)
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, *others):
        super().on_train_batch_end(trainer, pl_module, *others)
        self.seen.append(pl_module.net.head.weight.detach().clone())


@pytest.fixture(scope="module")
def averaged(store, net, recipe, settings, unwatched, tmp_path_factory) -> tuple[Heads, FitResult]:
    """A training of three steps with an average, which notes the weights of each step."""
    return train(Heads(decay=0.9), store, net, recipe, settings, unwatched, tmp_path_factory.mktemp("averaged"))


def train(callback, store, net, recipe, settings, unwatched, folder):
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    watching = dataclasses.replace(unwatched, callbacks=[callback])
    return callback, fit_slices(folder, data, net=net, recipe=recipe, settings=settings, watching=watching)


def content(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("name", ["best", "last"])
def test_checkpoints_hold_the_average(averaged, name):
    callback, result = averaged
    first, second, third = callback.seen
    expected = first.lerp(second, 1 - 2 / 11).lerp(third, 1 - 3 / 12)  # step n keeps (1 + n) / (10 + n)

    found = content(getattr(result, name))["state_dict"][HEAD]

    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, third, rtol=1e-5)


def test_the_last_checkpoint_also_holds_the_weights_to_go_on_with(averaged):
    callback, result = averaged

    torch.testing.assert_close(content(result.last)["current_model_state"][HEAD], callback.seen[-1])
    assert "current_model_state" not in content(result.best)


def test_the_reported_log_loss_is_that_of_the_average(averaged, store):
    net = load_net(read_checkpoint(averaged[1].best))
    with torch.inference_mode():
        logits = torch.cat([net(torch.from_numpy(store.read_study(study))[:, None]) for study in ("s2", "s3")])

    expected = slice_scores(labels_of(store, ["s2", "s3"]), logits.numpy())["log_loss"]

    assert averaged[1].best_log_loss == pytest.approx(expected, rel=1e-4)


def test_before_its_first_step_the_average_is_the_net(store, net, recipe, settings, unwatched, tmp_path):
    callback, result = train(Heads(start_step=100), store, net, recipe, settings, unwatched, tmp_path)

    torch.testing.assert_close(content(result.best)["state_dict"][HEAD], callback.seen[-1])


def test_no_short_training_remembers_how_it_began():
    average = torch.optim.swa_utils.AveragedModel(
        torch.nn.Linear(1, 1), multi_avg_fn=shrinking_average(0.999, start_step=0)
    )
    net = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(net.weight)
    average.update_parameters(net)
    torch.nn.init.ones_(net.weight)
    for _ in range(300):
        average.update_parameters(net)

    assert average.module.weight.item() > 0.999  # Lightning's would be at 0.26


@pytest.mark.parametrize(("name", "value"), [("decay", 1.0), ("decay", -0.1), ("start_step", -1)])
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=rf"callbacks\.ema\.{name}={value}: expected"):
        AveragedWeights(**{name: value})
