import itertools

import pytest
import torch

from ich.errors import ConfigError
from ich.learn.schedules import constant, founding, one_cycle, warmup_cosine


def rates(schedule, *, lr=1.0, total_steps=20, steps_per_epoch=5, **numbers) -> list[float]:
    """The rate at each step of a training."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = schedule(optimizer, total_steps=total_steps, steps_per_epoch=steps_per_epoch, **numbers)
    found = []
    for _ in range(total_steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_founding_rates_are_those_of_the_founding_readme():
    found = rates(founding, lr=1e-4, total_steps=15)

    assert found == pytest.approx([1e-4] * 10 + [2e-5] * 5)  # 1e-4, 1e-4, 2e-5 by epoch


def test_founding_keeps_its_last_factor():
    assert rates(founding, total_steps=20, factors=[1.0, 0.5])[5:] == pytest.approx([0.5] * 15)


def test_constant_is_constant():
    assert rates(constant) == [1.0] * 20


def test_one_cycle_is_torchs():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    torchs = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=20, cycle_momentum=False)
    expected = []
    for _ in range(20):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(expected) < 20:
            torchs.step()

    assert rates(one_cycle) == pytest.approx(expected, abs=1e-9)


def test_one_cycle_without_warm_up_starts_at_the_top():
    assert rates(one_cycle, warmup_share=0.0)[0] == 1.0


def test_warm_up_rises_in_a_line_and_a_cosine_falls():
    found = rates(warmup_cosine, total_steps=20, warmup_share=0.2)

    assert found[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert found[12] == pytest.approx(0.5)  # half of the way down
    assert all(earlier > later for earlier, later in itertools.pairwise(found[4:]))


@pytest.mark.parametrize("schedule", [constant, founding, one_cycle, warmup_cosine])
@pytest.mark.parametrize("total_steps", [1, 2, 3])
def test_the_shortest_trainings_have_a_rate(schedule, total_steps):
    assert all(0 <= rate <= 1 for rate in rates(schedule, total_steps=total_steps, steps_per_epoch=1))


@pytest.mark.parametrize("schedule", [constant, founding, one_cycle, warmup_cosine])
def test_a_schedules_state_is_plain(schedule, tmp_path):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedule(optimizer, total_steps=4, steps_per_epoch=2)
    torch.save(scheduler.state_dict(), tmp_path / "state")

    assert torch.load(tmp_path / "state", weights_only=True)["base_lrs"] == [1.0]


def test_a_warm_up_without_an_end_is_refused():
    with pytest.raises(ConfigError, match=r"schedule\.warmup_share=1\.0"):
        rates(one_cycle, warmup_share=1.0)


def test_founding_without_factors_is_refused():
    with pytest.raises(ConfigError, match=r"schedule.factors=\[\]"):
        rates(founding, factors=[])


@pytest.mark.parametrize(
    ("schedule", "option"),
    [
        (founding, {"factors": ["a"]}),
        (founding, {"factors": [1.0, -0.1]}),
        (one_cycle, {"start_factor": -1.0}),
        (one_cycle, {"end_factor": -1.0}),
        (warmup_cosine, {"end_factor": -1.0}),
    ],
)
def test_a_factor_that_makes_no_rate_is_refused(schedule, option):
    with pytest.raises(ConfigError, match=rf"schedule\.{next(iter(option))}=.*: expected .*0 or more"):
        rates(schedule, **option)
