import math

import pytest

from ich.dicom.geometry.stacks import is_axial, measure_stack, split_stacks
from ich.dicom.parsing.kinds import SeriesKind


def turned(degrees: float) -> tuple[float, ...]:
    return (1.0, 0.0, 0.0, 0.0, math.cos(math.radians(degrees)), -math.sin(math.radians(degrees)))


def sizes(headers):
    return [len(stack) for stack in split_stacks(headers)]


def test_slices_of_two_matrices_are_two_stacks_the_larger_first(header):
    assert sizes([header(0.0, rows=8), header(5.0), header(10.0)]) == [2, 1]


@pytest.mark.parametrize(("degrees", "expected"), [(14, [3]), (16, [2, 1])])
def test_slices_turned_by_15_degrees_are_another_stack(header, degrees, expected):
    assert sizes([header(0.0), header(5.0), header(10.0, orientation=turned(degrees))]) == expected


def test_slices_turned_within_their_plane_are_another_stack(header):
    assert sizes([header(0.0), header(5.0), header(10.0, orientation=(-1, 0, 0, 0, -1, 0))]) == [2, 1]


def test_an_axial_stack_comes_before_a_larger_coronal_one(header):
    coronal = [header(z, orientation=(1, 0, 0, 0, 0, -1)) for z in range(5)]

    stacks = split_stacks([*coronal, header(0.0)])

    assert [is_axial(stack[0]) for stack in stacks] == [True, False]


def test_a_stack_is_measured_by_what_would_be_read_of_it(header):
    soft = [header(5.0 * z, sop_uid=f"b{z}") for z in range(4)]
    bone = [header(5.0 * z, sop_uid=f"a{z}", kind=SeriesKind(sharp=True), kernel="BONE") for z in range(4)]

    stack = measure_stack([*bone, *soft])

    assert (stack.n_places, stack.extent_mm, stack.step_mm, stack.sharp) == (4, 20.0, 5.0, False)


def test_a_stack_is_what_most_of_its_slices_are(header):
    odd = header(0.0, kind=SeriesKind(sharp=True, enhanced=True))

    assert not measure_stack([odd, header(5.0), header(10.0)]).enhanced
    assert measure_stack([odd, header(5.0, kind=SeriesKind(sharp=True)), header(10.0)]).sharp


@pytest.mark.parametrize(
    "facts",
    [{"kernel": "UC"}, {"thickness_mm": 4.0}, {"pixel_spacing": (0.4, 0.4)}, {"kind": SeriesKind(enhanced=True)}],
    ids=lambda facts: next(iter(facts)),
)
def test_stacks_are_alike_only_where_all_that_is_known_is_the_same(header, facts):
    first, copy, other = (
        [header(5.0 * z, series_uid=uid, sop_uid=f"{uid}.{z}", **more) for z in range(3)]
        for uid, more in (("1", {}), ("2", {}), ("3", facts))
    )

    assert measure_stack(first).likeness == measure_stack(copy).likeness
    assert measure_stack(first).likeness != measure_stack(other).likeness


@pytest.mark.parametrize(("step", "millimetres"), [(1.0, 0), (4.6, 0), (4.0, 1), (8.0, 3)])
def test_the_distance_to_5_mm_counts_for_thick_slices(header, step, millimetres):
    assert measure_stack([header(z * step) for z in range(4)]).from_wanted_mm == millimetres
