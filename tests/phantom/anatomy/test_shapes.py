"""Shapes as distances, and what share of a voxel they cover."""

import numpy as np
import pytest

from ich.phantom.anatomy.shapes import (
    add_ellipsoid,
    capsule,
    ellipsoid,
    far_field,
    per_edge,
    points_of,
    share,
    smooth_union,
)


def test_an_ellipsoid_with_equal_axes_is_a_ball():
    x, y, z = np.random.default_rng(0).uniform(-20, 20, (3, 50)).astype(np.float32)

    distance = ellipsoid(x, y, z, centre=(1, 2, 3), semi=(9, 9, 9))

    expected = np.sqrt((x - 1) ** 2 + (y - 2) ** 2 + (z - 3) ** 2) - 9
    np.testing.assert_allclose(distance, expected, atol=1e-3)


def test_a_rod_grows_from_one_radius_to_the_other():
    at = np.array([0.0, 10.0], dtype=np.float32)

    distance = capsule(at, np.float32(5), np.float32(0), start=(0, 0, 0), end=(10, 0, 0), radii=(1, 3))

    np.testing.assert_allclose(distance, [4, 2])


def test_a_stamped_shape_is_the_same_near_it_as_everywhere(grid):
    points = points_of(grid)
    field = far_field(points)

    add_ellipsoid(field, points, centre=(10.0, 5.0, 0.0), semi=(8.0, 12.0, 9.0))

    whole = ellipsoid(points.x, points.y, points.z, centre=(10.0, 5.0, 0.0), semi=(8.0, 12.0, 9.0))
    near = whole < 6
    np.testing.assert_allclose(field[near], whole[near], atol=1e-4)


def test_a_rounded_union_never_lies_outside_the_sharp_one():
    first, second = np.random.default_rng(1).normal(0, 5, (2, 100)).astype(np.float32)

    united = smooth_union(first, second, width=4.0)

    assert (united <= np.minimum(first, second) + 1e-6).all()
    assert (united >= np.minimum(first, second) - 1.0 - 1e-6).all()  # a quarter of the width at most


def test_a_surface_that_lies_in_the_slice_is_smeared_by_its_thickness(grid):
    flat = np.broadcast_to(np.arange(30, dtype=np.float32)[:, None, None] * 5 - 72.5, (30, 4, 4)).copy()

    covered = share(per_edge(flat, grid))[:, 0, 0]

    assert covered[14] == pytest.approx(0.5 + 2.5 / 5.7, abs=0.01)
    assert covered[13] == 1


def test_an_upright_surface_stays_sharp(grid):
    upright = np.broadcast_to(np.arange(4, dtype=np.float32) - 1.5, (30, 4, 4)).copy()

    np.testing.assert_allclose(share(per_edge(upright, grid))[3, 0], [1, 1, 0, 0])
