"""What store.json says of a store, whole or not."""

import json
import time
from pathlib import Path

import pytest

from ich.errors import DataError
from ich.labels import LABELS
from ich.sources.folder import Folder
from ich.store.gathering.folds import FoldOptions
from ich.store.gathering.record import Asked, mark_unfinished, write_whole
from ich.store.gathering.summary import FoldCounts, PreparedSummary
from ich.store.settings import STORE_FILE, StoreSettings
from ich.store.sharing.shards import Share
from ich.store.store import Store

NONE = dict.fromkeys(LABELS, 0)
SPLIT = {"n_folds": 3, "test_share": 0.2, "seed": 0}


@pytest.fixture
def ask(tmp_path):
    def asked(*, folds=None, share=None, earlier=None):
        settings = StoreSettings("folder", 32, 5.0, "key")
        share = share or Share()
        return Asked(Folder(tmp_path), settings, FoldOptions(**SPLIT), folds, share, earlier, time.monotonic())

    return asked


@pytest.fixture
def summary(tmp_path):
    return PreparedSummary(
        path=tmp_path,
        source="folder",
        n_studies=2,
        n_patients=1,
        n_slices=9,
        n_made=2,
        n_failed=0,
        positive_slices=NONE,
        positive_studies=NONE,
        n_labelled_slices=0,
        n_labelled_studies=0,
        folds=(FoldCounts(0, 1, 2, 9, NONE),),
        files={"found": 10, "used": 9, "not_chosen": 0, "rejected": 1},
        rejected={"unreadable": 1},
        not_chosen={},
        warnings={},
        notes=("a note",),
        facts={},
        expected="",
        hash="0123",
        seconds=1.0,
    )


def said(folder):
    return json.loads((folder / STORE_FILE).read_text())


def test_a_whole_store_says_what_stands_in_it_and_what_it_was_made_with(ask, summary, tmp_path):
    asked = ask()

    write_whole(tmp_path, asked, summary=summary)

    content = said(tmp_path)
    assert (content["source"], content["settings"]["size"]) == ("folder", 32)
    assert content["settings_hash"] == asked.settings.hash
    assert [content["counts"][name] for name in ("studies", "slices", "rejected")] == [2, 9, {"unreadable": 1}]
    assert content["folds"] == [{"fold": 0, "n_patients": 1, "n_studies": 2, "n_slices": 9, "positive_studies": NONE}]
    assert (content["hash"], content["notes"], content["shards"]) == ("0123", ["a note"], {"of": 1, "missing": []})


def test_a_whole_store_can_be_opened(ask, summary, tmp_path):
    write_whole(tmp_path, ask(), summary=summary)

    assert Store.open(tmp_path).hash == "0123"


def test_a_store_with_missing_shards_names_them_and_cannot_be_opened(ask, tmp_path):
    mark_unfinished(tmp_path, ask(share=Share(0, 4)), missing=[1, 3])

    assert said(tmp_path)["shards"] == {"of": 4, "missing": [1, 3]}
    with pytest.raises(DataError, match="found 2 of 4"):
        Store.open(tmp_path)


def test_a_store_with_missing_shards_keeps_the_split_that_its_patients_stand_in(ask, tmp_path):
    before = {**SPLIT, "seed": 7, "folds": "rule"}

    mark_unfinished(tmp_path, ask(share=Share(0, 2), earlier={"split": before}), missing=[1])

    assert said(tmp_path)["split"] == before


@pytest.mark.parametrize(("folds", "by"), [(None, "rule"), (Path("folds.csv"), "file")])
def test_a_split_says_whether_a_rule_or_a_users_table_placed_the_patients(ask, summary, tmp_path, folds, by):
    write_whole(tmp_path, ask(folds=folds), summary=summary)

    assert said(tmp_path)["split"] == {**SPLIT, "folds": by}
