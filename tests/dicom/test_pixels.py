"""HU from stored values, each way they may be stored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels import get_decoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)  # fmt: skip

from ich.dicom.encoding.decode import UnreadablePixels
from ich.dicom.files import DicomFile
from ich.dicom.header import read_headers
from ich.dicom.pixels import clean_hu, read_hu, read_plane, rescaled_hu, significant_bits, unwrapped_hu

RAMP = np.arange(-1000, 600, 100).reshape(4, 4)  # HU


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless],
    ids=lambda syntax: syntax.name,
)
def test_each_encoding_gives_the_same_hu(write_slice, syntax):
    hu = read_hu(read_headers(DicomFile(write_slice(syntax=syntax, hu=RAMP)))[0])

    np.testing.assert_array_equal(hu, RAMP)
    assert hu.dtype == np.int16


def test_a_matrix_that_is_not_square_keeps_its_shape(write_slice):
    hu = read_hu(read_headers(DicomFile(write_slice(hu=RAMP.reshape(2, 8))))[0])

    np.testing.assert_array_equal(hu, RAMP.reshape(2, 8))


def test_monochrome1_says_how_to_show_a_slice_and_leaves_its_hu(write_slice):
    path = write_slice(hu=RAMP, PhotometricInterpretation="MONOCHROME1")

    np.testing.assert_array_equal(read_hu(read_headers(DicomFile(path))[0]), RAMP)


def test_simpleitk_turns_the_stored_values_of_monochrome1_for_display(write_slice):
    simpleitk = pytest.importorskip("SimpleITK")
    path = write_slice(hu=RAMP, PhotometricInterpretation="MONOCHROME1")

    theirs = simpleitk.GetArrayFromImage(simpleitk.ReadImage(str(path), imageIO="GDCMImageIO"))[0]

    np.testing.assert_array_equal(theirs, -1 - (RAMP + 1024) - 1024)  # the one difference that we know and keep


def test_a_data_set_without_file_meta_gives_its_hu(tmp_path, data_set):
    made = data_set(hu=RAMP)
    del made.file_meta
    made.save_as(tmp_path / "bare", implicit_vr=True, little_endian=True, enforce_file_format=False)

    np.testing.assert_array_equal(read_hu(read_headers(DicomFile(tmp_path / "bare"))[0]), RAMP)


def test_two_different_windows_in_the_header_change_nothing(write_slice):
    path = write_slice(hu=RAMP, WindowCenter=["00036", "00600"], WindowWidth=["00036", "02800"])

    np.testing.assert_array_equal(read_hu(read_headers(DicomFile(path))[0]), RAMP)


def test_fractions_of_hu_are_rounded_half_to_even(header):
    stored = np.array([1, 3, 5, 6], dtype=np.int16)

    np.testing.assert_array_equal(rescaled_hu(stored, header(slope=0.5, intercept=0.0)), [0, 2, 2, 3])


def test_values_that_no_integer_holds_end_at_the_ceiling(header):
    stored = np.array([-32768, 32767], dtype=np.int16)

    np.testing.assert_array_equal(clean_hu(stored, header(slope=1e300, intercept=0.0)), [-1024, 3071])


def test_hu_are_clipped_to_what_twelve_bits_hold(header):
    stored = np.array([27_476, -2000, 1064], dtype=np.int16)  # maximum of RSNA's ID_8881b1c4b1, and its padding

    np.testing.assert_array_equal(clean_hu(stored, header()), [3071, -1024, 40])


def test_padding_becomes_air_at_both_ends_of_its_range(header):
    stored = np.array([3990, 4000, 4010, 4020, 4021], dtype=np.int16)

    hu = clean_hu(stored, header(padding=(4000, 4020)))

    np.testing.assert_array_equal(hu, [2966, -1024, -1024, -1024, 2997])


def test_a_padding_value_that_means_tissue_tears_no_holes(header):
    stored = np.array([1024, 1064], dtype=np.int16)

    np.testing.assert_array_equal(clean_hu(stored, header(padding=(1064, 1064))), [0, 40])


@pytest.mark.parametrize(
    ("facts", "stored", "values"),
    [
        ({"bits_stored": 12, "is_signed": False}, np.array([0xA123, 0x0123], "<u2"), [0x123, 0x123]),
        ({"bits_stored": 12, "is_signed": True}, np.array([0x0C18, 0xFC18, 0xA3E8], "<u2"), [-1000, -1000, 1000]),
        ({"bits_stored": 13, "is_signed": True}, np.array([6192], ">i2"), [-2000]),  # pydicom 3.0.2, sign correction
        ({"bits_stored": 16, "is_signed": False}, np.array([0xA123], ">u2"), [0xA123]),
    ],
    ids=["overlay", "sign not extended", "JPEG 2000 without its sign", "all bits stored"],
)
def test_bits_above_the_stored_ones_are_no_part_of_the_value(header, facts, stored, values):
    np.testing.assert_array_equal(significant_bits(stored, header(**facts)), values)


def test_padding_is_known_by_the_bits_above_the_stored_ones_too(write_slice):
    stored = np.array([63536, 1064] * 8, "<u2")  # -2000 in 16 bits, where 12 are stored
    path = write_slice(
        BitsStored=12, HighBit=11, PixelRepresentation=0, PixelPaddingValue=63536, PixelData=stored.tobytes()
    )

    np.testing.assert_array_equal(read_hu(read_headers(DicomFile(path))[0]).ravel(), [-1024, 40] * 8)


def test_a_plane_says_what_was_stored_and_what_no_tag_explains(write_slice):
    hu = np.array([[-3024, -3024, -1500, 40]] * 4)

    untagged = read_plane(read_headers(DicomFile(write_slice(hu=hu)))[0])
    tagged = read_plane(read_headers(DicomFile(write_slice(hu=hu, PixelPaddingValue=-2000)))[0])

    assert (untagged.lowest, untagged.highest, untagged.n_air) == (-2000, 1064, 12)
    assert (tagged.lowest, tagged.highest, tagged.n_air) == (-2000, 1064, 4)
    np.testing.assert_array_equal(tagged.hu, np.maximum(hu, -1024))


@given(
    dtype=st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"]),
    values=st.lists(st.integers(-(2**31), 2**32 - 1), min_size=1, max_size=8),
    slope=st.sampled_from([1.0, 1.0, 0.5, -2.0]),
    intercept=st.integers(-70_000, 70_000).map(float),
)
def test_every_way_to_hu_gives_what_plain_arithmetic_gives(header, dtype, values, slope, intercept):
    limits = np.iinfo(dtype)
    stored = np.array([min(max(value, limits.min), limits.max) for value in values], dtype=dtype)
    expected = np.clip(np.rint(stored.astype(np.float64) * slope + intercept), -1024, 3071)

    facts = header(slope=slope, intercept=intercept, bits_stored=8 * stored.itemsize, is_signed=dtype[0] == "i")

    np.testing.assert_array_equal(clean_hu(stored, facts), expected)


# A wrapped file as Howard 2019 describes it: background -1000 stored as 3096 in 12 unsigned bits, intercept 0 or 1.
WRAPPED = {"bits_stored": 12, "is_signed": False}


@pytest.mark.parametrize("intercept", [0.0, 1.0])
def test_bright_air_is_dark_again_after_the_wrap_repair(header, intercept):
    hu = np.array([-1000, -100, -1, 0, 40, 1000, 3000])
    stored = (hu % 4096).astype(np.uint16)

    repaired = clean_hu(stored, header(intercept=intercept, **WRAPPED))

    assert stored[0] == 3096
    np.testing.assert_array_equal(repaired, hu)


@given(st.integers(0, 4095))
def test_the_wrap_repair_is_what_the_published_steps_do(stored):
    shifted = stored + 1000  # Howard 2019: add 1000; subtract 4096 where 4096 or more; then intercept -1000
    published = (shifted - 4096 if shifted >= 4096 else shifted) - 1000

    assert unwrapped_hu(np.array([stored], dtype=np.uint16))[0] == published


@pytest.mark.parametrize(
    ("facts", "stored", "hu"),
    [
        ({"bits_stored": 12, "is_signed": True, "intercept": 0.0}, -1020, -1020),
        ({"bits_stored": 16, "is_signed": False, "intercept": 0.0}, 3500, 3071),
        ({"bits_stored": 12, "is_signed": False, "intercept": -1000.0}, 3500, 2500),
        ({"bits_stored": 12, "is_signed": False, "intercept": 0.0, "has_rescale": False}, 3500, 3071),
    ],
    ids=["signed", "16 bits", "usual intercept", "no intercept"],
)
def test_sound_files_are_not_taken_for_wrapped_ones(header, facts, stored, hu):
    assert clean_hu(np.array([stored], dtype=np.int16), header(**facts))[0] == hu


def test_pixels_cut_off_after_the_header_was_read_are_truncated(write_slice):
    path = write_slice(hu=RAMP)
    header = read_headers(DicomFile(path))[0]
    path.write_bytes(path.read_bytes()[:-6])

    with pytest.raises(UnreadablePixels) as error:
        read_hu(header)

    assert error.value.code == "truncated"


def test_a_truncated_deflated_file_is_no_slice(write_slice):
    path = write_slice(syntax=DeflatedExplicitVRLittleEndian, hu=RAMP)
    path.write_bytes(path.read_bytes()[:-20])

    assert read_headers(DicomFile(path))[0].code == "unreadable"


@pytest.mark.parametrize("syntax", [50, 57, 70, 80, 81, 90, 91])
def test_a_missing_decoder_names_the_extra_that_has_it(header, monkeypatch, syntax):
    uid = f"1.2.840.10008.1.2.4.{syntax}"
    monkeypatch.setattr(get_decoder(uid), "_available", {})

    with pytest.raises(UnreadablePixels, match=r"no installed decoder reads it; pip install 'ich\[codecs\]'$") as error:
        read_hu(header(transfer_syntax=uid))

    assert error.value.code == "no_decoder"


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55", "1.2.3"])
def test_no_extra_is_named_for_an_encoding_that_none_reads(header, syntax):
    with pytest.raises(UnreadablePixels, match=r"uncompressed with a program that reads it$") as error:
        read_hu(header(transfer_syntax=syntax))

    assert error.value.code == "no_decoder"
    assert "pip install" not in str(error.value)


def test_pixels_of_another_shape_than_stated_are_refused(write_slice):
    header = read_headers(DicomFile(write_slice(hu=RAMP, syntax=DeflatedExplicitVRLittleEndian)))[0]

    with pytest.raises(UnreadablePixels, match="not the matrix that the header states"):
        read_hu(replace(header, rows=2))


def test_a_file_replaced_by_something_else_is_refused(header, tmp_path):
    (tmp_path / "x").write_bytes(b"no dicom at all")

    with pytest.raises(UnreadablePixels, match="no DICOM"):
        read_hu(header(file=DicomFile(Path(tmp_path / "x"))))
