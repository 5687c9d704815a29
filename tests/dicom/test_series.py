from dataclasses import replace
from pathlib import Path

import pytest

from ich.dicom.files import DicomFile
from ich.dicom.header import Rejected
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.reasons import REASONS
from ich.dicom.series import choose_series, studies_in
from ich.errors import DataError, NoHeadCT


@pytest.fixture
def series(header):
    """Makes the slices of one series: `n` of them, `step` apart."""

    def make(uid: str, *, n: int = 30, step: float = 5.0, **facts):
        names = [f"{uid}.{i}{len(facts)}" for i in range(n)]
        return [
            header(i * step, series_uid=uid, sop_uid=name, file=DicomFile(Path(f"/made/{name}")), **facts)
            for i, name in enumerate(names)
        ]

    return make


def codes(choice):
    return {left_out.series_uid: left_out.code for left_out in choice.not_chosen}


def test_a_study_of_many_series_yields_the_plain_soft_thick_one_and_a_reason_for_each_other(series):
    study = [
        *series("scout", n=1, kind=SeriesKind(localizer=True)),
        *series("mip", kind=SeriesKind(projection=True)),
        *series("coronal", orientation=(1, 0, 0, 0, 0, -1)),
        *series("few", n=4),
        *series("post", kind=SeriesKind(enhanced=True)),
        *series("bone", kind=SeriesKind(sharp=True)),
        *series("half", n=15),
        *series("thin", n=150, step=1.0),
        *series("eight", n=19, step=8.0),
        *series("short", n=29),
        *series("mpr", kind=SeriesKind(reformat=True)),
        *series("wanted"),
        *series("wanted2"),
        *series("wanted3", pixel_spacing=(0.4, 0.4)),
    ]

    choice = choose_series(study)

    assert choice.series_uid == "wanted"
    assert codes(choice) == {
        "scout": "localizer", "mip": "projection", "coronal": "not_axial", "few": "too_few_slices",
        "post": "contrast", "bone": "sharp_kernel", "half": "partial", "thin": "thin", "eight": "other_step",
        "mpr": "reformat", "short": "fewer_slices", "wanted2": "duplicate_series", "wanted3": "other_series",
    }  # fmt: skip
    assert all(left_out.sentence == REASONS[left_out.code] for left_out in choice.not_chosen)
    assert len(choice.headers) + sum(left_out.n_files for left_out in choice.not_chosen) == len(study)


def test_the_choice_does_not_depend_on_the_order_of_files(series):
    study = [*series("a", step=1.0, n=100), *series("b"), *series("c")]

    assert choose_series(study[::-1]).series_uid == choose_series(study).series_uid == "b"


def test_a_complete_thin_series_is_better_than_a_thick_part_of_the_head(series):
    assert choose_series([*series("thin", n=150, step=1.0), *series("thick", n=8)]).series_uid == "thin"


def test_an_enhanced_series_is_read_where_there_is_no_other(series):
    choice = choose_series([*series("post", kind=SeriesKind(enhanced=True)), *series("few", n=2)])

    assert choice.series_uid == "post"


def test_a_localizer_inside_a_series_is_left_out_of_it(series):
    study = series("one") + series("one", n=1, kind=SeriesKind(localizer=True))

    choice = choose_series(study)

    assert len(choice.headers) == 30
    assert [(left_out.code, left_out.n_files) for left_out in choice.not_chosen] == [("localizer", 1)]


@pytest.mark.parametrize("facts", [{"rows": 5}, {"orientation": (1, 0, 0, 0, 0.94, -0.34)}], ids=["matrix", "tilt"])
def test_slices_that_do_not_fit_their_series_are_left_out_with_a_reason(series, facts):
    choice = choose_series(series("one") + series("one", n=3, **facts))

    assert len(choice.headers) == 30
    assert [(left_out.code, left_out.n_files) for left_out in choice.not_chosen] == [("mixed_geometry", 3)]


def test_a_series_that_was_asked_for_is_taken_however_few_its_slices(series):
    choice = choose_series([*series("wanted"), *series("few", n=2, kind=SeriesKind(sharp=True))], series="few")

    assert (choice.series_uid, len(choice.headers)) == ("few", 2)
    assert codes(choice) == {"wanted": "not_asked_for"}


def test_a_series_that_is_not_there_is_an_error(series):
    with pytest.raises(DataError, match="expected one of the 1 series"):
        choose_series(series("one"), series="other")


def test_without_a_readable_head_the_error_says_what_was_found(series):
    scout = series("scout", n=2, kind=SeriesKind(localizer=True))

    with pytest.raises(NoHeadCT, match=r"found 2 files \(localizer\), 4 files \(too_few_slices\)"):
        choose_series([*scout, *series("few", n=4)])


