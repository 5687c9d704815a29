"""Where a place lies in a head: in millimetres, in voxels, on the skull."""

import numpy as np
import pytest

from ich.phantom.anatomy.fields import is_empty, squared_distance, surface_point


def test_points_of_a_box_are_the_millimetres_of_its_voxels(head):
    box = (slice(10, 12), slice(20, 23), slice(30, 34))

    x, y, z = head.fields.points(box)

    expected = head.fields.to_head @ np.array([11, 22, 33, 1])
    assert np.broadcast_shapes(x.shape, y.shape, z.shape) == (2, 3, 4)
    np.testing.assert_allclose([np.broadcast_to(p, (2, 3, 4))[1, 2, 3] for p in (x, y, z)], expected, atol=1e-3)


def test_a_box_holds_every_voxel_within_reach(head):
    centre, reach = np.array([5.0, 10.0, 20.0]), np.full(3, 12.0)

    box = head.fields.box(centre, reach)

    whole = tuple(slice(0, n) for n in head.fields.hu.shape)
    near = squared_distance(head.fields.points(whole), centre, scale=(12.0, 12.0, 12.0)) < 1
    assert near.sum() == near[box].sum() > 0


def test_the_box_of_a_place_outside_the_scan_is_empty(head):
    assert is_empty(head.fields.box(np.array([0.0, 0.0, 900.0]), np.full(3, 10.0)))


def test_a_ray_ends_within_a_pixel_and_a_millimetre_of_the_inner_table(head):
    place = surface_point(head.fields, np.array([1.0, 0.1, 0.2]))

    voxel = np.rint(np.linalg.inv(head.fields.to_head[:, :3]) @ (place - head.fields.to_head[:, 3])).astype(int)
    assert head.fields.cavity[tuple(voxel)] == pytest.approx(0, abs=1 + head.fields.edge_mm)


def test_a_ray_that_leaves_the_scan_has_no_end(head):
    assert surface_point(head.fields, np.array([0.0, 0.0, -1.0])) is None
