"""Series described from headers."""

import math

import pydicom
import pytest

from ich.sources.folder import Folder
from ich.store.inspecting.series_rows import series_rows
from ich.store.keys import HashKey
from ich.store.listing.inventory import list_studies


@pytest.fixture
def rows_of(tmp_path):
    def describe(root):
        key = HashKey(b"secret key", "file")
        inventory = list_studies(Folder(root), path=tmp_path / "store", find_key=lambda: key, processes=0)
        return [make() for _, make in series_rows(inventory)]

    return describe


@pytest.fixture
def rows(tmp_path, write_study, write_slice, slice_hu, rows_of):
    """Of a study with two thicknesses, contrast, a localizer and a page of text."""
    write_study(tmp_path / "plain", 1, n_slices=6)
    write_study(tmp_path / "contrast", 1, n_slices=6, series="9.1.2", ContrastBolusAgent="IODINE")
    write_study(tmp_path / "plan", 1, n_slices=1, series="9.1.3", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_slice(
        tmp_path / "page.dcm", slice_hu(0), sop="9.1.9", study="9.1", patient="patient 1", series="9.1.4",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7",
    )  # fmt: skip
    return rows_of(tmp_path)


def test_a_series_is_described_by_its_kind_and_outcome(rows):
    assert [(row.number, row.kind, row.outcome) for row in rows] == [
        (1, "soft", "chosen"),
        (2, "soft+contrast", "contrast"),
        (3, "localizer", "localizer"),
        (4, "", "secondary_capture"),
    ]


def test_a_page_has_files_but_no_slices(rows):
    page = rows[-1]

    assert (page.n_files, page.n_slices, page.matrix, page.step_mm) == (1, 0, "", None)


def test_the_slices_of_a_series_are_counted_once_whatever_they_are_left_aside_for(tmp_path, write_study, rows_of):
    write_study(tmp_path / "plain", 1, n_slices=6)
    write_study(tmp_path / "bone", 1, n_slices=7, series="9.1.2", ConvolutionKernel="BONE")
    write_study(tmp_path / "plan", 1, n_slices=2, series="9.1.2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])

    assert [(row.number, row.outcome, row.n_files, row.n_slices) for row in rows_of(tmp_path)] == [
        (1, "chosen", 6, 6),
        (2, "localizer", 2, 2),
        (2, "sharp_kernel", 7, 7),
    ]


def test_tilt_repeated_positions_and_intercepts_of_a_series_are_shown(tmp_path, write_study, rows_of):
    down = [0, math.cos(math.radians(20)), -math.sin(math.radians(20))]
    write_study(tmp_path / "one", 1, n_slices=6, ImageOrientationPatient=[1, 0, 0, *down])
    write_study(tmp_path / "again", 1, n_slices=2, ImageOrientationPatient=[1, 0, 0, *down], RescaleIntercept=0)
    for path in (tmp_path / "again").iterdir():
        one = pydicom.dcmread(path)
        one.SOPInstanceUID += ".7"
        one.save_as(path)

    (row,) = rows_of(tmp_path)

    assert (round(abs(row.tilt_degrees)), row.n_repeated, row.intercepts) == (20, 2, (-1024, 0))


def test_a_plan_from_the_side_has_no_tilt(tmp_path, write_study, rows_of):
    write_study(tmp_path / "plain", 1, n_slices=6)
    side = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    write_study(tmp_path / "plan", 1, n_slices=1, series="9.1.2", **side)

    assert [row.tilt_degrees for row in rows_of(tmp_path)] == [0, None]


def test_no_uid_stands_in_a_row(rows):
    assert "9.1" not in " ".join(f"{row.study} {row.outcome} {row.kind} {row.matrix}" for row in rows)
