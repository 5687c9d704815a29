"""Real studies read whole: their quirks, their series, their repeated positions."""

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ich.dicom.files import find_files
from ich.dicom.header import SliceHeader, read_headers
from ich.dicom.scan import preprocess_scan, read_scan


def headers_of(folder):
    return [read_headers(file)[0] for file in find_files(folder)]


REAL = {
    "ge_tilt/ge_tilt.zip": (28, {"tilt_degrees": 18.5, "shear_degrees": 18.5, "n_steps": 3, "n_gaps": 0}),
    "cq500/CQ500_CT_181.zip": (30, {"tilt_degrees": 20.0, "largest_gap_mm": 15.0, "n_untagged_padding": 0}),
    "rsna/stage_2_test_ID_d7fd39e49b.zip": (30, {"tilt_degrees": 14.0, "intercept": -1000, "n_steps": 1}),
    "rsna/stage_2_train_ID_74f2e4ee2b.zip": (33, {"tilt_degrees": 0.0, "bits_stored": 12, "n_untagged_padding": 0}),
    "rsna/stage_2_train_ID_286f17f9e7.zip": (36, {"tilt_degrees": 22.0, "n_steps": 3, "n_untagged_padding": 36}),
    "rsna/stage_2_train_ID_127d3011a5.zip": (32, {"tilt_degrees": 17.5, "n_untagged_padding": 32, "n_missing": 0}),
    "rsna/stage_2_train_ID_4fef99f0df.zip": (28, {"tilt_degrees": -8.0, "n_repeated": 8, "stored_lowest": -2000}),
    "rsna/stage_2_train_ID_8881b1c4b1.zip": (36, {"tilt_degrees": 0.0, "stored_highest": 27476, "n_above_3071": 5}),
    "rsna/stage_2_train_ID_30ea2b02d4.zip": (32, {"tilt_degrees": 22.0, "n_untagged_padding": 32}),
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("archive", REAL)
def test_real_studies_are_read_whole_show_their_quirks_and_print_nothing(realdata, archive, capfd):
    n_slices, quirks = REAL[archive]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan = preprocess_scan(realdata / archive)

    assert len(scan.hu) == n_slices
    assert {name: scan.facts[name] for name in quirks} == pytest.approx(quirks, abs=0.05)
    assert scan.hu.min() == (-1000 if scan.facts["intercept"] == -1000 else -1024)
    assert scan.hu.max() <= 3071
    assert capfd.readouterr() == ("", "")


@pytest.mark.realdata
def test_real_quirks_are_said_in_sentences(realdata):
    bright = preprocess_scan(realdata / "rsna" / "stage_2_train_ID_8881b1c4b1.zip")
    airy = preprocess_scan(realdata / "rsna" / "stage_2_train_ID_286f17f9e7.zip")

    assert bright.warnings == ("stored values reach 27476: 5 slices hold more than 3071 HU, clipped",)
    assert airy.warnings == (
        "the step between slices varies from 0.98 to 5.00 mm",
        "36 slices hold values below -1024 HU (down to -3024) that no padding tag explains; taken as air",
    )


@pytest.mark.realdata
def test_the_tilted_ge_head_keeps_its_slices_of_two_thicknesses_in_order(realdata):
    headers = headers_of(realdata / "ge_tilt" / "ge_tilt.zip")

    scan = preprocess_scan(realdata / "ge_tilt" / "ge_tilt.zip")

    by_uid = {header.sop_uid: header for header in headers}
    thickness = [by_uid[uid].thickness_mm for uid in scan.sop_uids]
    assert thickness == [4.0] * 14 + [7.0] * 14
    assert ["ADD" in by_uid[uid].image_type for uid in scan.sop_uids] == [True] * 14 + [False] * 14
    np.testing.assert_allclose(np.diff(scan.positions_mm), [4.0] * 13 + [1.08] + [7.0] * 13, atol=0.01)


PHILIPS = Path("philips_mixed/philips_S21570.zip")


def philips_series(realdata, folder):
    """The uid of the series in one of the archive's folders."""
    file = next(file for file in find_files(realdata / PHILIPS) if f"/{folder}/I" in file.member)
    (header,) = read_headers(file)
    assert isinstance(header, SliceHeader)
    return header.series_uid


@pytest.mark.realdata
def test_the_mixed_philips_export_yields_its_complete_5_mm_series_and_explains_the_rest(realdata):
    scan = preprocess_scan(realdata / PHILIPS)

    left_out = Counter()
    for one in scan.not_used:
        left_out[one.code] += one.n_files
    assert scan.series.series_uid == philips_series(realdata, "S2010")
    assert (scan.positions_mm[0], scan.positions_mm[-1]) == pytest.approx((696.21, 831.21))
    assert left_out == {"localizer": 1, "partial": 8, "sharp_kernel": 8, "secondary_capture": 6, "directory": 7}
    assert len(scan.hu) + left_out.total() == 58


@pytest.mark.realdata
def test_the_thin_philips_series_gives_slabs_where_it_is_asked_for(realdata):
    series = philips_series(realdata, "S2020")

    scan = preprocess_scan(realdata / PHILIPS, series=series)

    left_out = sum(one.n_files for one in scan.not_used)
    assert [len(uids) for uids in scan.source_uids] == [4, 4]
    assert (scan.thickness_mm, scan.facts["n_source_files"], left_out) == (4.0, 8, 50)


@pytest.mark.realdata
def test_real_repeated_positions_stay_in_a_labelled_study(realdata):
    headers = headers_of(realdata / "rsna" / "stage_2_train_ID_4fef99f0df.zip")

    labelled = read_scan(headers, slab_mm=5.0, keeps_every_slice=True)
    other = read_scan(headers, slab_mm=5.0)

    assert (len(labelled.hu), len(other.hu), other.facts["n_repeated"]) == (36, 28, 8)
    assert any(warning.startswith("8 slices lie at the position of another one; all") for warning in labelled.warnings)
