"""The challenge's folders and its long label table."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.rsna import REPEATED_VALUES, Rsna, read_long_labels


def write_labels(folder: Path, rows: list[str], *, name: str = "stage_2_train.csv") -> Path:
    path = folder / name
    path.write_text("ID,Label\n" + "".join(f"{row}\n" for row in rows))
    return path


def rows_of(image: str, values: str) -> list[str]:
    return [f"{image}_{label},{value}" for label, value in zip(LABELS, values, strict=True)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for part in ("train", "test"):
        (tmp_path / f"stage_2_{part}").mkdir()
        (tmp_path / f"stage_2_{part}" / f"ID_{part}.dcm").write_bytes(b"x")
    write_labels(tmp_path, rows_of("ID_train", "000101"))
    return tmp_path


def test_six_rows_of_an_image_become_one_row_in_the_order_of_labels(tmp_path):
    rows = rows_of("ID_b", "000000") + rows_of("ID_a", "001011")

    frame = read_long_labels(write_labels(tmp_path, rows[::-1])).frame

    assert list(frame.columns) == list(LABELS)
    assert frame.loc["ID_a"].tolist() == [0, 0, 1, 0, 1, 1]
    assert frame.loc["ID_b"].tolist() == [0] * 6


def test_rows_that_repeat_with_the_same_value_are_dropped_and_counted(tmp_path):
    rows = rows_of("ID_a", "100001") + rows_of("ID_b", "000000") + rows_of("ID_a", "100001")

    table = read_long_labels(write_labels(tmp_path, rows))

    assert len(table.frame) == 2
    assert any("6 values repeat" in note for note in table.notes)


@pytest.mark.parametrize("n_images", [0, 1, 4])
def test_another_number_of_repeated_values_than_published_is_said(root, n_images):
    rows = [row for number in range(4) for row in rows_of(f"ID_{number}", "000000")]
    write_labels(root, rows + rows[: n_images * len(LABELS)])

    notes = Rsna(root).labels().notes

    differs = n_images * len(LABELS) != REPEATED_VALUES
    assert any("the published label table repeats 24 values, this one " in note for note in notes) == differs


def test_rows_that_repeat_with_another_value_are_an_error_that_names_one(tmp_path):
    rows = [*rows_of("ID_a", "000000"), "ID_a_subdural,1"]

    with pytest.raises(DataError, match=r"expected one value of subdural .*, found both 0 and 1 in lines 8 and 6"):
        read_long_labels(write_labels(tmp_path, rows))


def test_a_label_without_a_row_stays_unknown(tmp_path):
    rows = rows_of("ID_a", "000000")[:-1] + rows_of("ID_b", "000000")

    table = read_long_labels(write_labels(tmp_path, rows))

    assert np.isnan(table.frame.loc["ID_a", "any"])
    assert any("1 row lacks" in note for note in table.notes)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("ID_a_epidural,0.5", "expected labels 0, 1, .* found another in line 2"),
        ("ID_a_fracture,1", "expected ids that end in _ and a label .* in line 2"),
        ("ID1,1", "expected ids that end in _ and a label .* in line 2"),
        ("ID_a_any,yes", "found another in line 2"),
    ],
    ids=["half", "unknown label", "no label", "text"],
)
def test_a_row_of_another_kind_is_an_error_that_says_where(tmp_path, row, sentence):
    with pytest.raises(DataError, match=sentence):
        read_long_labels(write_labels(tmp_path, [row]))


def test_a_table_with_other_columns_is_an_error(tmp_path):
    path = tmp_path / "stage_2_train.csv"
    path.write_text("image,any\nID_a,1\n")

    with pytest.raises(DataError, match="expected columns ID,Label, found 2 columns, of which known: none"):
        read_long_labels(path)


def test_the_training_part_holds_no_file_of_the_test_part(root):
    source = Rsna(root)

    assert [file.path.name for file in source.files()] == ["ID_train.dcm"]
    assert source.labels().frame.index.tolist() == ["ID_train"]


def test_the_test_part_has_no_labels(root):
    source = Rsna(root, part="test")

    assert [file.path.name for file in source.files()] == ["ID_test.dcm"]
    assert source.labels() is None


def test_the_latest_stage_is_read_under_its_older_folder_name_too(root):
    (root / "stage_2_train").rename(root / "stage_2_train_images")
    (root / "stage_1_train").mkdir()
    (root / "stage_1_train" / "ID_old.dcm").write_bytes(b"x")

    assert [file.path.name for file in Rsna(root).files()] == ["ID_train.dcm"]


def test_a_root_without_images_says_what_to_unpack(tmp_path):
    write_labels(tmp_path, rows_of("ID_a", "000000"))

    with pytest.raises(DataError, match="expected a folder stage_2_train of ID_"):
        Rsna(tmp_path).check()


def test_a_root_without_the_label_table_says_which_file_is_missing(root):
    (root / "stage_2_train.csv").unlink()

    with pytest.raises(DataError, match=r"expected the label table stage_2_train.csv, found none"):
        Rsna(root).check()


def test_a_part_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"data.part=validation: expected train or test"):
        Rsna("anywhere", part="validation")


@pytest.mark.realdata
def test_positive_slices_of_real_studies_are_those_the_readme_lists(realdata):
    frame = read_long_labels(realdata / "rsna" / "stage_2_train.csv").frame

    assert len(frame) == 205
    assert frame.sum().tolist() == [0, 31, 4, 22, 21, 47]  # realdata README, rsna/


def test_a_label_table_downloaded_as_a_zip_is_read(root):
    rows = (root / "stage_2_train.csv").read_bytes()
    (root / "stage_2_train.csv").unlink()
    with zipfile.ZipFile(root / "stage_2_train.csv.zip", "w") as writer:
        writer.writestr("stage_2_train.csv", rows)

    source = Rsna(root)

    assert source.labels().frame.index.tolist() == ["ID_train"]
    assert [file.path.name for file in source.files()] == ["ID_train.dcm"]
