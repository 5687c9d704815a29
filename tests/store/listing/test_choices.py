"""What is read of each study, and why its other files aren't."""

import numpy as np
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from ich.dicom.files import find_files
from ich.errors import DataError
from ich.store.keys import HashKey
from ich.store.listing.choices import Chosen, NothingChosen, choose
from ich.store.listing.headers import PLACE, file_table, read_header_table, with_keys


@pytest.fixture
def root(tmp_path, write_study):
    """A study of six soft and seven bone slices."""
    write_study(tmp_path / "soft", 1, n_slices=6)
    write_study(tmp_path / "bone", 1, n_slices=7, series="9.1.2", ConvolutionKernel="BONE")
    return tmp_path


def chosen_of(root, *, labelled_series=(), **options):
    files = find_files(root)
    table = read_header_table(files, listed=file_table(files, root), processes=0)
    table = with_keys(table, source="a", key=HashKey(b"secret key", "file"))
    labelled = np.isin(table["series_uid"].to_numpy(zero_copy_only=False).astype(str), labelled_series)
    return list(choose(table, files, labelled=labelled, **options)), table


def write_page(write_slice, slice_hu, path, *, patient="patient 1"):
    write_slice(
        path, slice_hu(0), sop="9.1.99", study="9.1", patient=patient, series="9.1.9",
        SOPClassUID=SecondaryCaptureImageStorage,
    )  # fmt: skip


def test_the_rule_chooses_one_series_and_leaves_the_others_aside(root):
    (one,), _ = chosen_of(root)

    assert (one.uid, one.whole, len(one.rows), len(one.places)) == ("9.1", False, 6, 13)
    assert [aside[:3] for aside in one.left_aside] == [("9.1.2", 7, "sharp_kernel")]


def test_a_series_that_is_asked_for_is_taken_whatever_the_rule_says(root):
    (one,), _ = chosen_of(root, forced=["9.1.2"])

    assert len(one.rows) == 7
    assert [aside[:3] for aside in one.left_aside] == [("9.1.1", 6, "not_asked_for")]


@pytest.mark.parametrize(
    ("forced", "sentence"),
    [
        (["9.9"], "data.series=9.9: expected a series of the data, found none of that uid"),
        (["9.1.1", "9.1.2"], "expected one series of a study, found a second"),
    ],
    ids=["not there", "two of one study"],
)
def test_series_that_cannot_be_read_as_asked_are_refused(root, forced, sentence):
    with pytest.raises(DataError, match=sentence):
        chosen_of(root, forced=forced)


def test_a_series_whose_slices_carry_labels_is_kept_whole_and_the_others_are_left_aside(root):
    (one,), _ = chosen_of(root, labelled_series=["9.1.2"])

    assert (one.uid, one.whole, len(one.rows)) == ("9.1", True, 7)
    assert [aside[:3] for aside in one.left_aside] == [("9.1.1", 6, "unlabelled")]


def test_two_series_with_labels_are_two_studies_that_account_for_each_file_once(root, write_study):
    write_study(root / "third", 1, n_slices=5, series="9.1.3")

    (one, two), table = chosen_of(root, labelled_series=["9.1.1", "9.1.2"])

    assert [one.uid, two.uid] == ["9.1/9.1.1", "9.1/9.1.2"]
    assert [aside[:3] for aside in (*one.left_aside, *two.left_aside)] == [("9.1.3", 5, "unlabelled")]
    assert sorted([*one.places, *two.places]) == table[PLACE].to_pylist()


def test_every_series_of_a_labelled_source_is_kept(root):
    found, _ = chosen_of(root, keeps_every_slice=True)

    assert [(one.uid, one.whole) for one in found] == [("9.1/9.1.1", True), ("9.1/9.1.2", True)]


def test_a_captured_page_is_left_aside_by_its_study_and_no_fault(root, write_slice, slice_hu):
    write_page(write_slice, slice_hu, root / "page.dcm")

    (one,), _ = chosen_of(root)

    assert one.left_aside[-1][:3] == ("9.1.9", 1, "secondary_capture")
    assert len(one.places) == 14


def test_a_page_of_a_study_uid_that_two_patients_share_belongs_to_neither(root, write_slice, write_study, slice_hu):
    write_study(root / "other", 1, patient="someone else")
    write_page(write_slice, slice_hu, root / "page.dcm")

    found, _ = chosen_of(root)

    assert len(found) == 2
    assert "secondary_capture" not in [aside[2] for one in found for aside in one.left_aside]


def test_a_file_of_several_frames_is_one_file_wherever_it_ends(root):
    files = find_files(root)
    table = read_header_table(files, listed=file_table(files, root), processes=0)
    table = with_keys(table, source="a", key=HashKey(b"secret key", "file"))
    frames = table.take(np.repeat(np.arange(len(table)), 2))

    whole = next(choose(frames, files, labelled=np.arange(len(frames)) < 14))  # the bone slices

    assert (len(whole.rows), len(whole.places)) == (14, 13)
    assert [aside[:3] for aside in whole.left_aside] == [("9.1.1", 6, "unlabelled")]


def test_a_study_without_a_head_says_what_was_found(tmp_path, write_study):
    write_study(tmp_path, 1, n_slices=2)

    (nothing,), _ = chosen_of(tmp_path)

    assert isinstance(nothing, NothingChosen)
    assert len(nothing.rows) == 2
    assert "too_few_slices" in nothing.sentence


def test_two_patients_with_one_study_uid_are_two_studies(root, write_study):
    write_study(root / "other", 1, patient="someone else")

    found, _ = chosen_of(root)

    assert all(isinstance(one, Chosen) for one in found)
    assert len({one.patient for one in found}) == 2
