"""Headers of a data set: what is known stays, what is new is read, and choices follow from the table alone."""

import pytest

from ich.errors import DataError
from ich.sources.folder import Folder
from ich.store.listing import headers
from ich.store.listing.headers import load_headers


@pytest.fixture
def read(monkeypatch):
    """Names of the files whose headers are read."""
    names = []
    real = headers.read_headers
    monkeypatch.setattr(headers, "read_headers", lambda file: (names.append(file.path.name), real(file))[1])
    return names


def test_a_better_series_that_comes_later_is_chosen_without_reading_the_old_headers_again(
    prepare, tmp_path, write_study, read
):
    root = tmp_path / "export"
    write_study(root / "bone", 1, series="9.1.2", ConvolutionKernel="BONE", SeriesDescription="BONE of Jane")
    prepare(Folder(root))
    read.clear()
    write_study(root / "soft", 1, n_slices=6, series="9.1.1", ConvolutionKernel="STANDARD")

    summary = prepare(Folder(root))

    assert len(read) == 6
    assert (summary.n_studies, summary.n_slices, summary.not_chosen) == (1, 6, {"sharp_kernel": 5})


def test_files_that_are_gone_leave_the_table(prepare, tmp_path, write_study, read):
    root = tmp_path / "export"
    write_study(root, 1)
    write_study(root, 2)  # four of its five slices are too few
    path = prepare(Folder(root)).path
    (root / "ID_00200.dcm").unlink()
    read.clear()

    summary = prepare(Folder(root))

    assert read == []
    assert "ID_00200.dcm" not in load_headers(path / "headers.parquet")["file"].to_pylist()
    assert summary.files["found"] == 9


def test_no_key_is_made_for_a_folder_without_a_head(prepare, tmp_path, write_study):
    write_study(tmp_path / "export", 1, n_slices=2)

    with pytest.raises(DataError, match="2 no_head_ct"):
        prepare(Folder(tmp_path / "export"))

    assert not (tmp_path / "stores").exists()
