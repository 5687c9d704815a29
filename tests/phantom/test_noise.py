"""Banks of noise: same in every process, mean 0, variance 1, waves of the length asked for."""

import numpy as np
import pytest

from ich.phantom.noise import noise_bank


def test_noise_has_mean_zero_and_variance_one(bank):
    for noise in (bank.cube, bank.plane):
        assert abs(noise.mean()) < 0.01
        assert noise.std() == pytest.approx(1, abs=0.01)


def test_the_bank_is_the_same_when_made_again(bank):
    again = noise_bank.__wrapped__()

    np.testing.assert_array_equal(again.cube, bank.cube)


def test_smooth_noise_has_the_wavelength_asked_for(bank):
    x = np.arange(0, 150, 0.5, dtype=np.float32)[:, None]
    y, z = np.random.default_rng(0).uniform(0, 160, (2, 400)).astype(np.float32)

    noise = bank.smooth(x, y, z, wavelength=20.0, rng=np.random.default_rng(0))

    # Of noise in a band around one wavelength in space, a line crosses zero every sqrt(3) / 2 waves (Rice's formula).
    crossings = np.count_nonzero(np.diff(np.signbit(noise), axis=0))
    assert 2 * 150 * 400 / crossings == pytest.approx(20 * np.sqrt(3), rel=0.25)


def test_grain_keeps_its_strength_however_crops_are_mixed(bank):
    rng = np.random.default_rng(1)

    strengths = [bank.grain(64, rng).std() for _ in range(20)]

    assert np.mean(strengths) == pytest.approx(1, abs=0.05)
