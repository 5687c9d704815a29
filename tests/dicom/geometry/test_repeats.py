import pytest

from ich.dicom.geometry.order import order_slices
from ich.dicom.geometry.repeats import left_out_code, places_of
from ich.dicom.parsing.kinds import SeriesKind


def uids(headers, *, keeps_every_slice=False):
    """Candidates of each place by the last part of their uid."""
    ordered = order_slices(headers)
    return [
        [ordered.headers[index].sop_uid for index in place]
        for place in places_of(ordered, keeps_every_slice=keeps_every_slice)
    ]


@pytest.fixture
def interleaved(header):
    """Makes three positions with two slices each; the first has facts of its own and the lower uid every other time."""

    def make(**facts):
        order = (("a1", "b1"), ("b2", "c2"), ("a3", "b3"))
        return [
            one
            for z, (first, second) in enumerate(order)
            for one in (header(5.0 * z, sop_uid=first, **(facts if z != 1 else {})),
                        header(5.0 * z, sop_uid=second, **(facts if z == 1 else {})))
        ]  # fmt: skip

    return make


def test_slices_at_positions_of_their_own_are_read_as_they_are(header):
    assert uids([header(0.0, sop_uid="a"), header(5.0, sop_uid="b")]) == [["a"], ["b"]]


@pytest.mark.parametrize("kind", [SeriesKind(sharp=True), SeriesKind(enhanced=True)], ids=["bone", "contrast"])
def test_two_interleaved_reconstructions_never_alternate(interleaved, kind):
    assert uids(interleaved(kind=kind)) == [["b1", "a1"], ["b2", "c2"], ["b3", "a3"]]


def test_the_more_frequent_kind_is_read_before_the_rarer(header):
    odd = header(0.0, sop_uid="a", thickness_mm=10.0)

    assert uids([odd, header(0.0, sop_uid="b"), header(5.0, sop_uid="c")]) == [["b", "a"], ["c"]]


def test_of_one_kind_the_lowest_uid_is_read(header):
    assert uids([header(0.0, sop_uid="b"), header(0.0, sop_uid="a")]) == [["a", "b"]]


def test_labelled_slices_at_one_position_are_places_of_their_own_and_copies_are_not(header):
    slices = [header(0.0, sop_uid=uid) for uid in ("b", "a", "b")]

    assert uids(slices, keeps_every_slice=True) == [["a"], ["b", "b"]]


def test_slices_without_a_uid_are_no_copies_of_each_other(header):
    assert uids([header(sop_uid=""), header(sop_uid="")], keeps_every_slice=True) == [[""], [""]]
    assert left_out_code(header(sop_uid=""), read=header(sop_uid="")) == "repeated_position"


def test_a_copy_is_told_from_another_slice(header):
    assert left_out_code(header(sop_uid="a"), read=header(sop_uid="a")) == "duplicate"
