"""What a preparation refuses, and leaves as it was."""

import shutil

import pytest

from ich.errors import ConfigError, DataError
from ich.sources.folder import Folder
from ich.sources.rsna import Rsna
from ich.store.store import Store


def contents(path):
    return b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())


def test_a_hospitals_patients_have_other_keys_under_another_secret(prepare, tmp_path, monkeypatch, write_study):
    write_study(tmp_path / "export", 1)
    monkeypatch.setenv("ICH_HASH_KEY", "a secret of ours")
    prepare(Folder(tmp_path / "export"))

    monkeypatch.setenv("ICH_HASH_KEY", "another secret")
    with pytest.raises(DataError, match="expected the key its patients were hashed with"):
        prepare(Folder(tmp_path / "export"))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda root, write_study: None, "found no such folder"),
        (lambda root, write_study: root.mkdir(), "found an empty folder"),
        (
            lambda root, write_study: (root.mkdir(), (root / "letter.txt").write_text("x")),
            r"expected head CT, found none in 1 file \(1 not_dicom\)",
        ),
        (
            lambda root, write_study: write_study(root, 1, n_slices=2),
            r"expected head CT, found none in 2 files \(2 no_head_ct: 2 too_few_slices\); name another folder",
        ),
    ],
    ids=["missing", "empty", "no DICOM", "two slices"],
)
def test_nothing_to_prepare_is_one_line_and_leaves_nothing_behind(prepare, tmp_path, write_study, make, sentence):
    make(tmp_path / "export", write_study)

    with pytest.raises(DataError, match=sentence) as found:
        prepare(Folder(tmp_path / "export"))

    assert "\n" not in str(found.value)
    assert not (tmp_path / "stores").exists()


def test_a_data_set_of_which_no_pixel_can_be_read_leaves_no_store(prepare, tmp_path, write_study):
    write_study(tmp_path / "export", 1, damaged=True)

    with pytest.raises(DataError, match=r"expected readable slices, found none \(\d+ \w+\): "):
        prepare(Folder(tmp_path / "export"))

    assert not (tmp_path / "stores" / "one").exists()


def test_a_store_of_another_source_or_a_folder_of_other_things_is_left_alone(prepare, rsna_root, tmp_path, write_study):
    path = prepare(Rsna(rsna_root)).path
    write_study(tmp_path / "export", 1)
    before = contents(path)
    with pytest.raises(DataError, match="expected a store of folder, found one of rsna"):
        prepare(Folder(tmp_path / "export"))
    assert contents(path) == before

    shutil.rmtree(path)
    path.mkdir()
    (path / "thesis.txt").write_text("x")
    with pytest.raises(DataError, match="found a folder with other things"):
        prepare(Rsna(rsna_root))


def test_a_store_holds_one_part_of_a_data_set(prepare, rsna_root, write_study):
    write_study(rsna_root / "stage_2_test", 77)
    path = prepare(Rsna(rsna_root)).path
    before = contents(path)

    with pytest.raises(DataError, match=r"store\.path=.*: expected a store of rsna, test, found one of train; choose"):
        prepare(Rsna(rsna_root, part="test"))

    assert contents(path) == before
    assert "77" not in set(Store.open(path).studies["study_uid"])


def test_a_whole_store_is_not_taken_apart_into_shards(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path
    before = contents(path)

    with pytest.raises(DataError, match=r"shards=3: expected no whole store, found one at .* made in 1; leave shard"):
        prepare(Rsna(rsna_root), shard=0, shards=3)

    assert contents(path) == before


def test_a_part_whose_preparation_was_killed_is_not_mixed_with_another(prepare, rsna_root, write_study):
    write_study(rsna_root / "stage_2_test", 77)
    (prepare(Rsna(rsna_root)).path / "store.json").unlink()

    summary = prepare(Rsna(rsna_root, part="test"))

    assert (summary.n_studies, summary.n_labelled_slices) == (1, 0)
    assert any(note.startswith("9 studies were made with other settings") for note in summary.notes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": 0}, "store.size=0"),
        ({"n_folds": 1}, "store.n_folds=1"),
        ({"slab_mm": -1.0}, "store.slab_mm=-1.0"),
        ({"processes": -1}, "processes=-1"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_read(prepare, change, sentence):
    with pytest.raises(ConfigError, match=sentence):
        prepare(Folder("/nowhere"), **change)
