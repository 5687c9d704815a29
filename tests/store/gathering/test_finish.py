"""Shards of one store: each does its share, whoever ends last gathers."""

import json

import pytest

from ich.errors import DataError
from ich.sources.rsna import Rsna
from ich.store.gathering.summary import PreparedSummary, ShardSummary
from ich.store.listing import headers
from ich.store.store import Store


def test_until_all_shards_are_there_the_store_says_so_and_nobody_can_open_it(prepare, rsna_root):
    first = prepare(Rsna(rsna_root), shard=1, shards=3)

    assert isinstance(first, ShardSummary)
    assert (first.missing, 0 < first.n_made < 9) == ((0, 2), True)
    assert json.loads((first.path / "store.json").read_text())["shards"] == {"of": 3, "missing": [0, 2]}
    with pytest.raises(DataError, match=r"found 1 of 3; run prepare\.py as before with shard=0 shards=3"):
        Store.open(first.path)


def test_shards_make_the_store_that_one_run_makes(prepare, rsna_root, tmp_path):
    alone = prepare(Rsna(rsna_root))
    alone.path.rename(tmp_path / "alone")

    made = [prepare(Rsna(rsna_root), shard=number, shards=3) for number in (2, 0, 1)]

    whole = made[-1]
    assert isinstance(whole, PreparedSummary)
    assert (whole.hash, whole.files, whole.folds) == (alone.hash, alone.files, alone.folds)
    assert sum(one.n_made for one in made) == 9
    assert Store.open(whole.path).studies.equals(Store.open(tmp_path / "alone").studies)


def test_headers_are_read_once_by_all_shards_together(prepare, rsna_root, monkeypatch):
    read = []
    real = headers.read_headers
    monkeypatch.setattr(headers, "read_headers", lambda file: (read.append(file), real(file))[1])

    for number in range(3):
        prepare(Rsna(rsna_root), shard=number, shards=3)

    assert len(read) == 45


def test_a_shard_that_runs_again_does_what_is_missing(prepare, rsna_root):
    for number in range(3):
        whole = prepare(Rsna(rsna_root), shard=number, shards=3)
    gone = sorted((whole.path / "studies").glob("*.json"))[0]
    gone.unlink()
    share = int(gone.stem[1:], 16) % 3

    others = prepare(Rsna(rsna_root), shard=(share + 1) % 3, shards=3)
    again = prepare(Rsna(rsna_root), shard=share, shards=3)

    assert (others.n_made, others.missing) == (0, (share,))
    assert (again.n_made, again.hash) == (1, whole.hash)


def test_a_study_that_came_later_concerns_only_its_shard(prepare, rsna_root, write_study):
    for number in range(3):
        whole = prepare(Rsna(rsna_root), shard=number, shards=3)
    write_study(rsna_root / "stage_2_train", 20)

    first = prepare(Rsna(rsna_root), shard=0, shards=3)
    later = [first, *(prepare(Rsna(rsna_root), shard=number, shards=3) for number in (1, 2))]

    assert sorted(one.n_made for one in later) == [0, 0, 1]
    assert later[-1].n_studies == whole.n_studies + 1


def test_what_another_shard_could_not_read_stands_in_the_account(prepare, rsna_root, write_study):
    write_study(rsna_root / "stage_2_train", 20, damaged=True)

    made = [prepare(Rsna(rsna_root), shard=number, shards=3) for number in range(3)]

    files = made[-1].files
    assert (made[-1].n_failed, files["rejected"]) == (1, 5)
    assert files["found"] == 50 == files["used"] + files["not_chosen"] + files["rejected"]


def test_one_run_over_a_store_of_shards_leaves_nothing_of_them(prepare, rsna_root):
    prepare(Rsna(rsna_root), shard=0, shards=3)

    whole = prepare(Rsna(rsna_root))

    assert 0 < whole.n_made < 9
    assert sorted(file.name for file in whole.path.iterdir()) == [
        "folds.csv", "headers.parquet", "rejected.csv", "slices.parquet", "store.json", "studies", "studies.parquet",
    ]  # fmt: skip


def test_folds_of_shards_that_are_made_anew_at_another_size_stay(prepare, rsna_root, write_study):
    prepare(Rsna(rsna_root))
    write_study(rsna_root / "stage_2_train", 20)
    before = prepare(Rsna(rsna_root))
    folds = Store.open(before.path).studies.set_index("study")["fold"]

    for number in range(2):
        whole = prepare(Rsna(rsna_root), size=64, shard=number, shards=2)

    assert Store.open(whole.path).studies.set_index("study")["fold"].equals(folds)


def test_another_split_places_everyone_anew_though_shards_come_one_after_the_other(prepare, rsna_root, tmp_path):
    prepare(Rsna(rsna_root), seed=3).path.rename(tmp_path / "at once")
    prepare(Rsna(rsna_root))

    for number in range(2):
        whole = prepare(Rsna(rsna_root), seed=3, shard=number, shards=2)

    assert Store.open(whole.path).studies.equals(Store.open(tmp_path / "at once").studies)


def test_patients_with_the_same_slices_are_counted(prepare, rsna_with_twins):
    summary = prepare(Rsna(rsna_with_twins))

    assert "1 group of patients shares identical slices: kept together" in summary.notes
