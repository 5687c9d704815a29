import numpy as np
import pytest

from ich.dicom.files import DicomFile
from ich.dicom.geometry.order import order_slices
from ich.dicom.geometry.repeats import places_of
from ich.dicom.header import read_headers
from ich.dicom.planes import read_planes


def planes_of(paths, *, keeps_every_slice=False):
    headers = [header for path in paths for header in read_headers(DicomFile(path))]
    ordered = order_slices(headers)
    places = places_of(ordered, keeps_every_slice=keeps_every_slice)
    return read_planes(ordered, [[place] for place in places])


@pytest.fixture
def twins(write_slice):
    """Two slices at one position, of 1 and 2 HU, and one beside them, as files."""
    return [
        write_slice("first", hu=np.full((4, 4), 1), SOPInstanceUID="1.1"),
        write_slice("second", hu=np.full((4, 4), 2), SOPInstanceUID="1.2"),
        write_slice("beside", z=5.0, hu=np.full((4, 4), 3)),
    ]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-5])


def test_of_two_slices_at_one_position_one_is_read(twins):
    planes = planes_of(twins)

    assert planes.hu[:, 0, 0].tolist() == [1, 3]
    assert [(one.index, one.code) for one in planes.unread] == [(1, "repeated_position")]


def test_where_the_kept_slice_of_two_fails_its_twin_stands_in(twins):
    headers = [header for path in twins for header in read_headers(DicomFile(path))]
    truncate(twins[0])
    ordered = order_slices(headers)

    planes = read_planes(ordered, [[place] for place in places_of(ordered, keeps_every_slice=False)])

    assert planes.hu[:, 0, 0].tolist() == [2, 3]
    assert [(one.index, one.code) for one in planes.unread] == [(0, "truncated")]
    assert (planes.n_lost, planes.n_replaced) == (0, 1)


def test_a_place_none_of_whose_slices_can_be_read_is_lost(twins):
    headers = [header for path in twins for header in read_headers(DicomFile(path))]
    truncate(twins[0])
    truncate(twins[1])
    ordered = order_slices(headers)

    planes = read_planes(ordered, [[place] for place in places_of(ordered, keeps_every_slice=False)])

    assert planes.hu[:, 0, 0].tolist() == [3]
    assert (planes.sources, planes.n_lost, len(planes.unread)) == (((2,),), 1, 2)


def test_the_stored_range_says_what_was_clipped(write_slice):
    bright = write_slice(hu=np.array([[5000, 40], [40, 40]]))

    (stored,) = planes_of([bright]).stored

    assert (stored.lowest, stored.highest, stored.is_clipped) == (1064, 6024, True)


def test_a_padding_value_above_all_tissue_clips_nothing(write_slice):
    padded = write_slice(hu=np.array([[30000, 40], [40, 40]]), PixelPaddingValue=31024)

    planes = planes_of([padded])

    assert planes.hu[0].tolist() == [[-1024, 40], [40, 40]]
    assert not planes.stored[0].is_clipped


@pytest.mark.parametrize(("padding", "untagged"), [(None, True), (-2000, False)])
def test_air_below_the_floor_counts_where_no_padding_tag_explains_it(write_slice, padding, untagged):
    path = write_slice(hu=np.array([[-3024, 40], [40, 40]]), PixelPaddingValue=padding)

    (stored,) = planes_of([path]).stored

    assert (stored.has_untagged_air, stored.lowest_hu) == (untagged, -3024)
