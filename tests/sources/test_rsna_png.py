"""The 16-bit PNG mirror of RSNA 2019."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.rsna_png import RsnaPng


def image_id(study: int, number: int) -> str:
    return f"ID_{study:04x}{number:05x}"


def stored(hu: np.ndarray, study: int) -> np.ndarray:
    """Stored values as the mirror writes them: study 0 unsigned, study 1 signed, its negative values as 16 bits."""
    values = hu.astype(np.int32) + 1024 if study == 0 else hu.astype(np.int32)
    return values.astype(np.int16).view(np.uint16)


def mirror(heads: list[Any], root: Path) -> Path:
    """The mirror in its layout, slice 1 at the feet, rows shuffled; study 1 has intercept 0."""
    slices, rescale = [], []
    for study, head in enumerate(heads):
        names = {"patient_ID": f"ID_{study:08x}", "study_ID": f"ID_1{study}", "series_ID": f"ID_2{study}"}
        rescale.append(
            {
                "patient_id": names["patient_ID"],
                "study_id": names["study_ID"],
                "series_id": names["series_ID"],
                "plane": "axial",
                "rescale_slope": 1.0,
                "rescale_intercept": -1024.0 if study == 0 else 0.0,
            }
        )
        for number, hu in enumerate(head.hu):
            file = f"IM{number + 1:06d}_{image_id(study, number)}.png"
            path = root / "images" / "/".join(names.values()) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), stored(hu, study))
            labels = dict(zip(LABELS, head.labels[number].astype(int), strict=True))
            slices.append({**names, "filename": file, **labels})
    pd.DataFrame(slices).sample(frac=1, random_state=0).to_csv(root / "slice_labels.csv", index=False)
    pd.DataFrame(rescale).to_csv(root / "rescale_values.csv", index=False)
    return root


def only_picture(root: Path, number: int) -> Path:
    return next(root.rglob(f"IM{number:06d}_{image_id(0, number - 1)}.png"))


@pytest.fixture
def root(heads, tmp_path) -> Path:
    return mirror(heads, tmp_path)


def test_a_miniature_gives_the_hu_and_labels_of_the_heads_signed_or_not(heads, root):
    source = RsnaPng(root)
    source.check()

    for head, (patient, task), study in zip(heads, source.studies(), (0, 1), strict=True):
        read = task.read(slab_mm=5.0)
        np.testing.assert_array_equal(read.scan.hu, head.hu)
        np.testing.assert_array_equal(read.labels, head.labels)
        assert (patient, task.study_uid) == (f"ID_{study:08x}", f"ID_1{study}")
        assert read.scan.sop_uids == tuple(image_id(study, number) for number in range(12))
        assert read.scan.facts["is_signed"] == (study == 1)
        assert read.n_used == len(task.files) == 12
    assert source.rejected() == ()


def test_slices_run_the_other_way_where_the_setting_says_so(heads, root):
    (_, task), _ = RsnaPng(root, first_slice="head").studies()

    np.testing.assert_array_equal(task.read(slab_mm=None).scan.hu, heads[0].hu[::-1])


def test_a_slice_of_12_bits_wrapped_below_zero_is_repaired_and_a_signed_one_with_intercept_0_is_not(heads, root):
    tables = pd.read_csv(root / "rescale_values.csv")
    tables["rescale_intercept"] = 0.0
    tables.to_csv(root / "rescale_values.csv", index=False)
    hu = np.maximum(heads[0].hu, -1000)
    for number, plane in enumerate(hu, start=1):
        cv2.imwrite(str(only_picture(root, number)), (plane.astype(np.int32) % 4096).astype(np.uint16))

    wrapped, signed = (task.read(slab_mm=None).scan for _, task in RsnaPng(root).studies())

    np.testing.assert_array_equal(wrapped.hu, hu)
    assert wrapped.warnings == ("12 slices hold 12 bits wrapped below zero, repaired",)
    np.testing.assert_array_equal(signed.hu, heads[1].hu)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\xff" * 8 + b"\x10\0" + bytes(20), "odd_size"),
        (cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes(), "unreadable"),
        (cv2.imencode(".png", np.zeros((8, 8), np.uint16))[1].tobytes()[:40], "unreadable"),
        (None, "unreadable"),
    ],
    ids=["empty", "absurd size", "8 bits", "cut off", "absent"],
)
def test_a_bad_picture_costs_itself_and_nothing_else(root, content, code):
    path = only_picture(root, 3)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    (_, task), _ = RsnaPng(root).studies()

    read = task.read(slab_mm=None)

    assert [(one.file, one.code) for one in read.rejected] == [(path.relative_to(root).as_posix(), code)]
    assert read.n_used == len(read.scan.hu) == len(read.labels) == 11


def test_a_picture_in_no_row_is_rejected(root):
    (root / "images" / "stray.png").write_bytes(b"x")

    assert [(one.file, one.code) for one in RsnaPng(root).rejected()] == [("images/stray.png", "unlabelled")]


def test_other_names_of_columns_and_a_flat_folder_are_settings(heads, root):
    table = pd.read_csv(root / "slice_labels.csv")
    rescale = pd.read_csv(root / "rescale_values.csv").set_index("series_id")
    flat = root / "flat"
    flat.mkdir()
    for path in (root / "images").rglob("*.png"):
        path.rename(flat / f"{path.stem.split('_', 1)[1]}.png")
    table["k"] = table["rescale_slope"] = 1
    table["b"] = rescale.loc[table["series_ID"], "rescale_intercept"].to_numpy()
    table["number"] = table["filename"].str[2:8].astype(int)
    table["PatientID"] = table.pop("patient_ID")
    table.drop(columns=["epidural"]).to_csv(root / "all.csv", index=False)

    columns = {"patient": "PatientID", "slice": "number", "slope": "k", "intercept": "b"}
    source = RsnaPng(root, table="all.csv", rescale=None, path="flat/{image}.png", columns=columns)
    source.check()
    (_, task), _ = source.studies()
    read = task.read(slab_mm=None)

    np.testing.assert_array_equal(read.scan.hu, heads[0].hu)
    assert np.isnan(read.labels[:, LABELS.index("epidural")]).all()
    np.testing.assert_array_equal(read.labels[:, -1], heads[0].labels[:, -1])
    assert source.notes()[-1] == "all.csv: no labels epidural; they stay unknown"


def test_labels_may_come_from_the_challenges_own_table(heads, root):
    table = pd.read_csv(root / "slice_labels.csv")
    table.drop(columns=list(LABELS)).to_csv(root / "slice_labels.csv", index=False)
    rows = [
        f"{image_id(0, number)}_{label},{int(value)}"
        for number, row in enumerate(heads[0].labels)
        for label, value in zip(LABELS, row, strict=True)
    ]
    (root / "stage_2_train.csv").write_text("ID,Label\n" + "\n".join(rows) + "\n")

    first, second = (task.read(slab_mm=None) for _, task in RsnaPng(root, labels="stage_2_train.csv").studies())

    np.testing.assert_array_equal(first.labels, heads[0].labels)
    assert np.isnan(second.labels).all()


def test_a_row_that_leads_out_of_the_root_is_an_error(root):
    table = pd.read_csv(root / "slice_labels.csv")
    table.loc[4, "filename"] = "../../../../IM000001_secret.png"
    table.to_csv(root / "slice_labels.csv", index=False)

    with pytest.raises(DataError, match=r"expected files below data\.root, found another one in row 6"):
        RsnaPng(root).check()


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("series_ID", None, "found empty cells"),
        ("filename", "picture.png", "expected a slice number, found none in row 2"),
        ("any", 2, "expected labels 0 or 1"),
        ("series_ID", "ID_9", "expected a row for each series, found none for 1"),
        ("patient_ID", "other", "expected each series in one study"),
    ],
    ids=["empty", "number", "label", "series", "patient"],
)
def test_a_table_of_other_content_is_an_error_that_says_where(root, column, value, sentence):
    table = pd.read_csv(root / "slice_labels.csv").astype(object)
    table.loc[0, column] = value
    table.to_csv(root / "slice_labels.csv", index=False)

    with pytest.raises(DataError, match=sentence):
        RsnaPng(root).check()


def test_a_missing_column_is_an_error_that_names_the_setting(root):
    table = pd.read_csv(root / "slice_labels.csv").rename(columns={"study_ID": "study"})
    table.to_csv(root / "slice_labels.csv", index=False)

    with pytest.raises(DataError, match=r"expected a column study_ID, found .*data.columns.study=NAME"):
        RsnaPng(root).check()


def test_a_missing_table_or_folder_says_what_to_put_where(root):
    (root / "images").rename(root / "pictures")
    with pytest.raises(DataError, match=r"unpack images.tar there"):
        RsnaPng(root).check()

    (root / "rescale_values.csv").unlink()
    with pytest.raises(DataError, match=r"expected the table rescale_values.csv, found none"):
        RsnaPng(root).check()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"first_slice": "top"}, "data.first_slice=top: expected feet or head"),
        ({"columns": {"slope_": "x"}}, "data.columns.slope_: no such column"),
        ({"path": "{folder}/{file}"}, "data.path="),
    ],
    ids=["end", "column", "path"],
)
def test_a_setting_out_of_range_is_refused(tmp_path, setting, sentence):
    with pytest.raises(ConfigError, match=sentence):
        RsnaPng(tmp_path, **setting)


def test_a_picture_that_is_a_link_out_of_the_root_is_rejected(heads, root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "picture.png"
    picture = only_picture(root, 3)
    picture.rename(outside)
    picture.symlink_to(outside)

    (_, task), *_ = RsnaPng(root).studies()
    read = task.read(slab_mm=None)

    assert [(one.file, one.code) for one in read.rejected] == [(picture.relative_to(root).as_posix(), "unreadable")]


def test_a_picture_whose_name_is_no_text_is_listed_by_one_that_is(root):
    (root / "images" / "M\udcfcller.png").write_bytes(b"")

    assert [one.file for one in RsnaPng(root).rejected()] == [r"images/M\xfcller.png"]
