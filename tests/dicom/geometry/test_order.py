import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ich.dicom.files import find_files
from ich.dicom.geometry.order import degrees_turned, order_slices, slice_normal
from ich.dicom.header import read_headers
from ich.errors import DataError


def tilted(degrees: float) -> tuple[float, ...]:
    """The orientation of a gantry tilted by so much, as GE's 18.5 degrees: 0.948, -0.317."""
    return (1.0, 0.0, 0.0, 0.0, math.cos(math.radians(degrees)), -math.sin(math.radians(degrees)))


def test_slices_are_ordered_from_feet_to_head_whatever_their_names_and_numbers(header):
    given_order = [header(z, instance_number=number) for number, z in enumerate((10.0, 0.0, 15.0, 5.0))]

    ordered = order_slices(given_order)

    assert [one.position[2] for one in ordered.headers] == [0, 5, 10, 15]
    np.testing.assert_array_equal(ordered.positions_mm, np.array([0, 5, 10, 15], dtype=np.float32))
    assert (ordered.step_mm, ordered.tilt_degrees, ordered.warnings) == (5.0, 0.0, ())


def test_a_patient_scanned_feet_first_or_prone_is_ordered_to_the_head_all_the_same(header):
    prone = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # rows cross columns looks to the feet

    ordered = order_slices([header(z, orientation=prone) for z in (5.0, 0.0)])

    assert [one.position[2] for one in ordered.headers] == [0, 5]


def test_normals_that_differ_by_rounding_are_one_whatever_the_order(header):
    rounded, exact = header(0.0, orientation=tilted(18.5)), header(5.0, orientation=(1, 0, 0, 0, 0.94832, -0.31730))

    forwards, backwards = order_slices([rounded, exact]), order_slices([exact, rounded])

    assert forwards.positions_mm.tolist() == backwards.positions_mm.tolist()
    assert forwards.tilt_degrees == pytest.approx(18.5, abs=0.01)


@pytest.mark.parametrize("degrees", [22.0, 18.5, -8.0])
def test_the_distance_of_tilted_slices_is_measured_along_their_normal(header, degrees):
    step = 5 / math.cos(math.radians(degrees))

    ordered = order_slices([header(index * step, orientation=tilted(degrees)) for index in range(4)])

    assert ordered.tilt_degrees == pytest.approx(degrees, abs=0.01)
    np.testing.assert_allclose(np.diff(ordered.positions_mm), 5, atol=1e-4)


def test_equal_positions_stay_ordered_by_uid_and_are_grouped(header):
    ordered = order_slices([header(0.0, sop_uid="b"), header(5.0, sop_uid="c"), header(0.0, sop_uid="a")])

    assert [one.sop_uid for one in ordered.headers] == ["a", "b", "c"]
    assert (ordered.groups, ordered.n_repeated) == (((0, 1), (2,)), 1)


def test_a_missing_slice_is_reported_as_a_gap(header):
    ordered = order_slices([header(z) for z in (0.0, 5.0, 10.0, 20.0)])

    assert ordered.spacing.n_missing == 1
    assert any("1 gap, the largest" in warning for warning in ordered.warnings)


def test_a_step_that_changes_inside_the_stack_is_reported(header):
    ordered = order_slices([header(z) for z in (0.0, 2.5, 5.0, 7.5, 12.5)])

    assert "the step between slices varies from 2.50 to 5.00 mm" in ordered.warnings


def test_a_slice_tilted_against_the_others_is_reported_and_does_not_turn_the_stack(header):
    odd = header(10.0, orientation=tilted(5))

    ordered = order_slices([header(0.0), header(5.0), odd])

    assert ordered.tilt_degrees == 0
    assert "1 slice is tilted against the others" in ordered.warnings


def test_the_shear_of_a_tilted_stack_is_its_tilt_and_that_of_an_oblique_block_is_none(header):
    normal = np.array([0, math.sin(math.radians(20)), math.cos(math.radians(20))])
    by_table = [header(5.0 * step, orientation=tilted(20)) for step in range(4)]
    oblique = [header(position=tuple(5 * step * normal), orientation=tilted(20)) for step in range(4)]

    assert (order_slices(by_table).shear_degrees, order_slices(oblique).shear_degrees) == (20.0, 0.0)


def test_slices_turned_within_their_plane_or_out_of_it_are_measured(header):
    upright, flipped = header().orientation, (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)

    assert degrees_turned(upright, tilted(18.5)) == pytest.approx(18.5)
    assert degrees_turned(upright, flipped) == pytest.approx(180)


def test_a_single_slice_has_no_step(header):
    ordered = order_slices([header(3.0)])

    assert (ordered.step_mm, ordered.positions_mm.tolist(), ordered.warnings) == (None, [3.0], ())


def test_no_slices_are_an_error():
    with pytest.raises(DataError, match="at least one slice"):
        order_slices([])


def test_a_sagittal_normal_points_to_the_left(header):
    assert slice_normal(header(orientation=(0, 1, 0, 0, 0, -1))) == (1, 0, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(10)))
def test_file_order_never_changes_the_order_of_slices(header, order):
    slices = [header(float(index // 2), sop_uid=str(index % 3)) for index in range(10)]

    assert order_slices([slices[index] for index in order]).headers == order_slices(slices).headers


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("study", "tilt", "warning"),
    [
        ("train_ID_286f17f9e7", 22.0, "the step between slices varies from 0.98 to 5.00 mm"),
        ("train_ID_127d3011a5", 17.5, None),
        ("train_ID_4fef99f0df", -8.0, None),
        ("train_ID_74f2e4ee2b", 0.0, None),
        ("test_ID_d7fd39e49b", 14.0, None),
    ],
)
def test_real_studies_show_their_known_geometry(realdata, study, tilt, warning):
    headers = [read_headers(file)[0] for file in find_files(realdata / "rsna" / f"stage_2_{study}.zip")]

    ordered = order_slices(headers)

    assert ordered.tilt_degrees == pytest.approx(tilt, abs=0.05)
    assert len(ordered.headers) == len(headers)
    assert ordered.warnings == () if warning is None else any(warning in found for found in ordered.warnings)


@pytest.mark.realdata
@pytest.mark.parametrize(("folder", "tilt", "n_missing"), [("gantrytilting", 14.0, 0), ("sliceincrement", 0.0, 1)])
def test_the_odd_stacks_show_their_tilt_and_their_missing_slice(realdata, folder, tilt, n_missing):
    files = [file for file in find_files(realdata / "formats" / "odd.zip") if folder in file.member]

    ordered = order_slices([header for file in files for header in read_headers(file)])

    assert len(ordered.headers) == 4
    assert abs(ordered.tilt_degrees) == pytest.approx(tilt, abs=0.1)
    assert ordered.spacing.n_missing == n_missing
