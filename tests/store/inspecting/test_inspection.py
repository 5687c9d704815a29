"""What would be read, before anything is."""

import pytest

from ich.sources.folder import Folder
from ich.store.inspecting.inspection import MOST_ROWS, inspect_source


@pytest.fixture
def root(tmp_path, write_study, write_slice, slice_hu):
    """A study of soft and bone slices, one of two slices, a letter."""
    root = tmp_path / "export"
    write_study(root / "soft", 1, n_slices=6, ConvolutionKernel="STANDARD")
    write_study(root / "bone", 1, n_slices=7, series="9.1.2", ConvolutionKernel="BONE")
    write_study(root / "few", 2, n_slices=2)
    (root / "letter.txt").write_text("x")
    return root


@pytest.fixture
def inspect(tmp_path):
    def run(source, **changes):
        options = {"size": 32, "slab_mm": 5.0, "processes": 0} | changes
        return inspect_source(source, tmp_path / "stores" / "one", **options)

    return run


def test_each_series_has_a_row_that_says_what_it_is_and_what_becomes_of_it(inspect, root):
    rows = inspect(Folder(root)).rows

    assert [
        (row.number, row.n_files, row.n_slices, row.matrix, row.step_mm, row.kind, row.outcome) for row in rows
    ] == [
        (1, 6, 6, "32 x 32", 5.0, "soft", "chosen"),
        (2, 7, 7, "32 x 32", 5.0, "sharp", "sharp_kernel"),
        (1, 2, 2, "32 x 32", 5.0, "soft", "no_head_ct"),
    ]
    assert rows[0].study.startswith("s")
    assert rows[2].study == ""
    assert "too_few_slices" in rows[2].reason


def test_the_counts_of_files_add_up(inspect, root):
    found = inspect(Folder(root))

    assert found.files == {"found": 16, "to_read": 6, "not_chosen": 7, "rejected": 3}
    assert found.not_chosen == {"sharp_kernel": 7}
    assert found.rejected == {"no_head_ct": 2, "not_dicom": 1}
    assert (found.n_studies, found.n_patients, found.n_slices) == (1, 1, 6)


def test_only_headers_are_written_and_they_are_not_read_again(inspect, root, tmp_path, prepare, monkeypatch):
    inspect(Folder(root))
    written = sorted(file.name for file in (tmp_path / "stores").rglob("*") if file.is_file())
    monkeypatch.setattr("ich.store.listing.headers.read_headers", None)

    summary = prepare(Folder(root))

    assert written == ["hash.key", "headers.parquet"]
    assert summary.files["found"] == 16


def test_the_estimate_is_of_the_size_of_what_is_then_written(inspect, root, prepare):
    found = inspect(Folder(root))

    written = sum(file.stat().st_size for file in (prepare(Folder(root)).path / "studies").glob("*.b2nd"))
    assert 0.5 * written < found.estimate.disk_bytes < 1.5 * written
    assert found.estimate.memory_bytes > 50e6
    assert 0 < found.estimate.seconds < 5


def test_thin_slices_are_counted_as_the_slabs_they_will_be(inspect, tmp_path, slice_hu, write_slice):
    for index in range(20):
        write_slice(
            tmp_path / "thin" / f"{index}.dcm", slice_hu(index), sop=f"7.{index}", study="7", patient="p", z=index * 1.0
        )

    assert inspect(Folder(tmp_path / "thin")).n_slices == 4
    assert inspect(Folder(tmp_path / "thin"), slab_mm=None).n_slices == 20


def test_wrapped_slices_are_counted(inspect, tmp_path, write_study):
    write_study(tmp_path / "export", 1, BitsStored=12, HighBit=11, PixelRepresentation=0, RescaleIntercept=0)

    assert inspect(Folder(tmp_path / "export")).n_wrapped == 5


def test_beyond_the_first_rows_series_are_only_counted(inspect, tmp_path, write_study):
    for number in range(1, MOST_ROWS + 4):
        write_study(tmp_path / "many", number)

    found = inspect(Folder(tmp_path / "many"))

    assert len(found.rows) == MOST_ROWS
    assert found.further == {"chosen": 3}


def test_a_data_set_of_which_no_pixel_can_be_read_has_no_estimate(inspect, tmp_path, write_study):
    write_study(tmp_path / "export", 1, damaged=True)

    assert inspect(Folder(tmp_path / "export")).estimate is None


def test_a_folder_without_head_ct_has_its_series_listed_and_nothing_written(inspect, tmp_path, write_study):
    write_study(tmp_path / "export", 1, n_slices=2)
    (tmp_path / "export" / "letter.txt").write_text("x")

    found = inspect(Folder(tmp_path / "export"))

    assert [(row.n_slices, row.outcome, row.uid) for row in found.rows] == [(2, "no_head_ct", "9.1.1")]
    assert found.rejected == {"no_head_ct": 2, "not_dicom": 1}
    assert "expected head CT, found none in 3 files (2 no_head_ct: 2 too_few_slices, 1 not_dicom)" in found.error
    assert not (tmp_path / "stores").exists()


def test_a_series_that_is_listed_can_be_asked_for_by_its_uid(inspect, root):
    [_, bone, few] = inspect(Folder(root)).rows

    asked = inspect(Folder(root, series=[bone.uid, few.uid])).rows

    assert {row.uid for row in asked if row.outcome == "chosen"} == {bone.uid, few.uid}
