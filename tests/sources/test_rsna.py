"""The challenge's folders and its long label table."""

import hashlib
import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from ich.dicom.header import Rejected, SliceHeader, read_headers
from ich.dicom.pixels import read_hu
from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.rsna import ARCHIVE, Rsna, read_long_labels


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


def test_rows_that_repeat_with_another_value_are_an_error_that_names_one(tmp_path):
    rows = [*rows_of("ID_a", "000000"), "ID_a_subdural,1"]

    with pytest.raises(DataError, match=r"expected one value of subdural .*, found both 0 and 1 in lines 8 and 6"):
        read_long_labels(write_labels(tmp_path, rows))


def test_a_label_without_a_row_stays_unknown(tmp_path):
    rows = rows_of("ID_a", "000000")[:-1] + rows_of("ID_b", "000000")

    table = read_long_labels(write_labels(tmp_path, rows))

    assert np.isnan(table.frame.loc["ID_a", "any"])
    assert any("1 rows lack" in note for note in table.notes)


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


# The 21 tags of the challenge's files, UIDs and patient as `ID_` and eight or nine hexadecimal digits (docs/data.md).
TAGS = [
    "SOPInstanceUID",
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "PixelSpacing",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "WindowCenter",
    "WindowWidth",
    "RescaleIntercept",
    "RescaleSlope",
    "PixelData",
]


def image_id(study: int, number: int) -> str:
    return f"ID_{hashlib.sha256(f'{study}/{number}'.encode()).hexdigest()[:9]}"


def challenge_file(head: Any, study: int, number: int) -> bytes:
    one = head.slices[number]
    names = {
        "SOPInstanceUID": image_id(study, number),
        "PatientID": f"ID_{study:08x}",
        "StudyInstanceUID": f"ID_1{study:09x}",
        "SeriesInstanceUID": f"ID_2{study:09x}",
        "StudyID": "",
    }
    file = pydicom.Dataset()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Invalid value for VR UI")  # the challenge's own ids are no UIDs
        for tag in TAGS:
            setattr(file, tag, names.get(tag, one.get(tag, "")))
        file.file_meta = one.file_meta
        content = io.BytesIO()
        file.save_as(content, enforce_file_format=True)
    return content.getvalue()


def challenge_files(heads: list[Any]) -> dict[str, bytes]:
    """Content by name in the challenge's archive: one study to train on, one for the test, the first file cut short."""
    rows = []
    files = {}
    for study, (head, part) in enumerate(zip(heads, ("train", "test"), strict=True)):
        for number in range(len(head.slices)):
            files[f"stage_2_{part}/{image_id(study, number)}.dcm"] = challenge_file(head, study, number)
            values = "".join(str(int(value)) for value in head.labels[number])
            rows += rows_of(image_id(study, number), values) if part == "train" else []
    bad = f"stage_2_train/{image_id(0, 0)}.dcm"
    files[bad] = files[bad][: len(files[bad]) // 2]
    rows += rows[:6]
    files["stage_2_train.csv"] = ("ID,Label\n" + "\n".join(rows) + "\n").encode()
    files["stage_2_sample_submission.csv"] = b"ID,Label\n"
    return files


def lay_out(files: dict[str, bytes], place: Path, *, way: str) -> Path:
    """The miniature as a folder, or as Kaggle's zip with or without the folder in it."""
    if way == "folder":
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        return place
    archive = place / f"{ARCHIVE}.zip"
    prefix = f"{ARCHIVE}/" if way == "zip with folder" else ""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(prefix + name, content)
    return place if way == "zip in the root" else archive


@pytest.mark.parametrize("way", ["folder", "zip", "zip with folder", "zip in the root"])
def test_a_miniature_of_the_challenge_reads_alike_unpacked_and_as_downloaded(heads, tmp_path, way):
    source = Rsna(lay_out(challenge_files(heads), tmp_path, way=way))
    source.check()

    read = [one for file in source.files() for one in read_headers(file)]
    slices = {one.sop_uid: one for one in read if isinstance(one, SliceHeader)}
    labels = source.labels()

    assert [one.code for one in read if isinstance(one, Rejected)] == ["truncated"]
    assert set(slices) == set(labels.frame.index) - {image_id(0, 0)}
    assert any("6 values repeat" in note for note in labels.notes)
    for number in (1, 7):
        uid = image_id(0, number)
        np.testing.assert_array_equal(read_hu(slices[uid]), heads[0].hu[number])
        np.testing.assert_array_equal(labels.frame.loc[uid], heads[0].labels[number])
    assert {one.study_uid for one in slices.values()} == {"ID_1000000000"}


def test_the_test_part_of_the_archive_holds_no_image_of_the_training_part(heads, tmp_path):
    source = Rsna(lay_out(challenge_files(heads), tmp_path, way="zip"), part="test")
    source.check()

    assert [Path(file.member).stem for file in source.files()] == sorted(image_id(1, number) for number in range(12))
    assert source.labels() is None


def test_a_label_table_downloaded_as_a_zip_is_read(root):
    rows = (root / "stage_2_train.csv").read_bytes()
    (root / "stage_2_train.csv").unlink()
    with zipfile.ZipFile(root / "stage_2_train.csv.zip", "w") as writer:
        writer.writestr("stage_2_train.csv", rows)

    source = Rsna(root)

    assert source.labels().frame.index.tolist() == ["ID_train"]
    assert [file.path.name for file in source.files()] == ["ID_train.dcm"]


def test_an_archive_of_something_else_says_what_was_expected_in_it(tmp_path):
    archive = lay_out({"photo.jpg": b"x"}, tmp_path, way="zip")

    with pytest.raises(DataError, match=r"expected stage_2_train/ID_\*.dcm in the archive, found none"):
        Rsna(archive).check()
