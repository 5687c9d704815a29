"""Preparing a store: what is written, what is taken up again, what is accounted for."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from ich.sources.folder import Folder
from ich.sources.rsna import Rsna
from ich.store.store import Store


def contents(path):
    return b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())


def test_hu_labels_and_counts_are_those_of_the_files(prepare, rsna_root, slice_hu):
    summary = prepare(Rsna(rsna_root))
    store = Store.open(summary.path)

    assert (summary.n_studies, summary.n_patients, summary.n_slices) == (9, 9, 45)
    assert summary.positive_slices["subdural"] == summary.positive_slices["any"] == 3
    assert summary.positive_studies == {**dict.fromkeys(store.slices.columns[4:], 0), "subdural": 3, "any": 3}
    row = store.slices.set_index("sop_uid").loc["9.4.2"]
    np.testing.assert_array_equal(store.read_slice(row["study"], row["index"]), np.clip(slice_hu(402), -1024, 3071))


def test_every_file_is_used_left_aside_or_rejected_and_the_counts_add_up(
    prepare, tmp_path, slice_hu, write_slice, write_study
):
    root = tmp_path / "export"
    write_study(root, 1, n_slices=6)
    write_study(root, 2, n_slices=6)
    write_study(root / "again", 2, n_slices=7, series="9.2.2", ConvolutionKernel="BONE", SeriesDescription="BONE")
    write_slice(
        root / "mr.dcm",
        slice_hu(0),
        sop="8.1",
        study="8",
        patient="x",
        Modality="MR",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.4",
    )
    (root / "letter.txt").write_text("dear colleague")
    cut = root / "ID_00100.dcm"
    cut.write_bytes(cut.read_bytes()[:-500])

    summary = prepare(Folder(root))

    assert summary.files["found"] == 6 + 6 + 7 + 1 + 1
    assert summary.files["found"] == summary.files["used"] + summary.files["not_chosen"] + summary.files["rejected"]
    assert summary.rejected == {"truncated": 1, "not_ct": 1, "not_dicom": 1}
    rejected = pd.read_csv(summary.path / "rejected.csv")
    assert rejected["file"].tolist() == ["ID_00100.dcm", "letter.txt", "mr.dcm"]
    assert rejected["sentence"].notna().all()
    assert json.loads((summary.path / "store.json").read_text())["counts"]["files"] == summary.files


def test_several_processes_make_the_same_store_as_one(prepare, rsna_root):
    alone = prepare(Rsna(rsna_root))
    shutil.rmtree(alone.path)

    together = prepare(Rsna(rsna_root), processes=2)

    assert together.hash == alone.hash
    assert together.folds == alone.folds


def test_no_name_number_or_birth_date_reaches_the_store(prepare, tmp_path, write_study):
    write_study(
        tmp_path / "export",
        1,
        patient="HOSPITAL-4711",
        PatientName="Doe^Jane",
        PatientBirthDate="19560401",
        SeriesDescription="HEAD of Jane",
        StudyDescription="Doe head",
        AccessionNumber="ACC-99",
        InstitutionName="St Elsewhere",
    )

    path = prepare(Folder(tmp_path / "export")).path

    stored = contents(path.parent)
    for text in ("HOSPITAL-4711", "Doe", "Jane", "19560401", "ACC-99", "Elsewhere"):
        assert text.encode() not in stored
        assert text not in " ".join(str(file) for file in path.rglob("*"))


def test_a_study_without_patient_id_is_its_own_patient_and_it_is_said(prepare, tmp_path, write_study):
    for number in (1, 2):
        write_study(tmp_path / "export", number, patient=" ")

    summary = prepare(Folder(tmp_path / "export"))

    assert summary.n_patients == 2
    assert "2 studies have no PatientID: each counts as a patient of its own" in summary.notes


def test_thin_slices_become_slabs_only_where_no_slice_has_labels(prepare, tmp_path, slice_hu, write_slice):
    for index in range(20):
        write_slice(
            tmp_path / "export" / f"{index}.dcm",
            slice_hu(index),
            sop=f"7.{index}",
            study="7",
            patient="p",
            z=index * 1.0,
        )

    slabs = prepare(Folder(tmp_path / "export"))
    assert (slabs.n_slices, slabs.files["used"]) == (4, 20)

    thin = prepare(Folder(tmp_path / "export"), slab_mm=None)
    assert thin.n_slices == 20


def test_repeated_positions_of_a_labelled_series_all_stay(prepare, tmp_path, slice_hu, write_slice):
    folder = tmp_path / "rsna" / "stage_2_train"
    for index in range(6):
        write_slice(
            folder / f"ID_{index}.dcm", slice_hu(index), sop=f"7.{index}", study="7", patient="p", z=5.0 * (index // 2)
        )
    (tmp_path / "rsna" / "stage_2_train.csv").write_text("ID,Label\n7.0_any,1\n")

    summary = prepare(Rsna(tmp_path / "rsna"))

    assert summary.n_slices == 6
    assert any("at the position of another" in warning for warning in summary.warnings)
    assert any("5 slices have no row in the label table" in note for note in summary.notes)


def test_patients_with_the_same_pictures_share_a_fold(prepare, rsna_with_twins):
    store = Store.open(prepare(Rsna(rsna_with_twins)).path)

    folds = store.studies.set_index("study_uid")["fold"]
    assert folds["8"] == folds["9.1"]
    assert store.studies["patient"].nunique() == 10


def test_folds_of_a_users_file_are_taken_as_they_are(prepare, rsna_root, tmp_path):
    table = tmp_path / "folds.csv"
    table.write_text("patient,fold\n" + "".join(f"patient {number},{number % 4 - 1}\n" for number in range(1, 10)))

    store = Store.open(prepare(Rsna(rsna_root), folds=table).path)

    folds = store.studies.set_index("study_uid")["fold"]
    assert {uid: folds[uid] for uid in ("9.1", "9.2", "9.4", "9.7")} == {"9.1": 0, "9.2": 1, "9.4": -1, "9.7": 2}


def test_a_study_that_cannot_be_read_does_not_stop_the_others(prepare, rsna_root, write_study):
    write_study(rsna_root / "stage_2_train", 4, damaged=True)

    summary = prepare(Rsna(rsna_root))

    assert (summary.n_studies, summary.n_failed) == (8, 1)
    assert summary.files == {"found": 45, "used": 40, "not_chosen": 0, "rejected": 5}
    assert summary.rejected == {"unreadable": 5}


def test_the_published_counts_stand_beside_those_found_with_those_of_the_labels(prepare, rsna_root):
    summary = prepare(Rsna(rsna_root))

    assert (
        summary.expected == "the published set has 21,744 studies, 18,938 patients, 752,803 slices, "
        "107,933 slices with any, 3,145 slices with epidural, 36,118 slices with intraparenchymal, "
        "26,205 slices with intraventricular, 35,675 slices with subarachnoid and 47,166 slices with subdural; "
        "here are 9, 9, 45, 3, 0, 0, 0, 0 and 3"
    )


@pytest.mark.realdata
def test_real_rsna_studies_give_the_counts_of_the_readme_and_leave_the_test_part_out(prepare, rsna_folder):
    summary = prepare(Rsna(rsna_folder), size=64)

    assert (summary.n_studies, summary.n_slices, summary.files["rejected"]) == (6, 205, 0)
    assert list(summary.positive_slices.values()) == [0, 31, 4, 22, 21, 47]  # realdata README, rsna/
    assert "ID_d7fd39e49b" not in set(Store.open(summary.path).studies["study_uid"])
