"""Tests of the orders in which samples come."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ich.data.sampling import ShardSampler, TrainingSampler


def _order(epoch, **kwargs):
    sampler = TrainingSampler(23, seed=1, **kwargs)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_order_depends_on_seed_and_epoch_alone():
    assert _order(2) == _order(2)
    assert [item.number for item in _order(2)] != [item.number for item in _order(3)]


def test_every_sample_comes_once_an_epoch_and_says_which():
    order = _order(4)

    assert sorted(item.number for item in order) == list(range(23))
    assert {item.epoch for item in order} == {4}


@given(n=st.integers(1, 40), world=st.integers(1, 8))
def test_processes_draw_equally_many_and_leave_nothing_out(n, world):
    shares = [list(TrainingSampler(n, seed=0, rank=rank, world=world)) for rank in range(world)]

    counts = Counter(item.number for share in shares for item in share)
    assert {len(share) for share in shares} == {-(-n // world)}
    assert set(counts) == set(range(n))
    assert sum(counts.values()) - n < world


@given(world=st.integers(2, 8))
def test_no_process_is_left_without_a_validation_sample(world):
    shards = [list(ShardSampler(world - 1, rank=rank, world=world)) for rank in range(world)]

    assert all(len(shard) == 1 for shard in shards)
    assert {item.number for shard in shards for item in shard} == set(range(world - 1))


@given(world=st.integers(1, 8), more=st.integers(0, 40))
def test_validation_shards_hold_every_sample_exactly_once(world, more):
    n = world + more
    shards = [ShardSampler(n, rank=rank, world=world) for rank in range(world)]

    assert sorted(item.number for shard in shards for item in shard) == list(range(n))
    assert [len(shard) for shard in shards] == [len(list(shard)) for shard in shards]


@pytest.mark.parametrize("n_batches", [0, 1, 5, 6, 13])
def test_a_training_goes_on_where_it_stood(n_batches):
    unbroken = [item for epoch in range(4) for item in _order(epoch)]
    per_epoch, batch_size = 6, 4  # 23 samples, the last batch of an epoch has 3
    seen = n_batches // per_epoch * 23 + n_batches % per_epoch * batch_size

    sampler = TrainingSampler(23, seed=1)
    sampler.go_on_after(n_batches, batch_size=batch_size)

    assert list(sampler) == unbroken[seen : (n_batches // per_epoch + 1) * 23]


@pytest.mark.parametrize(("n_batches", "epoch", "skipped"), [(1, 0, 4), (2, 1, 0), (5, 2, 4)])
def test_epochs_that_are_cut_short_are_counted_by_their_own_length(n_batches, epoch, skipped):
    sampler = TrainingSampler(23, seed=1)  # six batches an epoch, of which two are taken

    sampler.go_on_after(n_batches, batch_size=4, limit=2)

    assert list(sampler) == _order(epoch)[skipped:]


def test_a_limit_beyond_the_epoch_cuts_nothing():
    sampler = TrainingSampler(23, seed=1)

    sampler.go_on_after(7, batch_size=4, limit=50)

    assert list(sampler) == _order(1)[4:]


def test_after_going_on_the_next_epoch_is_whole():
    sampler = TrainingSampler(23, seed=1)
    sampler.go_on_after(2, batch_size=4)
    list(sampler)

    sampler.set_epoch(1)

    assert list(sampler) == _order(1)
