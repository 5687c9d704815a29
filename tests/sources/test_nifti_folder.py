"""A folder of volumes."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ich.errors import ConfigError, DataError
from ich.labels import LABELS
from ich.sources.nifti_folder import NiftiFolder
from ich.sources.source import LabelTable, UnreadableStudy, VolumeSource

nibabel = pytest.importorskip("nibabel", reason="pip install ich[nifti]")

FEET_FIRST = np.diag([-1.0, -1, 5, 1])


def write_volume(path: Path, *, lowest: int = -1000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    volume = np.full((8, 8, 3), lowest, dtype=np.int16) + np.arange(3, dtype=np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, FEET_FIRST), path)


def table(any_by_file, **facts):
    frame = pd.DataFrame(np.nan, columns=list(LABELS), index=pd.Index(any_by_file, name="file"), dtype=np.float32)
    frame["any"] = np.float32(list(any_by_file.values()))
    return LabelTable(frame, **{"by": "file", **facts})


@pytest.fixture
def root(tmp_path):
    write_volume(tmp_path / "one" / "ct.nii.gz")
    write_volume(tmp_path / "two.nii")
    (tmp_path / "readme.txt").write_text("about")
    return tmp_path


def test_each_volume_is_a_study_and_every_other_file_has_a_reason(root):
    source = NiftiFolder(root)
    source.check()

    assert isinstance(source, VolumeSource)
    assert [(patient, task.files) for patient, task in source.studies()] == [
        ("one/ct", ("one/ct.nii.gz",)),
        ("two", ("two.nii",)),
    ]
    assert [(one.file, one.code) for one in source.rejected()] == [("readme.txt", "not_a_volume")]
    assert source.notes() == ("2 volumes state no patient: each counts as a patient of its own",)


def test_a_label_speaks_of_the_study_not_of_its_slices(root):
    source = NiftiFolder(root, table=table({"one/ct": 1, "two.nii": 0}))
    [(_, one), (_, two)] = source.studies()

    read = one.read(slab_mm=5.0)

    assert np.isnan(read.labels).all()
    np.testing.assert_array_equal(read.study_labels, [np.nan] * 5 + [1])
    assert two.read(slab_mm=5.0).study_labels[-1] == 0
    assert one.content != NiftiFolder(root).studies()[0][1].content


def test_a_set_has_the_same_studies_in_a_zip(root, tmp_path_factory):
    packed = tmp_path_factory.mktemp("packed") / "set.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("one/ct.nii.gz", "two.nii"):
            archive.write(root / name, name)

    tasks = [task for _, task in NiftiFolder(packed).studies()]

    assert [task.study_uid for task in tasks] == ["one/ct", "two"]
    assert len(tasks[0].read(slab_mm=None).scan.hu) == 3


def test_a_study_without_a_row_has_no_labels(root):
    [(_, one), _] = NiftiFolder(root).studies()

    assert one.read(slab_mm=None).study_labels is None


def test_rows_and_volumes_that_stay_alone_are_counted_and_the_lines_listed(root):
    known = table({"one/ct.nii.gz": 1, "three": 0, "four": 1}, lines=np.array([2, 5, 6]), notes=("read",))

    notes = NiftiFolder(root, table=known).notes()

    assert notes == (
        "read",
        "2 volumes state no patient: each counts as a patient of its own",
        "1 volume has no row in the label table; its labels stay unknown",
        "2 rows of the label table are not among the files: lines 5, 6",
    )


def test_a_table_that_names_no_volume_is_refused_and_shows_how_one_is_named(root):
    with pytest.raises(DataError, match=r"found none among 1 row; .* a file's is one/ct.nii.gz; write the names"):
        NiftiFolder(root, table=table({"three": 0})).studies()


def test_labels_by_a_uid_are_refused(root):
    with pytest.raises(ConfigError, match="expected paths, since NIfTI volumes state no uid"):
        NiftiFolder(root, table=table({"1.2": 1}, by="study_uid", level="study"))


def test_a_volume_that_is_there_twice_is_an_error(root):
    write_volume(root / "two.nii.gz")

    with pytest.raises(DataError, match=r"expected each volume once, found 1 as .nii and as .nii.gz"):
        NiftiFolder(root).studies()


def test_values_that_can_hardly_be_hu_are_said(root):
    write_volume(root / "two.nii", lowest=0)

    _, (_, task) = NiftiFolder(root).studies()

    assert any(
        "the lowest value is 0: these may be stored values" in one for one in task.read(slab_mm=None).scan.warnings
    )


def test_a_damaged_volume_is_an_unreadable_study(root):
    (root / "two.nii").write_bytes(b"damaged")
    _, (_, task) = NiftiFolder(root).studies()

    with pytest.raises(UnreadableStudy) as found:
        task.read(slab_mm=None)

    assert [(one.file, one.code) for one in found.value.rejected] == [("two.nii", "unreadable")]


def test_names_that_are_no_text_are_written_with_escapes(root):
    write_volume(root / "M\udcfcller.nii")
    (root / "M\udcfcller.txt").write_text("about")
    source = NiftiFolder(root)

    tasks = dict(source.studies())

    assert tasks[r"M\xfcller"].files == (r"M\xfcller.nii",)
    assert len(tasks[r"M\xfcller"].read(slab_mm=None).scan.hu) == 3
    assert r"M\xfcller.txt" in [one.file for one in source.rejected()]


def test_a_volume_says_how_large_its_file_is_unpacked_from_a_zip(root, tmp_path_factory):
    packed = tmp_path_factory.mktemp("packed") / "set.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(root / "two.nii", "two.nii")

    sizes = [NiftiFolder(where).studies()[-1][1].n_bytes for where in (root, packed)]

    assert sizes == [(root / "two.nii").stat().st_size] * 2
