"""Reading a store."""

import json
import multiprocessing
import pickle
import shutil

import numpy as np
import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.store.store import Store


def read_in_child(store, study, connection):
    connection.send_bytes(store.read_slice(study, 2).tobytes())


def test_a_slice_is_read_into_the_row_of_a_batch(store):
    study = store.studies["study"][0]
    batch = np.zeros((3, store.size, store.size), dtype=np.int16)

    store.read_slice(study, 4, out=batch[1])

    np.testing.assert_array_equal(batch[1], store.read_study(study)[4])
    assert not batch[[0, 2]].any()


def test_tables_have_the_columns_their_readers_count_on(store):
    assert store.studies.columns[:10].tolist() == ["study", "patient", "fold", "n_slices", *LABELS]
    assert store.slices.columns.tolist() == ["study", "index", "position_mm", "sop_uid", *LABELS]
    assert store.slices[list(LABELS)].dtypes.unique().tolist() == [np.float32]


def test_rows_of_a_study_follow_each_other_feet_first(store):
    study = store.studies["study"][3]

    rows = store.slices[store.slices["study"] == study]

    assert rows.index.tolist() == list(range(rows.index[0], rows.index[0] + 5))
    assert rows["index"].tolist() == [0, 1, 2, 3, 4]
    assert rows["position_mm"].tolist() == [0, 5, 10, 15, 20]


def test_a_store_can_be_read_after_a_fork_and_after_being_sent(store):
    study = store.studies["study"][0]
    expected = store.read_slice(study, 2)
    mine, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=read_in_child, args=(store, study, theirs))

    child.start()
    found = np.frombuffer(mine.recv_bytes(), dtype=np.int16).reshape(expected.shape)
    child.join()

    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(store)).read_slice(study, 2), expected)


def test_facts_of_a_study_tell_its_series_geometry_and_uids(store):
    facts = store.facts(store.studies["study"][0])

    assert facts["size"] == store.size
    assert len(facts["sop_uids"]) == 5
    assert facts["facts"]["spacing_rows_mm"] == 1.0


def test_a_study_that_is_not_there_is_an_error_of_one_line(store):
    for read in (store.read_study, store.facts):
        with pytest.raises(DataError, match="study=nothing: expected a study of"):
            read("nothing")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_an_array_that_lost_its_end_is_an_error_of_one_line(store, tmp_path, share):
    shutil.copytree(store.path, tmp_path / "copy")
    study = store.studies["study"][0]
    array = tmp_path / "copy" / "studies" / f"{study}.b2nd"
    array.write_bytes(array.read_bytes()[: int(share * array.stat().st_size)])

    for read in (
        Store.open(tmp_path / "copy").read_study,
        lambda key: Store.open(tmp_path / "copy").read_slice(key, 4),
    ):
        with pytest.raises(DataError, match=r"expected a readable array, found a damaged one; remove .*b2nd and run"):
            read(study)


def test_a_slice_beyond_the_head_is_refused(store):
    with pytest.raises(IndexError, match="slice 5 of a study with 5"):
        store.read_slice(store.studies["study"][0], 5)


def test_a_missing_store_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(
        DataError, match=r"expected store.json, found no such folder; make it with: python prepare.py data=NAME"
    ):
        Store.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "found a damaged one"),
        (json.dumps({"format": 2, "code_version": "9.0"}), r"expected store format 1, found 2 \(written by ich 9.0\)"),
    ],
    ids=["damaged", "newer"],
)
def test_a_store_that_cannot_be_understood_is_refused(tmp_path, content, sentence):
    (tmp_path / "store.json").write_text(content)

    with pytest.raises(DataError, match=sentence):
        Store.open(tmp_path)
