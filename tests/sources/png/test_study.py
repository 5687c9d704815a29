"""Pictures of stored values, one by one."""

import os

import cv2
import numpy as np
import pytest

from ich.sources.png.study import MAX_PNG_BYTES, PngSlice, PngStudy, UnreadablePng, read_stored_png
from ich.sources.source import UnreadableStudy

UNKNOWN = np.full(6, np.nan, np.float32)


def write(path, values):
    cv2.imwrite(str(path), np.array(values, dtype=np.uint16))
    return path


def study(root, *, intercept=-1024.0):
    files = sorted(path.name for path in root.glob("*.png"))
    return PngStudy(
        root, "study", "series", tuple(PngSlice(file, file[:-4], 1.0, intercept, UNKNOWN) for file in files)
    )


def test_values_up_to_15_bits_are_unsigned_and_higher_ones_negative(tmp_path):
    unsigned = read_stored_png(write(tmp_path / "a.png", [[0, 4095], [32767, 1]]))
    signed = read_stored_png(write(tmp_path / "b.png", [[0, 4095], [65536 - 2000, 1]]))

    assert (unsigned.dtype, unsigned.tolist()) == (np.uint16, [[0, 4095], [32767, 1]])
    assert (signed.dtype, signed.tolist()) == (np.int16, [[0, 4095], [-2000, 1]])


def test_values_below_air_and_above_the_range_are_clipped(tmp_path):
    write(tmp_path / "a.png", [[65536 - 2000, 27476]])

    scan = study(tmp_path).read(slab_mm=None).scan

    assert scan.hu.tolist() == [[[-1024, 3071]]]
    assert (scan.facts["stored_lowest"], scan.facts["stored_highest"]) == (-2000, 27476)


def test_one_negative_value_makes_a_whole_series_signed_so_that_nothing_in_it_is_unwrapped(tmp_path):
    write(tmp_path / "a.png", [[65536 - 1000, 40]])
    write(tmp_path / "b.png", [[3500, 40]])

    scan = study(tmp_path, intercept=0.0).read(slab_mm=None).scan

    assert scan.hu.tolist() == [[[-1000, 40]], [[3071, 40]]]
    assert scan.warnings == ()


def test_slices_of_another_matrix_are_padded_and_said(tmp_path):
    write(tmp_path / "a.png", np.full((2, 2), 1064))
    write(tmp_path / "b.png", np.full((4, 4), 1064))

    scan = study(tmp_path).read(slab_mm=None).scan

    assert scan.hu.shape == (2, 4, 4)
    assert (scan.hu[0] == 40).sum() == 4
    assert scan.warnings == ("1 further matrix size in the series, padded with air",)


def test_a_study_of_bad_pictures_is_unreadable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")

    with pytest.raises(UnreadableStudy) as found:
        study(tmp_path).read(slab_mm=None)

    assert [(one.file, one.code) for one in found.value.rejected] == [("a.png", "unreadable")]


def test_a_study_changes_its_content_with_files_their_times_labels_and_rescale(tmp_path):
    write(tmp_path / "a.png", [[0, 1]])
    before = study(tmp_path).content

    assert study(tmp_path).content == before
    assert study(tmp_path, intercept=0.0).content != before
    os.utime(tmp_path / "a.png", ns=(0, 1))
    touched = study(tmp_path).content
    assert touched != before
    write(tmp_path / "a.png", np.arange(64).reshape(8, 8))
    os.utime(tmp_path / "a.png", ns=(0, 1))
    assert study(tmp_path).content != touched


def test_a_file_larger_than_any_picture_is_not_opened(tmp_path):
    path = tmp_path / "a.png"
    with path.open("wb") as stream:
        stream.truncate(MAX_PNG_BYTES + 1)

    with pytest.raises(UnreadablePng) as found:
        read_stored_png(path)

    assert found.value.code == "odd_size"
