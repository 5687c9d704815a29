"""Geometry of a scan: what DICOM says of it, and where the head lies in it."""

import numpy as np
import pytest

from ich.phantom.grid import draw_grid
from ich.phantom.options import Scanner


def tilted(degrees, **options):
    scanner = Scanner(size=64, tilt_degrees=(degrees, degrees), tilted_share=1.0, **options)
    return draw_grid(scanner, np.random.default_rng(0))


def test_a_tilted_stack_is_sheared_as_real_ones_are():
    grid = tilted(11.0)

    step = np.subtract(grid.position(1), grid.position(0))

    # Measured on RSNA files at 11 degrees: x and y stay, z steps 5.10 mm, 5.00 mm along the normal.
    np.testing.assert_allclose(step, [0, 0, 5.094], atol=0.001)


def test_slices_are_the_stated_distance_apart_along_their_normal():
    grid = tilted(-20.0, thickness_mm=4.0)
    row, column = np.reshape(grid.orientation(), (2, 3))

    distance = np.cross(row, column) @ np.subtract(grid.position(5), grid.position(4))

    assert distance == pytest.approx(4.0)


def test_a_pixel_lies_where_position_orientation_and_spacing_say():
    grid = tilted(15.0)
    row, column = np.reshape(grid.orientation(), (2, 3))

    by_dicom = np.array(grid.position(3)) + grid.pixel_mm * (7 * column + 9 * row)  # PS3.3 C.7.6.2.1.1

    np.testing.assert_allclose(grid.to_scanner @ (3, 7, 9, 1), by_dicom)


def test_the_head_is_not_stretched():
    grid = tilted(15.0)

    singular = np.linalg.svd(grid.to_head[:, :3] @ np.linalg.inv(grid.to_scanner[:, :3]), compute_uv=False)

    np.testing.assert_allclose(singular, 1)


def test_a_coarser_grid_covers_the_same_space():
    grid = tilted(0.0)

    coarse = grid.coarse(32)

    np.testing.assert_allclose(coarse.to_head @ (2, 5, 6, 1), grid.to_head @ (2, 10.5, 12.5, 1))
