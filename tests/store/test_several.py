"""Tests of several stores read as one."""

import json
import pickle

import blosc2
import numpy as np
import pandas as pd
import pytest

from ich.errors import ConfigError, DataError, LeakError
from ich.labels import LABELS
from ich.store.several import StoreGroup, open_stores, patients_of, stores_of
from ich.store.split import training_split
from ich.store.store import Store


@pytest.fixture
def make(tmp_path):
    """Makes a store of two studies a fold: by data set, and by what its patients are called."""

    def made(name, *, source="rsna", prefix="", size=32, folds=(0, 1, -1), key_id="k1", labels=0.0, **facts):
        folder = tmp_path / name
        (folder / "studies").mkdir(parents=True)
        studies, slices = [], []
        for number, fold in enumerate(np.repeat(folds, 2)):
            key = f"s{prefix}{number}"
            hu = np.full((3, size, size), 10 * number + len(prefix), dtype=np.int16)
            blosc2.asarray(hu, chunks=(1, size, size), urlpath=str(folder / "studies" / f"{key}.b2nd"), mode="w")
            (folder / "studies" / f"{key}.json").write_text(json.dumps({"hash": key}))
            rows = pd.DataFrame({"study": key, "index": range(3), "position_mm": [0.0, 5.0, 10.0], "sop_uid": "1.2"})
            slices.append(rows.assign(**dict.fromkeys(LABELS, labels)))
            known = {"study": key, "patient": f"p{prefix}{number}", "fold": fold, "n_slices": 3}
            studies.append(known | dict.fromkeys(LABELS, labels) | facts)
        pd.concat(slices, ignore_index=True).to_parquet(folder / "slices.parquet")
        pd.DataFrame(studies).to_parquet(folder / "studies.parquet")
        content = {"format": 1, "source": source, "hash": name * 8, "settings": {"size": size, "key_id": key_id}}
        (folder / "store.json").write_text(json.dumps(content))
        return folder

    return made


@pytest.fixture
def group(make):
    return open_stores([make("rsna", kernel="H31"), make("own", source="own", prefix="x", key_id="k2", tilt=3.0)])


def test_one_store_stays_itself(make):
    path = make("rsna")

    assert [type(open_stores(paths)) for paths in (path, str(path), [path])] == [Store] * 3


def test_patients_and_slices_of_all_stores_stand_side_by_side(group):
    assert group.studies["source"].tolist() == ["rsna"] * 6 + ["own"] * 6
    assert group.slices["study"].tolist() == [key for key in group.studies["study"] for _ in range(3)]
    assert group.slices.index.tolist() == list(range(36))
    assert not {"kernel", "tilt"} & set(group.studies)  # facts that only one of them has
    assert (group.source, group.size) == ("rsna+own", 32)


def test_slices_are_read_from_the_store_they_lie_in(group):
    out = np.empty((32, 32), dtype=np.int16)

    group.read_slice("sx4", 2, out=out)

    assert (out == 41).all()
    assert group.read_study("s3").max() == 30
    assert group.facts("sx0") == {"hash": "sx0"}
    with pytest.raises(DataError, match="expected a study of"):
        group.read_study("nobody")


def test_a_group_goes_to_a_worker_process(group):
    group.read_slice("sx4", 0)

    there = pickle.loads(pickle.dumps(group))

    assert there.read_slice("sx4", 0).max() == 41


def test_a_split_takes_each_stores_folds(group):
    split = training_split(group, fold=1)

    assert split.train == ("s0", "s1", "sx0", "sx1")
    assert split.validation == ("s2", "s3", "sx2", "sx3")


def test_the_hash_is_of_all_stores_in_order(make):
    paths = [make("rsna"), make("own", source="own", prefix="x")]
    hashes = [open_stores(named).hash for named in (paths, paths[::-1], paths)]

    assert hashes[0] == hashes[2] != hashes[1]
    assert hashes[0] not in [store.hash for store in stores_of(open_stores(paths))]


def test_patients_are_told_apart_by_their_data_set(group, make):
    studies = group.studies["study"].tolist()

    assert patients_of(group, studies, sources=["own"]) == {f"px{number}" for number in range(6)}
    assert patients_of(group, ["s0", "sx1"], sources=["own", "rsna"]) == {"p0", "px1"}
    assert patients_of(group.stores[0], ["s0"], sources=["own"]) == set()


def test_the_same_patient_in_the_same_fold_of_two_stores_is_fine(make):
    first, second = make("first"), make("second", prefix="x")
    table = pd.read_parquet(second / "studies.parquet")
    table["patient"] = [f"p{number}" for number in range(6)]
    table.to_parquet(second / "studies.parquet")

    split = training_split(open_stores([first, second]), fold=1)

    assert split.train_patients == {"p0", "p1"}
    table["fold"] = [1, 0, 1, 1, -1, -1]  # p0 and p1 would stand on both sides
    table.to_parquet(second / "studies.parquet")
    with pytest.raises(LeakError, match=r"found 1 in different folds .*store\.folds=FILE"):
        open_stores([first, second])


def test_test_patients_of_one_store_never_train_in_another(make):
    first, second = make("first"), make("second", prefix="x")
    table = pd.read_parquet(second / "studies.parquet")
    table.loc[0, "patient"] = "p4"  # of fold -1 in the first, of fold 0 here
    table.to_parquet(second / "studies.parquet")

    with pytest.raises(LeakError, match="expected each patient in one fold, found 1"):
        open_stores([first, second])


@pytest.mark.parametrize(
    ("second", "error", "sentence"),
    [
        ({"source": "own", "prefix": "x", "size": 64}, DataError, r"found rsna 32 px, other 64 px; .* one store\.size"),
        ({"source": "own", "prefix": "x", "labels": np.nan}, DataError, "labels of slices in each store"),
        ({}, DataError, "expected each study in one store, found 6 in both"),
        ({"prefix": "x", "key_id": "k2"}, LeakError, "expected patients of rsna under one key, found two keys"),
    ],
    ids=["size", "labels", "studies", "keys"],
)
def test_stores_that_do_not_go_together_are_refused(make, second, error, sentence):
    with pytest.raises(error, match=sentence):
        open_stores([make("rsna"), make("other", **second)])


@pytest.mark.parametrize("share", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, float("inf")], [1.0, float("nan")]], ids=str)
def test_shares_that_do_not_fit_are_refused(make, share):
    paths = [make("rsna"), make("own", source="own", prefix="x")]

    with pytest.raises(ConfigError, match=r"store\.share=.*expected a number above 0 for each of 2 stores"):
        open_stores(paths, share=share)


def test_shares_are_relative(make):
    paths = [make("rsna"), make("own", source="own", prefix="x")]

    group = open_stores(paths, share=[3, 1])

    assert isinstance(group, StoreGroup)
    assert group.share == (0.75, 0.25)


def test_a_store_alone_has_no_share(make):
    with pytest.raises(ConfigError, match=r"store\.share=\[1\]: expected null for one store"):
        open_stores(make("rsna"), share=[1])


def test_no_store_or_one_named_twice_is_refused(make):
    path = make("rsna")

    with pytest.raises(ConfigError, match="expected a store or a list of them, found none"):
        open_stores([])
    with pytest.raises(ConfigError, match="expected each store once, found one twice"):
        open_stores([path, path.parent / "." / path.name])
