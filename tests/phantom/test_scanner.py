"""What the scanner adds to a head."""

from dataclasses import replace

import numpy as np
import pytest

from ich.phantom.options import Scanner
from ich.phantom.scanner import OUTSIDE_HU, draw_exposure, scan_head


@pytest.fixture(scope="module")
def exposure(grid):
    drawn = draw_exposure(grid, Scanner(size=64), noise=1.0, rng=np.random.default_rng(0))
    return replace(drawn, circle=True, moved=frozenset(), table_slices=range(5, grid.n_slices))


def scanned(head, grid, exposure, bank):
    return scan_head(head, grid, exposure=exposure, bank=bank, rng=np.random.default_rng(1))


def test_corners_lie_outside_the_reconstructed_circle(head, grid, exposure, bank):
    hu = scanned(head, grid, exposure, bank)

    assert (hu[:, 0, 0] == OUTSIDE_HU).all()
    assert (hu[:, 32, 32] != OUTSIDE_HU).all()


def test_noise_has_the_strength_asked_for(head, grid, exposure, bank):
    quiet, loud = (scanned(head, grid, replace(exposure, noise_hu=hu), bank) for hu in (0.0, 5.0))
    brain = head.fields.cavity < -10

    assert (loud - quiet.astype(float))[brain].std() == pytest.approx(5, rel=0.15)


def test_thin_slices_are_noisier(grid):
    thick, thin = (
        draw_exposure(replace(grid, spacing_mm=mm), Scanner(), noise=1.0, rng=np.random.default_rng(0))
        for mm in (5.0, 1.25)
    )

    assert thin.noise_hu == pytest.approx(2 * thick.noise_hu)


def test_the_head_rest_is_seen_only_in_its_slices(head, grid, exposure, bank):
    hu = scanned(head, grid, exposure, bank)
    rest = (exposure.table > -300) & (head.fields.hu.max(axis=0) < -900) & (hu[0] != OUTSIDE_HU)

    assert hu[10][rest].mean() > hu[2][rest].mean() + 200


def test_beam_hardening_darkens_the_brain_between_the_petrous_bones(head, grid, exposure, bank):
    level = int(np.argmin(np.abs(grid.to_head[2] @ [np.arange(30), *np.full((2, 30), 32), np.ones(30)] - head.base_mm)))
    plain, hard = (
        scanned(head, grid, replace(exposure, noise_hu=0, streaks_hu=0, hardening_hu=hu), bank)[level] for hu in (0, 10)
    )

    assert (hard.astype(int) - plain).min() <= -7


def test_motion_changes_only_its_slices(head, grid, exposure, bank):
    still, moved = (
        scanned(head, grid, replace(exposure, noise_hu=0, streaks_hu=0, moved=m), bank)
        for m in (frozenset(), frozenset({7}))
    )

    changed = np.flatnonzero((still != moved).any(axis=(1, 2)))

    assert changed.tolist() == [7]
