"""A made head scanned again: thicker slices are means along the normal, noise is new each time."""

from dataclasses import replace

import numpy as np
import pytest

from ich.phantom.grid import draw_grid
from ich.phantom.options import Prevalence, Scanner
from ich.phantom.rescan import Seen, scan_again, see_head, thicker
from ich.phantom.scanner import OUTSIDE_HU
from ich.phantom.study import draw_study, study_generator


def thin_grid(*, degrees: float, n_slices: int = 20, size: int = 64):
    """1 mm slices of a tilted gantry."""
    scanner = Scanner(
        size=size, n_slices=(n_slices, n_slices), thickness_mm=1.0, tilt_degrees=(degrees, degrees), tilted_share=1.0
    )
    return draw_grid(scanner, np.random.default_rng(0))


def seen_of(hu, grid, *, noise_hu=0.0, circle=False) -> Seen:
    return Seen(hu.astype(np.float32), np.full(hu.shape, noise_hu, dtype=np.float32), grid, circle)


def rod_along_the_normal(grid):
    """A smooth rod at one place of the gantry's plane, whatever the slice."""
    s, r, c = np.mgrid[: grid.n_slices, : grid.size, : grid.size]
    x, y, z = (
        np.tensordot(grid.to_scanner[:, :3], np.stack([s, r, c]), axes=1) + grid.to_scanner[:, 3, None, None, None]
    )
    along = y * np.cos(grid.tilt) + z * np.sin(grid.tilt)
    middle = along[grid.n_slices // 2, grid.size // 2, grid.size // 2]
    return 100 * np.exp(-(((along - middle) / 12) ** 2) - ((x - x.mean()) / 12) ** 2)


@pytest.fixture(scope="module")
def seen(difficulty):
    drawn = draw_study(
        study_generator(1, 2),
        difficulty=difficulty,
        scanner=Scanner(size=48, n_slices=(20, 20), thickness_mm=5.0),
        prevalence=Prevalence(),
    )
    return see_head(drawn, np.random.default_rng(0))


@pytest.mark.parametrize("degrees", [-22.0, 0.0, 15.0])
def test_what_stands_along_the_normal_stays_sharp_in_thick_slices(degrees):
    grid = thin_grid(degrees=degrees)
    rod = rod_along_the_normal(grid)

    thick = thicker(seen_of(rod, grid), 5)

    inner = slice(8, -8)  # pixels; planes end where the picture ends
    np.testing.assert_allclose(thick.hu[:, inner, inner], rod[2::5, inner, inner], atol=0.3)


def test_a_thick_slice_lies_in_the_middle_of_the_thin_ones():
    grid = thin_grid(degrees=10.0)

    thick = grid.thicker(5)

    np.testing.assert_allclose(thick.position(1), np.mean([grid.position(s) for s in range(5, 10)], axis=0))
    assert (thick.n_slices, thick.spacing_mm) == (4, 5.0)


def test_noise_shrinks_with_the_square_root_of_the_thickness():
    grid = thin_grid(degrees=0.0)
    thin = seen_of(np.zeros((20, 64, 64)), grid, noise_hu=10.0)
    rng = np.random.default_rng(1)

    measured = [scan_again(scan, rng).std() for scan in (thin, thicker(thin, 5))]

    assert measured[0] / measured[1] == pytest.approx(np.sqrt(5), rel=0.05)


def test_two_scans_of_a_head_differ_by_noise_alone(seen):
    rng = np.random.default_rng(2)

    first, second = (scan_again(replace(seen, circle=False), rng).astype(float) for _ in range(2))

    spread = (first - second)[:, 16:32, 16:32].std() / np.sqrt(2)
    assert spread == pytest.approx(seen.noise_hu[:, 16:32, 16:32].mean(), rel=0.1)
    assert abs((first - second).mean()) < 0.2


def test_the_rim_outside_the_circle_is_marked_in_every_scan(seen):
    hu = scan_again(replace(seen, circle=True), np.random.default_rng(3))

    assert (hu[:, 0, 0] == OUTSIDE_HU).all()
