"""Tests of how often slices are drawn."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ich.data.draws import AllSlices, Balanced, Centre, Draws, each_once, occurrences, rarities, shared
from ich.data.sampling import TrainingSampler
from ich.errors import ConfigError, DataError
from ich.labels import LABELS, label_index

CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "sampling").glob("*.yaml"))
STUDIES = np.repeat([0, 1, 2], [33, 20, 7])


def _labels(n_slices, **kinds):
    """All negative but for the slices named by kind; `any` follows."""
    labels = np.zeros((n_slices, len(LABELS)), dtype=np.float32)
    for kind, rows in kinds.items():
        labels[rows, label_index(kind)] = 1
        labels[rows, label_index("any")] = 1
    return labels


LABELLED = _labels(60, subdural=list(range(9, 17)), epidural=[40, 41])


def _sampling(path):
    node = yaml.safe_load(path.read_text())
    module, _, name = node.pop("_target_").rpartition(".")
    return getattr(importlib.import_module(module), name)(**node)


def _times(draws, epochs=200):
    """How often each sample comes in an epoch, (epochs, N)."""
    orders = [draws.order(np.random.default_rng([0, epoch])) for epoch in range(epochs)]
    return np.stack([np.bincount(order, minlength=len(draws.expected)) for order in orders])


def _epoch(draws, number, *, n_processes):
    """Samples of each process in one epoch."""
    shares = []
    for rank in range(n_processes):
        sampler = TrainingSampler(draws, seed=3, rank=rank, world=n_processes)
        sampler.set_epoch(number)
        shares.append([item.number for item in sampler])
    return shares


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("world", [1, 2, 3])
def test_every_choice_depends_on_seed_and_epoch_alone(path, world):
    draws = _sampling(path)(LABELLED, STUDIES)

    assert _epoch(draws, 1, n_processes=world) == _epoch(draws, 1, n_processes=world)
    assert _epoch(draws, 1, n_processes=world) != _epoch(draws, 2, n_processes=world)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("world", [2, 3])
def test_processes_get_equally_many_and_together_what_one_alone_gets_in_its_order(path, world):
    draws = _sampling(path)(LABELLED, STUDIES)

    shares, (alone,) = _epoch(draws, 1, n_processes=world), _epoch(draws, 1, n_processes=1)

    together = [sample for step in zip(*shares, strict=True) for sample in step]  # refuses unequal shares
    assert together[: len(alone)] == alone


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_choice_goes_on_where_it_stood(path):
    draws = _sampling(path)(LABELLED, STUDIES)
    unbroken = list(TrainingSampler(draws, seed=3))

    sampler = TrainingSampler(draws, seed=3)
    sampler.go_on_after(2, batch_size=4)

    assert list(sampler) == unbroken[8:]


def test_a_sample_that_comes_again_in_an_epoch_is_another_occurrence():
    draws = Draws(np.array([1.0, 5.0, 2.0]), np.zeros(3, dtype=np.int64))

    shares = [list(TrainingSampler(draws, seed=3, rank=rank, world=2)) for rank in range(2)]

    drawn = [(item.number, item.occurrence) for step in zip(*shares, strict=True) for item in step]
    assert sorted(drawn) == [(0, 0), *((1, time) for time in range(5)), (2, 0), (2, 1)]


def test_shares_of_unlike_stores_move_the_balance():
    groups = np.repeat([0, 1], [100, 1000])
    labels = np.zeros((1100, 6), dtype=np.float32)
    labels[np.r_[:50, 100:110], -2:] = 1  # 50 of 100 and 10 of 1,000

    expected = shared(Balanced()(labels, groups), groups, shares=[0.75, 0.25]).expected

    assert expected[labels[:, -1] == 1].sum() / expected.sum() == pytest.approx(0.75, abs=0.01)


@given(st.lists(st.integers(-3, 3), max_size=20))
def test_occurrences_count_what_came_before(order):
    expected = [order[:place].count(number) for place, number in enumerate(order)]

    assert occurrences(np.array(order, dtype=np.int64)).tolist() == expected


@given(st.lists(st.floats(0, 5), min_size=1, max_size=30), st.integers(0, 2**32 - 1))
def test_a_sample_comes_as_often_as_expected_rounded_down_or_up(expected, seed):
    draws = Draws(np.array(expected), np.arange(len(expected)) % 2)

    times = np.bincount(draws.order(np.random.default_rng(seed)), minlength=len(expected))

    assert times.sum() == draws.n_drawn
    scaled = np.array(expected) * (draws.n_drawn / max(sum(expected), 1e-300))
    assert (times >= np.floor(scaled - 1e-6)).all()
    assert (times <= np.ceil(scaled + 1e-6)).all()


def test_on_average_a_sample_comes_exactly_as_often_as_expected():
    draws = Balanced()(LABELLED, STUDIES)

    assert np.abs(_times(draws, 2000).mean(axis=0) - draws.expected).max() < 0.06  # 5 standard errors


def test_all_slices_come_once_each():
    assert (_times(AllSlices()(LABELLED, STUDIES), 3) == 1).all()


def test_balanced_draws_as_many_with_a_hemorrhage_as_without_in_an_epoch_as_long_as_before():
    times = _times(Balanced()(LABELLED, STUDIES))
    is_positive = LABELLED.max(axis=1) == 1

    assert set(times.sum(axis=1)) == {60}
    assert np.abs(times[:, is_positive].sum(axis=1) - 30).max() <= 1


def test_with_and_without_hemorrhage_come_mixed():
    draws, is_positive = Balanced()(LABELLED, STUDIES), LABELLED.max(axis=1) == 1

    halves = [is_positive[draws.order(np.random.default_rng(seed))[:30]].sum() for seed in range(50)]

    assert 5 < min(halves) <= max(halves) < 25


@pytest.mark.parametrize(("rarity", "ratio"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)])
def test_a_rare_kind_comes_more_often_by_the_stated_rule(rarity, ratio):
    expected = Balanced(rarity=rarity)(LABELLED, STUDIES).expected  # 8 slices with subdural, 2 with epidural

    assert expected[40] / expected[9] == pytest.approx(ratio)


def test_the_rarest_kind_of_a_slice_counts_and_any_alone_is_common():
    labels = _labels(6, subdural=[0, 1, 2, 3], epidural=[3])
    labels[4, label_index("any")] = 1

    assert rarities(labels[:5]).tolist() == [1, 1, 1, 4, 1]


def test_an_unknown_any_is_negative_unless_a_kind_of_it_is_known():
    labels = _labels(4, subdural=[0])
    labels[:3, label_index("any")] = np.nan

    expected = Balanced()(labels, np.zeros(4)).expected

    assert expected.tolist() == pytest.approx([2.0, 2 / 3, 2 / 3, 2 / 3])


@pytest.mark.parametrize("labels", [np.zeros((3, 6)), np.ones((3, 6)), np.full((3, 6), np.nan)], ids=str)
def test_nothing_to_balance_is_refused(labels):
    with pytest.raises(DataError, match=r"sampling=balanced: expected slices with and without .* use sampling=all"):
        Balanced()(labels, np.zeros(3))


def test_centre_draws_a_few_slices_of_each_study_and_more_of_its_middle():
    times = _times(Centre()(LABELLED, STUDIES), 400)

    by_study = np.stack([times[:, study == STUDIES].sum(axis=1) for study in range(3)])
    assert (np.abs(by_study - 4) <= 1).all()
    assert by_study.mean() == pytest.approx(4, abs=0.01)
    assert times[:, 16].mean() > 3 * times[:, 0].mean()  # slice 16 of 33: four times the weight of the outermost


def test_centre_weights_are_those_of_the_first_place_before_rounding():
    expected = Centre(slices_a_study=1)(LABELLED, STUDIES).expected[:33]

    assert (expected / expected[0]).tolist() == pytest.approx(
        [*[1] * 5, *np.arange(5, 17) / 4, *np.arange(15, 4, -1) / 4, *[1] * 5]
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Balanced, {"positive": 1.0}),
        (Balanced, {"rarity": -0.1}),
        (Centre, {"slices_a_study": 0}),
        (Centre, {"step": 0}),
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(kind, options):
    with pytest.raises(ConfigError, match=rf"sampling\.{next(iter(options))}="):
        kind(**options)


def test_each_once_is_a_plain_shuffle():
    order = each_once(9).order(np.random.default_rng(0))

    assert order.tolist() == np.random.default_rng(0).permutation(9).tolist()


def test_shares_say_how_much_of_an_epoch_each_group_is_and_its_length_stays():
    groups = np.repeat([0, 1], [40, 20])

    draws = shared(each_once(60), groups, shares=[0.25, 0.75])

    times = _times(draws)
    assert set(times.sum(axis=1)) == {60}
    assert np.abs(times[:, :40].sum(axis=1) - 15).max() <= 1


def test_shares_keep_the_balance_within_each_group():
    groups = np.arange(60) % 2
    draws = Balanced()(LABELLED, STUDIES)

    expected = shared(draws, groups, shares=[0.5, 0.5]).expected

    for group in range(2):
        mine = groups == group
        assert expected[mine] / expected[mine].sum() == pytest.approx(draws.expected[mine] / draws.expected[mine].sum())


def test_a_group_without_samples_leaves_its_share_to_the_others():
    assert shared(each_once(4), np.array([0, 0, 2, 2]), shares=[0.5, 0.25, 0.25]).expected.sum() == pytest.approx(4)