def test_several_studies_are_told_apart_and_not_chosen_from(series):
    both = [*series("a", study_uid="s1"), *series("b", study_uid="s2")]

    assert {key: len(found) for key, found in studies_in(both).items()} == {("s1", ""): 30, ("s2", ""): 30}
    with pytest.raises(DataError, match="found 2 studies"):
        choose_series(both)


def test_the_reason_holds_no_text_of_the_header(series):
    choice = choose_series([*series("a", accession="SECRET"), *series("b", kind=SeriesKind(sharp=True))])

    assert "SECRET" not in choice.reason + "".join(left_out.sentence for left_out in choice.not_chosen)
    assert choice.reason == "no contrast medium, soft kernel, 30 slices, steps of 5.00 mm: first of 2 by the rule"


def test_two_patients_under_one_study_uid_are_two_studies(series):
    both = [*series("a", patient_id="one"), *series("b", patient_id="other")]

    assert len(studies_in(both)) == 2
    with pytest.raises(DataError, match="found 2 studies"):
        choose_series(both)


def test_a_long_spine_is_no_better_head_than_a_complete_head(series):
    spine = series("spine", n=100, step=3.0)

    assert choose_series([*spine, *series("head", n=30, step=5.0)]).series_uid == "head"


def test_a_reformat_of_5_mm_is_better_than_thin_originals(series):
    study = [*series("thin", n=150, step=1.0), *series("mpr", kind=SeriesKind(reformat=True))]

    assert choose_series(study).series_uid == "mpr"


def test_axial_slices_are_found_in_a_series_that_holds_more_coronal_ones(series):
    coronal = series("one", n=60, orientation=(1, 0, 0, 0, 0, -1))

    choice = choose_series([*coronal, *series("one")])

    assert len(choice.headers) == 30
    assert [(left_out.code, left_out.n_files) for left_out in choice.not_chosen] == [("mixed_geometry", 60)]


def test_slices_that_lie_upside_down_are_not_mixed_with_the_others(series):
    choice = choose_series(series("one") + series("one", n=3, orientation=(-1, 0, 0, 0, -1, 0)))

    assert len(choice.headers) == 30


def test_a_series_of_both_kernels_counts_by_what_would_be_read_of_it(series):
    both = [*series("both"), *series("both", kind=SeriesKind(sharp=True), kernel="BONE")]

    choice = choose_series([*both, *series("few", n=29)])

    assert (choice.series_uid, len(choice.headers)) == ("both", 60)
    assert "soft kernel, 30 slices" in choice.reason


def test_slices_at_one_position_make_no_head(series):
    with pytest.raises(NoHeadCT, match="too_few_slices"):
        choose_series(series("perfusion", n=40, step=0.0))


@pytest.fixture
def pages(series):
    """Two captured screens and a colour page of a study, each a file."""
    found = (("screens", "secondary_capture", 1), ("screens", "secondary_capture", 2), ("one", "colour", 3))
    return [Rejected(DicomFile(Path(f"/made/page{n}")), code, "", uid, "1.2") for uid, code, n in found]


def test_captured_screens_are_listed_as_series_of_their_study(series, pages):
    choice = choose_series(series("one"), aside=pages)

    assert [(one.series_uid, one.code, one.n_files, one.sentence) for one in choice.not_chosen] == [
        ("screens", "secondary_capture", 2, REASONS["secondary_capture"]),
        ("one", "colour", 1, REASONS["colour"]),
    ]


def test_a_series_of_captured_screens_that_was_asked_for_says_what_it_is(series, pages):
    with pytest.raises(DataError, match="found files each of which is a captured screen"):
        choose_series(series("one"), series="screens", aside=pages)


def test_a_file_of_many_frames_counts_once_and_as_used_if_any_frame_is(series):
    def in_one_file(headers, name):
        return [replace(header, file=DicomFile(Path(name)), n_frames=len(headers)) for header in headers]

    mixed = in_one_file([*series("a"), *series("a", n=3, rows=5)], "/made/a")

    choice = choose_series([*mixed, *in_one_file(series("b", n=29), "/made/b")])

    assert [(one.code, one.n_files, len(one.headers)) for one in choice.not_chosen] == [
        ("mixed_geometry", 0, 3),
        ("fewer_slices", 1, 29),
    ]


def test_each_slice_left_out_can_be_found_by_its_header(series):
    study = [*series("a"), *series("b", n=29), *series("a", n=1, kind=SeriesKind(localizer=True))]

    choice = choose_series(study)

    left_out = [header for one in choice.not_chosen for header in one.headers]
    assert {id(header) for header in (*choice.headers, *left_out)} == set(map(id, study))
