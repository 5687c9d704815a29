"""A miniature of the challenge, unpacked and as Kaggle's archive."""

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
from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.rsna import ARCHIVE, Rsna


def rows_of(image: str, values: str) -> list[str]:
    return [f"{image}_{label},{value}" for label, value in zip(LABELS, values, strict=True)]


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


def test_an_archive_of_something_else_says_what_was_expected_in_it(tmp_path):
    archive = lay_out({"photo.jpg": b"x"}, tmp_path, way="zip")

    with pytest.raises(DataError, match=r"expected stage_2_train/ID_\*.dcm in the archive, found none"):
        Rsna(archive).check()
