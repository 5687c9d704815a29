"""Tests of what the loaders share out."""

import os

import pytest

from ich.data.loaders import n_workers, share_of_batch
from ich.errors import ConfigError


def test_the_batch_of_the_configuration_is_the_global_one():
    assert share_of_batch(32, 4) == 8


def test_an_empty_batch_is_refused():
    with pytest.raises(ConfigError, match=r"data\.batch_size=0: expected 1 or more"):
        share_of_batch(0, 1)


@pytest.mark.parametrize(("batch_size", "processes"), [(32, 3), (2, 4)])
def test_a_batch_that_can_not_be_shared_out_is_refused(batch_size, processes):
    with pytest.raises(ConfigError, match=rf"data\.batch_size={batch_size}: expected a multiple of {processes}"):
        share_of_batch(batch_size, processes)


@pytest.mark.parametrize(("cores", "processes", "expected"), [(1, 1, 0), (2, 1, 0), (6, 1, 5), (64, 1, 8), (16, 4, 3)])
def test_workers_follow_the_cores_this_process_may_use(monkeypatch, cores, processes, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(cores)))

    assert n_workers(None, processes) == expected


def test_a_number_of_workers_that_was_asked_for_is_taken():
    assert n_workers(3, 1) == 3


def test_fewer_workers_than_none_are_refused():
    with pytest.raises(ConfigError, match=r"data\.workers=-1"):
        n_workers(-1, 1)
