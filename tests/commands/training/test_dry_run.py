"""What optimizer, schedule and net refuse is heard without data or weights."""

import functools

import pytest
import torch

from ich.commands.training import dry_run
from ich.commands.training.dry_run import try_net, try_recipe
from ich.errors import ConfigError
from ich.learn.loop.module import Recipe
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant, founding
from ich.nets.build import build

BRAIN = {"brain": {"centre": 40, "width": 80, "mean": None, "std": None}}


def recipe(optimizer=torch.optim.Adam, schedule=constant, **numbers) -> Recipe:
    return Recipe(WeightedBCE([1.0] * 6), functools.partial(optimizer, **numbers), schedule)


def test_a_recipe_that_works_is_taken_without_a_word(recwarn):
    try_recipe(recipe(schedule=functools.partial(founding, factors=[1.0, 0.2])))

    assert not recwarn.list


@pytest.mark.parametrize("betas", [[0.9], [0.9, 0.99, 0.9], ["a", 0.9], [2.0, 0.9]], ids=str)
def test_an_optimizer_whose_step_would_fail_is_refused(betas):
    with pytest.raises(ConfigError, match=r"optimizer: expected values it takes, found .*; see conf/optimizer"):
        try_recipe(recipe(betas=betas))


def test_a_schedule_of_ones_own_that_fails_in_a_later_epoch_is_refused():
    def two_epochs(optimizer, *, total_steps, steps_per_epoch):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: [1.0, 0.5][step])

    with pytest.raises(ConfigError, match=r"schedule: expected values it takes, found list index out of range"):
        try_recipe(recipe(schedule=two_epochs))


@pytest.mark.parametrize(
    "net",
    [
        {"net": "SliceNet", "backbone": "resnext101_32x8d", "windows": BRAIN, "weights": "hub"},
        {"net": "SliceLSTM", "hidden": 4096, "layers": 12},
    ],
    ids=lambda net: net["net"],
)
def test_a_net_of_any_size_is_tried_without_its_weights(net, monkeypatch):
    built = []
    monkeypatch.setattr(dry_run, "build", lambda arguments: built.append(build(arguments)))

    try_net(net)

    assert [type(one).__name__ for one in built] == [net["net"]]
    assert all(weight.is_meta for weight in built[0].parameters())


@pytest.mark.parametrize("net", [{"backbone": "nonesuch"}, {"drop_rate": 1.5}, {"neighbour_mm": 0.0}], ids=str)
def test_a_net_that_can_t_be_is_refused(net):
    with pytest.raises(ConfigError, match="expected"):
        try_net({"net": "SliceNet", "backbone": "tiny", "windows": BRAIN, "neighbours": 1, **net})
