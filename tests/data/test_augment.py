"""Tests of every augmentation in the configuration: HU stay HU."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ich.data.augment import Light, change_tone
from ich.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "augment").glob("*.yaml"))
RAMP = np.linspace(-1024, 3071, 64).astype(np.int16)


def _augment(path, **changes):
    node = yaml.safe_load(path.read_text()) | changes
    module, _, name = node.pop("_target_").rpartition(".")
    return getattr(importlib.import_module(module), name)(**node)


def _head(n_slices=1):
    """A ramp of HU across a head that leaves a rim of air."""
    hu = np.full((n_slices, 64, 64), -1024, dtype=np.int16)
    hu[:, 16:48, 16:48] = RAMP[16:48]
    return hu


each_config = pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)


@each_config
@pytest.mark.parametrize("seed", range(8))
def test_hu_stay_hu_and_air_stays_air(path, seed):
    changed = _augment(path)(_head(), np.random.default_rng(seed))

    assert changed.dtype == np.int16
    assert changed.shape == (1, 64, 64)
    assert changed.min() == -1024
    assert changed.max() <= 3071
    assert (changed[0, [0, 0, -1, -1], [0, -1, 0, -1]] == -1024).all()  # what moves in from outside is air too


@each_config
def test_a_ramp_of_hu_stays_a_ramp(path):
    options = yaml.safe_load(path.read_text())
    still = {name: 0.0 for name in ("flip", "move", "crop", "elastic", "noise", "dropout") if name in options}
    still |= {"tone": 1.0} if "tone" in options else {}
    ramp = np.repeat(RAMP[None, None], 64, axis=1)  # (1, 64, 64), rising from left to right

    changed = _augment(path, **still)(ramp, np.random.default_rng(0))

    assert (np.diff(changed[0].astype(int), axis=1) >= 0).all()
    assert len(np.unique(changed)) > 50


@each_config
def test_the_same_generator_gives_the_same_sample_and_leaves_the_input_alone(path):
    augment, hu = _augment(path), _head()
    before = hu.copy()

    first = augment(hu, np.random.default_rng(3)).copy()
    augment(hu, np.random.default_rng(4))

    np.testing.assert_array_equal(augment(hu, np.random.default_rng(3)), first)
    np.testing.assert_array_equal(hu, before)


@each_config
@pytest.mark.parametrize("n_slices", [3, 5])
def test_neighbours_are_changed_alike(path, n_slices):
    grain = {"noise": 0.0} if path.stem == "strong" else {}  # its noise has a grain of its own in each slice
    changed = _augment(path, **grain)(_head(n_slices), np.random.default_rng(0))

    assert changed.shape == (n_slices, 64, 64)
    assert (changed == changed[:1]).all()


def test_light_does_everything_now_and_then():
    augment, hu = Light(), _head()
    hu[:, 16:48, 16:48] = np.random.default_rng(0).integers(0, 80, (32, 32))

    samples = [augment(hu, np.random.default_rng(seed))[0] for seed in range(60)]

    kinds = {
        "nothing": sum(np.array_equal(sample, hu[0]) for sample in samples),
        "flipped only": sum(np.array_equal(sample, hu[0, :, ::-1]) for sample in samples),
        "moved": sum((sample[:16] != -1024).any() or (sample[48:] != -1024).any() for sample in samples),
    }
    assert all(0 < count < 60 for count in kinds.values()), kinds


@given(st.lists(st.integers(-1024, 3071), min_size=2, max_size=30), st.floats(-50, 50), st.floats(0.5, 1.5))
def test_a_change_of_tone_turns_no_order_round(values, brightness, contrast):
    hu = np.sort(np.array(values, dtype=np.int16))

    changed = change_tone(hu, brightness=brightness, contrast=contrast)

    assert (np.diff(changed.astype(int)) >= 0).all()
    assert changed.min() >= -1024
    assert changed.max() <= 3071


def test_contrast_turns_around_brain_and_brightness_adds_hu():
    hu = np.array([-1024, 35, 60], dtype=np.int16)

    changed = change_tone(hu, brightness=2.0, contrast=1.2)

    assert changed.tolist() == [-1024, 37, 67]  # 35 + 2; 35 + 1.2 * 25 + 2, by hand


@pytest.mark.parametrize(
    "option",
    [{"flip": 1.5}, {"shift": -0.1}, {"rotate": -1.0}, {"rotate": 1e9}, {"brightness": 1e9}, {"contrast": 2.0}],
    ids=str,
)
def test_a_range_that_makes_no_sense_is_refused(option):
    with pytest.raises(ConfigError, match=rf"augment\.{next(iter(option))}="):
        Light(**option)
