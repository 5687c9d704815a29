"""Tests of the strong augmentation's parts."""

import numpy as np
import pytest

from ich.data.strong import Strong, add_noise, punch_holes
from ich.errors import ConfigError

NOTHING = {"flip": 0, "crop": 0, "move": 0, "elastic": 0, "tone": 0, "noise": 0, "dropout": 0}


def _head(n_slices=1):
    hu = np.full((n_slices, 64, 64), -1024, dtype=np.int16)
    hu[:, 16:48, 16:48] = np.random.default_rng(0).integers(0, 80, (32, 32))
    return hu


def _samples(n_slices=1, **options):
    augment = Strong(**(NOTHING | options))
    return [augment(_head(n_slices), np.random.default_rng(seed)) for seed in range(60)]


def test_without_its_parts_it_does_nothing():
    assert all(np.array_equal(sample, _head()) for sample in _samples())


def test_a_flip_is_exact():
    assert all(np.array_equal(sample, _head()[:, :, ::-1]) for sample in _samples(flip=1))


@pytest.mark.parametrize("part", sorted(set(NOTHING) - {"tone"}))
def test_every_part_does_something_now_and_then(part):
    changed = sum(not np.array_equal(sample, _head()) for sample in _samples(**{part: 0.5}))

    assert 10 < changed < 50


@pytest.mark.parametrize("part", sorted(set(NOTHING) - {"noise"}))
def test_slices_of_a_sample_are_changed_alike(part):
    assert all((sample == sample[:1]).all() for sample in _samples(3, **{part: 1}))


def test_noise_has_a_grain_of_its_own_in_each_slice():
    sample = add_noise(_head(2), sigma=5.0, rng=np.random.default_rng(0))

    grain = (sample.astype(int) - _head(2))[:, 16:48, 16:48]
    assert abs(np.corrcoef(grain[0].ravel(), grain[1].ravel())[0, 1]) < 0.1


def test_noise_is_as_strong_as_asked_for_and_leaves_air_alone():
    hu = np.full((1, 256, 256), 35, dtype=np.int16)
    hu[:, :8] = -1024

    noisy = add_noise(hu, sigma=6.0, rng=np.random.default_rng(0))

    assert (noisy[:, :8] == -1024).all()
    assert noisy[:, 8:].std() == pytest.approx(6.0, rel=0.02)
    assert noisy[:, 8:].mean() == pytest.approx(35.0, abs=0.1)


def test_holes_are_air_inside_the_picture_and_no_longer_than_asked_for():
    hu = np.zeros((2, 100, 100), dtype=np.int16)

    holed = punch_holes(hu, n_holes=1, longest=0.2, rng=np.random.default_rng(0))

    rows, columns = np.nonzero(holed[0])
    assert 5 <= np.ptp(rows) + 1 <= 20
    assert 5 <= np.ptp(columns) + 1 <= 20
    assert set(np.unique(holed)) == {-1024, 0}
    assert not hu.any()


@pytest.mark.parametrize(
    "option",
    [
        {"flip": 1.5},
        {"crop_side": 0.0},
        {"bend": 0.2},
        {"noise_hu": -1.0},
        {"noise_hu": 1e9},
        {"holes": -1},
        {"mixup": -0.1},
    ],
    ids=str,
)
def test_a_range_that_makes_no_sense_is_refused(option):
    with pytest.raises(ConfigError, match=rf"augment\.{next(iter(option))}="):
        Strong(**option)
