"""Studies of a data set with their labels, as they are listed and then stored."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from ich.report.contact_sheet import write_contact_sheet
from ich.sources.folder import Folder
from ich.store.store import Store


@pytest.fixture
def root(tmp_path, write_study):
    """Two patients; the first has six soft and twelve thin bone slices."""
    root = tmp_path / "export"
    write_study(root / "one" / "soft", 1, n_slices=6, AccessionNumber="ACC-1")
    write_study(root / "one" / "bone", 1, n_slices=7, series="9.1.2", ConvolutionKernel="BONE", AccessionNumber="ACC-1")
    write_study(root / "two", 2, n_slices=6, AccessionNumber="ACC-2")
    return root


def write_labels(tmp_path, text):
    (tmp_path / "labels.csv").write_text(text)
    return tmp_path / "labels.csv"


def test_labels_of_slices_keep_their_series_whole_and_leave_the_others_aside(prepare, root, tmp_path):
    labels = write_labels(tmp_path, "SOPInstanceUID,any\n9.2.0,0\n9.2.1,1\n")

    store = Store.open(prepare(Folder(root, labels=labels)).path)

    any_of = store.slices.set_index("sop_uid")["any"]
    assert any_of[["9.2.0", "9.2.1"]].tolist() == [0, 1]
    assert any_of.drop(["9.2.0", "9.2.1"]).isna().all()
    reasons = {store.facts(study)["study_uid"]: store.facts(study)["series_reason"] for study in store.studies["study"]}
    assert reasons["9.2"] == "its slices carry labels"
    assert "first of 2 by the rule" in reasons["9.1"]


def test_thin_slices_with_labels_are_not_made_into_slabs(prepare, tmp_path, slice_hu, write_slice):
    for index in range(20):
        place = tmp_path / "export" / f"{index}.dcm"
        write_slice(place, slice_hu(index), sop=f"7.{index}", study="7", patient="p", z=index * 1.0)
    labels = write_labels(tmp_path, "SOPInstanceUID,subdural\n7.3,1\n")

    summary = prepare(Folder(tmp_path / "export", labels=labels))

    assert (summary.n_slices, summary.positive_slices["subdural"]) == (20, 1)


def test_labels_of_studies_stand_with_their_studies_and_leave_slices_unknown(prepare, root, tmp_path):
    labels = write_labels(tmp_path, "AccessionNumber,any\nACC-1,1\nACC-2,0\n")

    summary = prepare(Folder(root, labels=labels))

    store = Store.open(summary.path)
    by_uid = store.studies.set_index("study_uid")
    assert by_uid["any"].to_dict() == {"9.1": 1, "9.2": 0}
    assert by_uid["subdural"].isna().all()
    assert store.slices["any"].isna().all()
    assert (summary.n_labelled_slices, summary.n_labelled_studies) == (0, 2)
    facts = store.facts(by_uid.loc["9.1", "study"])
    assert (facts["n_slices"], facts["study_labels"][-1]) == (6, 1)


def test_what_has_no_label_and_what_has_no_file_is_listed(prepare, root, tmp_path):
    labels = write_labels(tmp_path, "StudyInstanceUID,any\n9.1,1\n9.77,0\n")

    path = prepare(Folder(root, labels=labels)).path

    unmatched = pd.read_csv(path / "unmatched.csv")
    assert sorted(unmatched["side"]) == ["files", "table"]

    labels = write_labels(tmp_path, "StudyInstanceUID,any\n9.1,1\n9.2,0\n")
    assert not (prepare(Folder(root, labels=labels)).path / "unmatched.csv").exists()


def test_the_name_of_the_label_file_and_of_its_column_stays_out_of_the_store(prepare, root, tmp_path):
    table = tmp_path / "Meier^Anna.csv"
    table.write_text("Exam of Meier,any\nACC-1,1\n,0\n")

    path = prepare(Folder(root, labels=table, match="Exam of Meier")).path
    write_contact_sheet(path)

    assert "the label table: 1 row" in (path / "store.json").read_text()
    assert not any(b"Meier" in file.read_bytes() for file in path.rglob("*") if file.is_file())


def test_a_series_that_is_asked_for_is_stored_and_another_run_without_takes_the_other(prepare, root):
    asked = prepare(Folder(root, series=["9.1.2"]))
    assert asked.not_chosen == {"not_asked_for": 6}

    rule = prepare(Folder(root))

    assert rule.n_made == 1
    assert rule.not_chosen == {"sharp_kernel": 7}
    assert rule.n_studies == asked.n_studies == 2


def test_a_study_whose_series_are_told_apart_by_labels_is_not_stored_twice(prepare, root, tmp_path):
    prepare(Folder(root))
    labels = write_labels(tmp_path, "SOPInstanceUID,any\n9.1.0,1\n9.2.0,0\n")  # both series of 9.1 have a slice 9.1.0

    summary = prepare(Folder(root, labels=labels))

    uids = sorted(json.loads(file.read_text())["study_uid"] for file in (summary.path / "studies").glob("*.json"))
    assert uids == ["9.1/9.1.1", "9.1/9.1.2", "9.2"]
    assert summary.files["found"] == 19 == sum(summary.files[name] for name in ("used", "not_chosen", "rejected"))


def test_each_slab_knows_its_slices(prepare, tmp_path, slice_hu, write_slice):
    for index in range(20):
        place = tmp_path / "export" / f"{index}.dcm"
        write_slice(place, slice_hu(index), sop=f"7.{index}", study="7", patient="p", z=index * 1.0)

    store = Store.open(prepare(Folder(tmp_path / "export")).path)

    sources = store.facts(store.studies["study"][0])["source_uids"]
    assert sources == [[f"7.{index}" for index in range(start, start + 5)] for start in (0, 5, 10, 15)]


def test_files_of_a_folder_of_volumes_that_are_none_are_counted(prepare, tmp_path):
    nibabel = pytest.importorskip("nibabel")

    root = tmp_path / "volumes"
    root.mkdir()
    hu = np.random.default_rng(0).normal(35, 40, (32, 32, 6)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([1.0, 1.0, 5.0, 1.0])), root / "head.nii.gz")
    (root / "letter.txt").write_text("x")
    from ich.sources.folder import open_folder

    summary = prepare(open_folder(root))

    assert summary.files == {"found": 2, "used": 1, "not_chosen": 0, "rejected": 1}
    assert summary.rejected == {"not_a_volume": 1}


@pytest.mark.parametrize("tags", [{}, {"RescaleIntercept": -1000}], ids=["pixels", "intercept"])
def test_a_slice_that_was_replaced_by_one_of_the_same_size_makes_its_study_again(
    prepare, root, slice_hu, write_slice, tags
):
    before = prepare(Folder(root))
    path = root / "two" / "ID_00200.dcm"
    state = path.stat()
    hu = slice_hu(200) if tags else slice_hu(999)
    write_slice(path, hu, sop="9.2.0", study="9.2", patient="patient 2", AccessionNumber="ACC-2", **tags)
    assert path.stat().st_size == state.st_size
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))  # a clock may be coarse

    summary = prepare(Folder(root))

    assert (before.n_made, summary.n_made) == (2, 1)
    store = Store.open(summary.path)
    row = store.slices.set_index("sop_uid").loc["9.2.0"]
    stored = store.read_slice(row["study"], row["index"])
    np.testing.assert_array_equal(stored, np.clip(hu + (24 if tags else 0), -1024, 3071))
